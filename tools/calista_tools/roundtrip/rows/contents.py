"""Which rows does a table hold? Read in one statement, in a form that two states compare by."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

from calista_tools.roundtrip.rows.access import literal, quote
from calista_tools.roundtrip.rows.table_model import Content, TableName, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calista_tools.roundtrip.rows.access import Query

#: Statements with more parts than this are planned slower than two are.
_TABLES_AT_ONCE = 100
_ROW = "calista_row"


def read_contents(
    access: Query, tables: Sequence[TableName], partitioned: frozenset[TableName]
) -> dict[TableName, Content]:
    """Return the rows of tables that exist.

    Args:
        access: The database.
        tables: What to read.
        partitioned: Those whose rows are in other tables, their partitions.
    """
    if access.dialect == "sqlite":
        return {table: _read_sqlite(access, table) for table in tables}
    result: dict[TableName, Content] = {}
    for start in range(0, len(tables), _TABLES_AT_ONCE):
        chunk = tables[start : start + _TABLES_AT_ONCE]
        found: list[list[Sequence[tuple[str, Value]]]] = [[] for _ in chunk]
        # JSON by the server: the same text from every driver, and the columns' names in it.
        sql = " UNION ALL ".join(
            f"SELECT {number}, row_to_json({_ROW}.*)::text FROM "
            f"{'' if table in partitioned else 'ONLY '}{quoted(table)} AS {_ROW}"
            for number, table in enumerate(chunk)
        )
        for number, text in access.query(sql):
            found[number].append(
                json.loads(text, parse_float=Decimal, object_pairs_hook=_pairs).pairs
            )
        result |= {table: _content(rows) for table, rows in zip(chunk, found, strict=True)}
    return result


def quoted(table: TableName) -> str:
    """Return a table's name as it stands in SQL."""
    return f"{quote(table.schema)}.{quote(table.name)}" if table.schema else quote(table.name)


class _Object(dict[str, Value]):
    """A JSON object that remembers how it was written, for the row itself."""

    pairs: Sequence[tuple[str, Value]]


def _pairs(pairs: list[tuple[str, Value]]) -> _Object:
    result = _Object(pairs)
    result.pairs = pairs
    return result


def _content(rows: list[Sequence[tuple[str, Value]]]) -> Content:
    if not rows:
        return Content((), ())
    columns = tuple(name for name, _ in rows[0])
    return Content(columns, tuple(tuple(value for _, value in row) for row in rows))


def _read_sqlite(access: Query, table: TableName) -> Content:
    found = access.query(
        f"SELECT name FROM pragma_table_xinfo({literal(table.name)}) WHERE hidden <> 1 ORDER BY cid"
    )
    rows = access.query(f"SELECT * FROM {quoted(table)}")
    return Content(tuple(row[0] for row in found), tuple(tuple(row) for row in rows))


def text_of(value: Value) -> str:
    """Show a value in a message: short, on one line."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes | int | float | Decimal) and not isinstance(value, bool):
        text = str(value) if not isinstance(value, bytes) else literal(value)
    elif isinstance(value, str):
        text = repr(value)
    else:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return text if len(text) <= 60 else f"{text[:40]}…{text[-12:]}"
