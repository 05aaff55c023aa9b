"""Which table is which after a step that renamed one? Told by the rows, since names say nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.roundtrip.rows.compare import same

if TYPE_CHECKING:
    from calista_tools.roundtrip.rows.table_model import Content, RowState, TableName


def renamed_tables(before: RowState, after: RowState) -> dict[TableName, TableName]:
    """Return tables that are gone, with the new one that holds just their rows."""
    gone = [name for name in before.contents if name not in after.contents]
    new = [name for name in after.contents if name not in before.contents]
    result: dict[TableName, TableName] = {}
    for old in gone:
        for name in new:
            if name not in result.values() and _likely(before.contents[old], after.contents[name]):
                result[old] = name
                break
    return result


def _likely(before: Content, after: Content) -> bool:
    """Tell whether most columns are still there and the rows agree in one of them at least."""
    if not before.rows or len(before.rows) != len(after.rows):
        return False
    common = [name for name in before.columns if name in after.columns]
    if len(common) * 2 < len(before.columns):
        return False
    return any(
        all(
            any(
                same(row[before.columns.index(name)], other[after.columns.index(name)])
                for other in after.rows
            )
            for row in before.rows
        )
        for name in common
    )
