"""How is a name put right that stands in SQL? Everywhere in the file, or not at all."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from calista_tools.lint.names.edited import does_the_same, edit_at
from calista_tools.lint.rule import Fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.effects.objects import SchemaObject
    from calista_tools.lint.migration import Migration
    from calista_tools.lint.rule import Edit


#: Each try evaluates the file again.
_TRIES = 10


def rename_in_sql(migration: Migration, made: SchemaObject, new: str) -> Fix | None:
    """Return the fix for a trigger, or for what raw SQL creates.

    The name must stand in strings only, mean one kind of object (PostgreSQL's trigger functions
    often share the name of their trigger), and the file must do the same afterwards.
    """
    old = made.name.text if made.name is not None else None
    if old is None or not _is_word(old) or not _is_word(new) or not migration.source.isascii():
        return None
    if migration.mentions.of(new) or "\r" in migration.text:
        return None
    tried = migration.kept.setdefault("renamed in SQL", [])
    assert isinstance(tried, list)
    if len(tried) >= _TRIES:
        return None  # `--fix` checks anew after each round
    tried.append(old)
    edits = _edits(migration, old, new)

    def renamed(one: SchemaObject, name: str | None) -> str | None:
        return new if name == old and one.kind in (made.kind, "") else name

    if not edits or not does_the_same(migration, edits, renamed):
        return None
    return Fix(f"Rename to `{new}`", tuple(edits), replaces=old)


def _edits(migration: Migration, old: str, new: str) -> list[Edit]:
    """Return an edit for each mention; none where one stands outside of SQL and arguments."""
    spans = sorted(_strings(migration.tree))
    lines = migration.text.split("\n")
    begins = [0, *accumulate(len(line) + 1 for line in lines)]
    edits = []
    for place in migration.mentions.of(old):
        row = bisect_right(begins, place)
        column = place - begins[row - 1]
        start, end = (row, column), (row, column + len(old))
        at = bisect_right(spans, (start, (len(lines) + 1, 0))) - 1
        if at < 0 or end > spans[at][1]:
            return []
        edits.append(edit_at(lines, start, end, new))
    return edits


def _strings(tree: ast.Module) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield where strings stand that are neither docstrings nor parts of f-strings."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            yield (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
        waiting.extend(ast.iter_child_nodes(node))


def _is_word(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) is not None
