"""Does a file do the same after an edit, but for the names? It is evaluated again and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.rule import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from calista_tools.effects.objects import SchemaObject
    from calista_tools.effects.operations import Operation
    from calista_tools.lint.migration import Migration

    Renamed = Callable[[SchemaObject, str | None], str | None]


def edit_at(lines: list[str], start: tuple[int, int], end: tuple[int, int], content: str) -> Edit:
    """Return an edit between two places, given as rows from 1 and characters from 0.

    Columns of findings count UTF-8 bytes until they are reported, as those of a syntax tree do.
    """

    def column(row: int, character: int) -> int:
        return len(lines[row - 1][:character].encode()) + 1

    return Edit(start[0], column(*start), end[0], column(*end), content)


def edited(source: bytes, edits: Iterable[Edit]) -> bytes:
    """Return a UTF-8 source with edits whose columns count bytes."""
    lines = source.splitlines(keepends=True)
    for edit in sorted(edits, reverse=True):
        if edit.row != edit.end_row:
            return source
        line = lines[edit.row - 1]
        content = edit.content.encode()
        lines[edit.row - 1] = line[: edit.column - 1] + content + line[edit.end_column - 1 :]
    return b"".join(lines)


def does_the_same(migration: Migration, edits: Iterable[Edit], renamed: Renamed) -> bool:
    """Whether the edited file does what it did, its objects named as ``renamed`` says."""
    from calista_tools.lint.loading import load

    source = edited(migration.source, edits)
    if source == migration.source:
        return False
    after = load(migration.path, migration.config, migration.project, source)
    one, other = migration.operations, after.operations
    return len(one) == len(other) and all(
        _steps(first, renamed) == _steps(second, _as_is)
        for first, second in zip(one, other, strict=True)
    )


def _as_is(made: SchemaObject, name: str | None) -> str | None:
    del made
    return name


def _steps(operation: Operation, renamed: Renamed) -> tuple[object, ...]:
    objects = [
        (
            made.action,
            made.kind,
            made.table,
            made.columns,
            made.dialects,
            renamed(made, made.name.text if made.name is not None else None),
            renamed(made, made.new_name) if made.action == "rename" else None,
        )
        for made in operation.objects
    ]
    return (operation.what, operation.direction, operation.table, operation.dialects, objects)
