"""What does a revision touch? Kind, dialects and tables, for people who decide on an order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from calista_tools.history.revision import Revision
    from calista_tools.lint.operations import Operation

_DATA = frozenset({"insert", "update", "delete", "merge", "replace", "truncate", "copy", "with"})
_NEUTRAL = frozenset({"read", "raise", "autocommit", "batch_exit"})
_FIRST_WORD = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*([a-z]+)", re.IGNORECASE | re.DOTALL)
_TABLE_IN_SQL = re.compile(
    r"\b(?:table|into|update|from|join|on)\s+(?:only\s+|if\s+(?:not\s+)?exists\s+)*"
    r"[\"`\[]?(?:\w+[\"`\]]?\.[\"`\[]?)?(\w+)",
    re.IGNORECASE,
)
_NO_TABLES = frozenset({"set", "select", "conflict", "delete", "update", "each", "cascade"})


class Effects(NamedTuple):
    """What the upgrade of one revision does.

    Attributes:
        kind: ``schema``, ``data``, ``mixed``, ``merge`` (several parents, nothing else) or
            ``empty``; ``unknown`` where the file cannot be followed.
        dialects: The dialects that anything runs on, sorted.
        tables: The tables that it names, in either direction.
        unsure: Something in it cannot be known from source.
    """

    kind: str
    dialects: tuple[str, ...] = ()
    tables: frozenset[str] = frozenset()
    unsure: bool = False

    @property
    def writes_rows(self) -> bool:
        """Whether it may change rows, not only the schema."""
        return self.kind in ("data", "mixed", "unknown") or self.unsure


def effects(revision: Revision, source: bytes | None = None) -> Effects:
    """Follow a revision file without running it.

    Args:
        revision: The revision; its file is read unless ``source`` is given.
        source: The file's content.
    """
    import ast

    from calista_tools.history.reader import parse, read_bytes
    from calista_tools.lint.evaluator import evaluate

    found = source if source is not None else read_bytes(revision.path)
    tree = parse(found, revision.path) if isinstance(found, bytes) else found
    if not isinstance(tree, ast.Module):
        return Effects("unknown", unsure=True)
    evaluation = evaluate(tree, revision.path)
    upgrade = [item for item in evaluation.operations if item.direction == "upgrade"]
    kinds = {_kind(item) for item in upgrade} - {""}
    if not kinds:
        kind = "merge" if revision.is_merge else "empty"
    else:
        kind = kinds.pop() if len(kinds) == 1 else "mixed"
    dialects = {name for item in upgrade if _kind(item) for name in item.dialects}
    tables = {name for item in evaluation.operations for name in _tables(item)}
    unsure = bool(evaluation.troubles) or any(item.what == "unknown" for item in upgrade)
    return Effects(kind, tuple(sorted(dialects)), frozenset(tables), unsure)


def same_tables(ours: list[Revision], theirs: list[Revision]) -> dict[str, tuple[Path, Path]]:
    """Return the tables that both sides touch, each with a file of either side."""
    first: dict[str, Path] = {}
    for revision in ours:
        for table in effects(revision).tables:
            first.setdefault(table, revision.path)
    found: dict[str, tuple[Path, Path]] = {}
    for revision in theirs:
        for table in effects(revision).tables & first.keys():
            found.setdefault(table, (first[table], revision.path))
    return dict(sorted(found.items()))


def _kind(operation: Operation) -> str:
    """``schema``, ``data`` or "" for one step."""
    if operation.what in _NEUTRAL or operation.what == "batch":
        return ""
    if operation.what == "bulk_insert":
        return "data"
    if operation.what != "sql":
        return "schema"
    # An expression (`table.update()`) has no text; it is a statement on rows.
    match = _FIRST_WORD.match(operation.sql) if operation.sql else None
    if match is None:
        return "data"
    word = match.group(1).lower()
    if word in ("select", "set", "pragma", "reset"):
        return ""
    return "data" if word in _DATA else "schema"


def _tables(operation: Operation) -> set[str]:
    found = {operation.table, *(item.table for item in operation.objects)}
    if operation.referred_table:
        found.add(operation.referred_table)
    if operation.sql:
        names = _TABLE_IN_SQL.findall(operation.sql)
        found.update(name for name in names if name.lower() not in _NO_TABLES)
    return {name for name in found if name}
