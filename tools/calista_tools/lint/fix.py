"""How are findings repaired? Edits and new file names, in unpublished revisions, whole or not at all."""

from __future__ import annotations

import os
import re
from difflib import unified_diff
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.files import regular_file
from calista_tools.files.whole_file import write_whole
from calista_tools.lint.outputs import relative
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from calista_tools.lint.diagnostic import Diagnostic, Report
    from calista_tools.lint.rule import Edit

#: A repair may uncover the next one; more rounds than this would be a quarrel between two rules.
_ROUNDS = 8


class Repair(NamedTuple):
    """What becomes of one file.

    Attributes:
        target: Its name afterwards.
        fixed: How many findings it repairs.
    """

    path: Path
    target: Path
    before: bytes
    after: bytes
    fixed: int


def fix(
    check: Callable[[], Report],
    frozen: Callable[[Path], bool],
    folders: Mapping[Path, Iterable[Path]],
    *,
    unsafe: bool = False,
) -> tuple[int, Report]:
    """Repair until nothing more can be repaired.

    Args:
        check: Checks anew.
        frozen: Whether a file is published and stays as it is.
        folders: The folders of a history, by each of them.
        unsafe: Give names, too, that the metadata may not have.

    Returns:
        How many findings were repaired, and the report of what is left.
    """
    done = 0
    report = check()
    for _ in range(_ROUNDS):
        repairs = plan(report, frozen, folders, unsafe=unsafe)
        if not repairs:
            break
        for repair in repairs:
            write(repair)
            done += repair.fixed
        report = check()
    return done, report


def plan(
    report: Report,
    frozen: Callable[[Path], bool],
    folders: Mapping[Path, Iterable[Path]],
    *,
    unsafe: bool = False,
) -> list[Repair]:
    """Return what can be repaired in one go, a file at a time; as `fix`."""
    by_file: dict[Path, list[Diagnostic]] = {}
    for item in report.diagnostics:
        wanted = item.finding.fix
        if wanted is not None and (unsafe or not wanted.unsafe) and not frozen(item.path):
            by_file.setdefault(item.path, []).append(item)
    taken: set[Path] = set()
    repairs: list[Repair] = []
    histories: dict[Path, dict[Path, bytes]] = {}
    for path, items in by_file.items():
        if path.parent not in histories:
            texts = _texts(folders.get(path.parent, (path.parent,)))
            histories.update(dict.fromkeys({path.parent, *folders.get(path.parent, ())}, texts))
        planned = {repair.path: repair.target for repair in repairs}
        repair = _repair(path, items, taken, histories[path.parent], planned)
        if repair is not None:
            repairs.append(repair)
    return repairs


def diff(repairs: Iterable[Repair]) -> str:
    """Return the repairs as one unified diff, renames as git shows them."""
    return "".join(line for repair in repairs for line in _diff(repair))


def write(repair: Repair) -> None:
    """Put a file in the place of the old one, whole or not at all.

    Raises:
        ToolError: It cannot be written.
    """
    try:
        if repair.after != repair.before:
            write_whole(str(repair.path), repair.after, mode=repair.path.stat().st_mode)
        if repair.target != repair.path:
            if repair.target.exists():
                raise FileExistsError(17, "exists", str(repair.target))
            os.rename(repair.path, repair.target)  # noqa: PTH104
    except OSError as error:
        reason = error.strerror or error
        raise ToolError(f"{relative(repair.path)}: cannot be repaired: {reason}") from error


def _repair(
    path: Path,
    items: Sequence[Diagnostic],
    taken: set[Path],
    history: Mapping[Path, bytes],
    planned: Mapping[Path, Path],
) -> Repair | None:
    before = regular_file.read_bytes(path)
    text = _Text(before)
    edits: list[Edit] = []
    target = path
    count = 0
    for item in items:
        wanted = item.finding.fix
        if wanted is None or (wanted.replaces and _elsewhere(wanted.replaces, path, history)):
            continue
        new = [edit for edit in wanted.edits if edit not in edits]
        if any(_overlap(edit, other) for edit in new for other in edits):
            continue
        if wanted.rename:
            other = path.with_name(wanted.rename)
            if target != path or other in taken or other.exists():
                continue
            if not _in_order(path, wanted.rename, history, planned):
                continue
            target = other
            taken.add(other)
        edits += new
        count += 1
    after = text.edited(edits)
    if after == before and target == path:
        return None
    if after != before:
        from calista_tools.files.formatting import kept_formatted

        after = kept_formatted(before, after, path)
    return Repair(path, target, before, after, count)


def _texts(folders: Iterable[Path]) -> dict[Path, bytes]:
    return {
        path: regular_file.read_bytes(path)
        for folder in folders
        for path in folder.glob("*.py")
        if path.is_file()
    }


def _elsewhere(name: str, path: Path, history: Mapping[Path, bytes]) -> bool:
    """Whether another revision of the history mentions a name: it would miss the renamed thing."""
    written = name.encode()
    word = re.compile(rb"\b" + re.escape(written) + rb"\b")
    return any(
        other != path and written in text and word.search(text) is not None
        for other, text in history.items()
    )


def _in_order(
    path: Path, name: str, history: Mapping[Path, bytes], planned: Mapping[Path, Path]
) -> bool:
    """Whether a file of this name is dated after its parents' and before its children's."""
    from calista_tools.history import Revision, read_source
    from calista_tools.history.filename import stamp_of

    own = read_source(history[path], path) if path in history else None
    stamp = stamp_of(name)
    if not isinstance(own, Revision) or stamp is None:
        return True
    for other, text in history.items():
        date = stamp_of(planned.get(other, other).name)
        if other == path or date is None:
            continue
        header = read_source(text, other)
        if not isinstance(header, Revision):
            continue
        if header.revision in own.down_revisions and date >= stamp:
            return False
        if own.revision in header.down_revisions and date <= stamp:
            return False
    return True


def _overlap(one: Edit, other: Edit) -> bool:
    first, second = sorted((one, other))
    return (first.end_row, first.end_column) > (second.row, second.column)


class _Text:
    """A file's text with its lines as Python counts them; what is not edited stays byte for byte."""

    def __init__(self, source: bytes) -> None:
        import io
        import tokenize

        self.encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        self.source = source
        # utf-8-sig would drop the mark; latin-1 and others have none.
        self.mark = b"\xef\xbb\xbf" if self.encoding == "utf-8-sig" else b""
        self.encoding = self.encoding.removesuffix("-sig")
        self.text = source[len(self.mark) :].decode(self.encoding)
        self.starts = [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", self.text))]

    def edited(self, edits: Iterable[Edit]) -> bytes:
        text = self.text
        for edit in sorted(edits, reverse=True):
            start = self.starts[edit.row - 1] + edit.column - 1
            end = self.starts[edit.end_row - 1] + edit.end_column - 1
            if not edit.content:
                # A comment that goes takes the blanks before it along.
                start = len(text[:start].rstrip(" \t"))
            text = text[:start] + edit.content + text[end:]
        return self.mark + text.encode(self.encoding)


def _diff(repair: Repair) -> Iterator[str]:
    old, new = relative(repair.path), relative(repair.target)
    if old != new:
        yield f"rename from {old}\nrename to {new}\n"
    before = repair.before.decode(errors="replace").splitlines(keepends=True)
    after = repair.after.decode(errors="replace").splitlines(keepends=True)
    for line in unified_diff(before, after, old, new):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
