from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.files import regular_file
from calista_tools.lint.rule import Finding, rule
from calista_tools.lint.safety.data_migration import named
from calista_tools.startup.patterns import later

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from calista_tools.history import History, Revision
    from calista_tools.lint.versions import Versions

_WORD = later(r"[\w-]+(?:\.py\b)?")
#: What only a revision's id or its file looks like.
_ID = later(r"(?=.*\d)[0-9a-f]{6,40}|\d{8}_\d{4}_\w+|\w+\.py")


@rule("CAL311", "unknown-data-migration", scope="history")
def check(versions: Versions) -> Iterator[tuple[Path, Finding]]:
    """Docstring names a data migration that does not run before the revision.

    ``Data migration: <revision>`` promises that the data were moved first. So the revision that it
    names has to be one of those that this one comes after: not a later one, not one of another
    branch, and not one that is nowhere.

    Bad::

        # file: 20250826_1030_drop_note_body.py
        \"\"\"Data migration: b7c1d2e3 moves the texts.\"\"\"
        revision = "3f2a9c44"
        down_revision = None
        # file: 20250826_1031_move_texts.py
        revision = "b7c1d2e3"
        down_revision = "3f2a9c44"

    Bad::

        # file: 20250826_1030_drop_note_body.py
        \"\"\"Data migration: 20250825_1000_move_texts.py\"\"\"
        revision = "3f2a9c44"
        down_revision = None

    Good::

        # file: 20250826_1030_move_texts.py
        revision = "b7c1d2e3"
        down_revision = None
        # file: 20250826_1031_drop_note_body.py
        \"\"\"Data migration: b7c1d2e3 moves the texts.\"\"\"
        revision = "3f2a9c44"
        down_revision = "b7c1d2e3"
    """
    history = versions.history
    for revision in history.revisions.values():
        if "igration:" not in revision.doc:
            continue
        for text in named(revision.doc):
            message = _wrong(history, revision, text)
            if message:
                yield revision.path, Finding(_line(revision, text), 1, message)


def _wrong(history: History, revision: Revision, text: str) -> str:
    """Return what is wrong with the name of a data migration, "" where nothing is."""
    words = _WORD.findall(text)
    direct = {*revision.down_revisions, *revision.depends_on}
    meant = {found for word in words if (found := _meant(history, word)) is not None}
    if direct.intersection(words) or not meant.isdisjoint(_ancestors(history, revision, meant)):
        return ""
    if meant:
        shown = ", ".join(f"`{one}`" for one in sorted(meant))
        return f"data migration {shown} does not run before this revision"
    complete = not any(one.kind in ("missing-parent", "cycle") for one in history.problems)
    if (
        complete
        and words
        and _ID.fullmatch(words[0])
        and not _is_replaced(history, revision, words[0])
    ):
        return f"data migration `{words[0]}` is no revision of this history"
    return ""


def _meant(history: History, word: str) -> str | None:
    """Return the revision that a word names: by its id, the beginning of it, or its file."""
    if word in history.revisions:
        return word
    stem = word.removesuffix(".py")
    for name, revision in history.revisions.items():
        if revision.name.removesuffix(".py") == stem or (
            len(word) >= 6 and _ID.fullmatch(word) and name.startswith(word)
        ):
            return name
    return None


def _ancestors(history: History, revision: Revision, wanted: set[str]) -> Iterator[str]:
    """Yield what a revision comes after, the nearest first, until all that is wanted was met."""
    queue = [revision.revision]
    seen = set(queue)
    missing = set(wanted)
    for name in queue:  # grows while it is read
        if not missing:
            return
        for parent in (*history.parents.get(name, ()), *history.dependencies.get(name, ())):
            if parent not in seen:
                seen.add(parent)
                queue.append(parent)
                missing.discard(parent)
                yield parent


def _is_replaced(history: History, revision: Revision, word: str) -> bool:
    """Whether a baseline stands for a revision, which is no file any more."""
    for base in history.parentless:
        text = _source(base)
        if base is not revision and "replaces" in text and word.removesuffix(".py") in text:
            return True
    return False


def _line(revision: Revision, text: str) -> int:
    """Return the line that names it; the docstring is the file's first statement."""
    lines = enumerate(_source(revision).splitlines(), 1)
    return next((number for number, line in lines if text.strip() in line), 1)


def _source(revision: Revision) -> str:
    try:
        return regular_file.read_text(revision.path, errors="replace")
    except OSError:
        return ""
