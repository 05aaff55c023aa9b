"""Which revisions does this version of CALISTA know? Without Alembic, and without running them.

An installed package carries the answer in two files that are written when it is built (see
``hatch_build.py``), so that asking costs the same however long the history is. A checkout has
neither: there the revision files themselves are read, so that the answer is never stale.
"""

from __future__ import annotations

import ast
import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista.errors import CalistaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HEAD_FILE = "head.txt"
REVISIONS_FILE = "revisions.json"


@dataclass(frozen=True, slots=True)
class Known:
    """One revision: its id, its parents' ids and the first line of its docstring."""

    revision: str
    parents: tuple[str, ...]
    summary: str


class HistoryError(CalistaError):
    """The revisions that came with this CALISTA do not make one line with one end."""


@cache
def migrations_folder() -> Path:
    """Return the folder of env.py and versions: of the package, else of the checkout."""
    package = Path(__file__).parents[1]
    for folder in (package / "migrations", package.parents[1] / "migrations"):
        if (folder / "versions").is_dir():
            return folder
    raise HistoryError(f"{package} has no migrations", "install CALISTA again")


def head(folder: Path | None = None) -> str:
    """Return the one revision that has no child.

    Raises:
        HistoryError: There is none, or several.
    """
    folder = folder or migrations_folder()
    return _built_head(folder) or sole_head(known(folder))


def known(folder: Path | None = None) -> Mapping[str, Known]:
    """Return all revisions by id, parents before children."""
    folder = folder or migrations_folder()
    built = folder / REVISIONS_FILE
    if built.is_file():
        rows = json.loads(built.read_text(encoding="utf-8"))
        return {row[0]: Known(row[0], tuple(row[1]), row[2]) for row in rows}
    with os.scandir(folder / "versions") as entries:
        files = [(entry.path, entry.stat()) for entry in entries if entry.name.endswith(".py")]
    return _read(tuple(sorted((path, stat.st_mtime_ns, stat.st_size) for path, stat in files)))


def replaced(folder: Path | None = None) -> Mapping[str, str]:
    """Return the revisions that a baseline stands for, each with the last release that had it.

    Reads the revision files: only an error message needs it.
    """
    found: dict[str, str] = {}
    for path in ((folder or migrations_folder()) / "versions").glob("*.py"):
        source = path.read_bytes()
        if b"\nreplaces" not in source:
            continue
        values: dict[str, Any] = {}
        for node in ast.parse(source, filename=str(path)).body:
            target = node.targets[0] if isinstance(node, ast.Assign) else None
            target = node.target if isinstance(node, ast.AnnAssign) else target
            if isinstance(target, ast.Name) and target.id in ("replaces", "replaces_until"):
                values[target.id] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
        found |= dict.fromkeys(values.get("replaces", ()), values.get("replaces_until", ""))
    return found


def before_baseline(current: Sequence[str], folder: Path | None = None) -> tuple[str, str] | None:
    """Return what to say of a database at revisions that a baseline replaced; None of others."""
    older = replaced(folder)
    if not current or not older.keys() >= set(current):
        return None
    where = ", ".join(current)
    message = f"this database is at revision {where}, older than the baseline of this version"
    hint = f"upgrade it with {older[current[0]]} first, then with this version"
    return f"{message} of CALISTA; nothing was touched", hint


def pending(current: Iterable[str], revisions: Mapping[str, Known], end: str) -> list[Known]:
    """Return what lies between ``current`` and ``end``, in the order of an upgrade."""
    needed = ancestors([end], revisions) - ancestors(current, revisions)
    return [item for item in revisions.values() if item.revision in needed]


def ancestors(ids: Iterable[str], revisions: Mapping[str, Known]) -> set[str]:
    """Return these revisions and all that come before them."""
    found: set[str] = set()
    todo = [item for item in ids if item in revisions]
    while todo:
        item = todo.pop()
        if item not in found:
            found.add(item)
            todo.extend(parent for parent in revisions[item].parents if parent in revisions)
    return found


def sole_head(revisions: Mapping[str, Known]) -> str:
    """Return the id that is no other's parent.

    Raises:
        HistoryError: There is none, or several.
    """
    parents = {parent for item in revisions.values() for parent in item.parents}
    heads = [item for item in revisions if item not in parents]
    if len(heads) != 1:
        found = ", ".join(heads) or "none"
        raise HistoryError(
            f"the revisions must have one head; found {found}",
            "in a checkout: `invoke rebase` or `invoke merge`" if heads else "",
        )
    return heads[0]


def write_built_files(folder: Path, target: Path) -> None:
    """Write the two files of an installed package; called when it is built."""
    revisions = known(folder)
    rows = [(item.revision, item.parents, item.summary) for item in revisions.values()]
    (target / HEAD_FILE).write_text(sole_head(revisions) + "\n", encoding="ascii")
    (target / REVISIONS_FILE).write_text(json.dumps(rows), encoding="utf-8")


@cache
def _built_head(folder: Path) -> str | None:
    try:
        return (folder / HEAD_FILE).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None


@cache
def _read(files: tuple[tuple[str, int, int], ...]) -> Mapping[str, Known]:
    """Read revision files; the key holds what changes when one of them does."""
    found: dict[str, Known] = {}
    for name, _mtime, _size in files:
        item = _read_file(Path(name))
        if item is not None:
            found[item.revision] = item
    ordered: dict[str, Known] = {}
    waiting = list(found.values())
    while waiting:
        ready = [
            item
            for item in waiting
            if all(parent in ordered or parent not in found for parent in item.parents)
        ]
        if not ready:
            raise HistoryError(f"revision {waiting[0].revision} is its own ancestor")
        ordered |= {item.revision: item for item in ready}
        waiting = [item for item in waiting if item.revision not in ordered]
    return ordered


def _read_file(path: Path) -> Known | None:
    try:
        source = path.read_bytes()
        try:
            # What stands above the first function is a tenth of the file, and mostly enough.
            tree = ast.parse(source.partition(b"\ndef ")[0], filename=str(path))
            values = _header(tree)
        except (SyntaxError, ValueError):
            values = None
        if values is None:
            tree = ast.parse(source, filename=str(path))
            values = _header(tree)
    except (OSError, SyntaxError, ValueError) as error:
        raise HistoryError(f"{path}: cannot be read as a revision: {error}") from error
    if values is None:
        return None
    parents = values.get("down_revision") or ()
    return Known(
        revision=values["revision"],
        parents=(parents,) if isinstance(parents, str) else tuple(parents),
        summary=(ast.get_docstring(tree) or "").strip().partition("\n")[0],
    )


def _header(tree: ast.Module) -> dict[str, Any] | None:
    """Return `revision` and `down_revision`, or None where they are not set."""
    values = {
        target.id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id in ("revision", "down_revision")
    }
    return values if "revision" in values and "down_revision" in values else None
