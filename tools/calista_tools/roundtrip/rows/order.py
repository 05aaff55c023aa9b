"""In which order do tables take rows, given what they refer to?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from calista_tools.roundtrip.rows.table_model import Table, TableName


def in_order(tables: Sequence[Table]) -> Iterator[list[Table]]:
    """Yield tables so that what they refer to comes first.

    Those that must refer to each other come together. A reference that may be empty is respected
    where it can be.
    """
    left = {table.name: table for table in sorted(tables, key=lambda table: table.name)}
    while left:
        chosen = (
            _first_free(left, optional=True) or _first_free(left, optional=False) or _circle(left)
        )
        for table in chosen:
            del left[table.name]
        yield chosen


def _needs(table: Table, left: Mapping[TableName, Table], *, optional: bool) -> list[TableName]:
    """Return the tables still to come that this one refers to."""
    nullable = {column.name for column in table.columns if column.nullable}
    return [
        key.table
        for key in table.foreign_keys
        if key.table in left
        and key.table != table.name
        and (optional or not nullable & set(key.columns))
    ]


def _first_free(left: Mapping[TableName, Table], *, optional: bool) -> list[Table]:
    for table in left.values():
        if not _needs(table, left, optional=optional):
            return [table]
    return []


def _circle(left: Mapping[TableName, Table]) -> list[Table]:
    """Return tables that all need each other: each reached from each other."""
    reach = {name: _reached(name, left) for name in left}
    for name, found in reach.items():
        circle = {other for other in found if name in reach[other]}
        if found <= circle:
            return [left[other] for other in sorted(circle)]
    raise AssertionError(left)


def _reached(name: TableName, left: Mapping[TableName, Table]) -> set[TableName]:
    found: set[TableName] = set()
    todo = [name]
    while todo:
        for other in _needs(left[todo.pop()], left, optional=False):
            if other not in found:
                found.add(other)
                todo.append(other)
    return found
