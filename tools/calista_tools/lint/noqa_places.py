"""For which rows may a comment speak? Those of its statement, its block, or its empty function."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Places:
    """The blocks and the empty functions of a file; none of one that cannot be parsed."""

    def __init__(self, source: bytes) -> None:
        self._lines = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._blocks: dict[int, tuple[tuple[int, int], ...]] = {}
        self._empty: list[tuple[int, int, tuple[int, int]]] = []
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        for block in _compound(tree):
            first, head = _first(block), _head(block)
            self._blocks[first] = ((first, head), (first, block.end_lineno or head))
            if isinstance(block, _FUNCTIONS) and is_empty(block.body):
                self._empty.append((block.lineno, self._end(block), (block.lineno, head)))

    def spans(self, rows: tuple[int, int, int], *, alone: bool) -> tuple[tuple[int, int], ...]:
        """Return the rows that a comment may speak for, the nearest first.

        Args:
            rows: Where its statement begins, where it stands itself, and where its statement ends.
            alone: Whether nothing else stands on its line.
        """
        first, row, last = rows
        found: list[tuple[int, int]] = []
        if alone:
            found += self._blocks.get(self._next(row), ())
        else:
            found += [(first, last)] if row in (first, last) else [(row, row), (first, last)]
        inside = [place for place in self._empty if place[0] < row <= place[1]]
        return (*found, *(header for _, _, header in reversed(inside)))

    def _next(self, row: int) -> int:
        """Return the row of what stands below a comment and those that follow it at once."""
        row += 1
        while row <= len(self._lines) and self._lines[row - 1].lstrip().startswith(b"#"):
            row += 1
        return row

    def _end(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
        """Return the last row of a function, with the comments that end it."""
        row = function.end_lineno or function.lineno
        for line in self._lines[row:]:
            text = line.lstrip()
            if not text.startswith(b"#") or len(line) - len(text) <= function.col_offset:
                break
            row += 1
        return row


def _compound(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield the statements that have a body, the outer ones first."""
    waiting: list[ast.AST] = [tree]
    for node in waiting:  # grows while it is read
        if isinstance(node, ast.stmt) and (hasattr(node, "body") or isinstance(node, ast.Match)):
            yield node
        waiting.extend(
            child
            for child in ast.iter_child_nodes(node)
            if isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case))
        )


def _first(block: ast.stmt) -> int:
    decorators: Sequence[ast.expr] = getattr(block, "decorator_list", ())
    return min([block.lineno, *(one.lineno for one in decorators)])


def _head(block: ast.stmt) -> int:
    """Return the last row of a block's head: ``if …:``, over however many lines."""
    if isinstance(block, ast.Match):
        return block.subject.end_lineno or block.lineno
    body: Sequence[ast.stmt] = getattr(block, "body", ())
    return max(block.lineno, _first(body[0]) - 1) if body else block.lineno


def is_empty(body: Sequence[ast.stmt]) -> bool:
    """Whether a function has but one line beside its docstring, or does no more than say something."""
    rest = [statement for statement in body if not _is_text(statement)]
    if len(rest) == 1:
        return not hasattr(rest[0], "body") and not isinstance(rest[0], ast.Match)
    return all(map(_only_says, rest))


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _only_says(statement: ast.stmt) -> bool:
    if isinstance(statement, (ast.Assign, ast.Return)):
        return statement.value is None or isinstance(statement.value, (ast.Constant, ast.JoinedStr))
    return isinstance(statement, (ast.Pass, ast.Raise))
