"""What does a revision file say of itself? Read from source; nothing is imported or run."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calista_tools.history.graph import History


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision file's header.

    Attributes:
        down_revisions: Parents, in the order of the file; empty for a base.
        depends_on: Other revisions (or branch labels) that must run first.
        doc: The module docstring, "" when there is none.
    """

    path: Path
    revision: str
    down_revisions: tuple[str, ...] = ()
    branch_labels: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    doc: str = ""

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.doc.strip().partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file could not be read as a revision, or does not fit into the graph.

    Attributes:
        kind: ``unreadable`` (bytes, syntax), ``no-revision``, ``unknown-value``, ``duplicate``,
            ``missing-parent`` or ``cycle``.
        line: 1-based; 1 where the whole file is meant.
    """

    kind: str
    path: Path
    message: str
    line: int = 1


_NAMES = ("revision", "down_revision", "branch_labels", "depends_on")


def read_file(path: Path) -> Revision | Problem:
    """Read one revision file."""
    try:
        source = path.read_bytes()
    except OSError as error:
        return Problem("unreadable", path, f"cannot be read: {error.strerror or error}")
    return read_source(source, path)


def read_source(source: bytes, path: Path) -> Revision | Problem:
    """Read a revision from its bytes; ``path`` is only what is reported."""
    try:
        tree = ast.parse(source, filename=str(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        return Problem("unreadable", path, f"cannot be parsed: {error}", line)
    return read_tree(tree, path)


def read_tree(tree: ast.Module, path: Path) -> Revision | Problem:
    """Read a revision from its parsed source, for callers that have parsed it anyway."""
    values: dict[str, object] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name) and target.id in _NAMES:
                try:
                    values[target.id] = ast.literal_eval(value)
                except ValueError:
                    message = f"`{target.id}` is not a constant"
                    return Problem("unknown-value", path, message, node.lineno)
    revision = values.get("revision")
    if not isinstance(revision, str):
        return Problem("no-revision", path, "has no `revision`")
    return Revision(
        path=path,
        revision=revision,
        down_revisions=_strings(values.get("down_revision")),
        branch_labels=_strings(values.get("branch_labels")),
        depends_on=_strings(values.get("depends_on")),
        doc=ast.get_docstring(tree, clean=False) or "",
    )


def read_history(folders: Path | Iterable[Path]) -> History:
    """Read every revision file of these folders, in the order of their names."""
    from calista_tools.history.graph import History

    if isinstance(folders, Path):
        folders = (folders,)
    found = [
        read_file(path)
        for folder in folders
        for path in sorted(folder.glob("*.py"))
        if not path.name.startswith(("__init__", "."))
    ]
    return History(
        [item for item in found if isinstance(item, Revision)],
        [item for item in found if isinstance(item, Problem)],
    )


def _strings(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (tuple, list, set, frozenset)):
        return tuple(item for item in value if isinstance(item, str))
    return ()
