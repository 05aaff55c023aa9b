"""What must a row satisfy in SQLite? Read from its pragmas, and CHECKs from its own SQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from calista_tools.roundtrip.rows.access import literal, quote
from calista_tools.roundtrip.rows.sqlite_sql import check_expressions
from calista_tools.roundtrip.rows.table_model import Column, ForeignKey, Table, TableName
from calista_tools.roundtrip.snapshot.sqlite_text import read_table, shadow_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from calista_tools.roundtrip.rows.access import Access

#: What SQLAlchemy and people declare, and the PostgreSQL type whose values fit it best.
_DECLARED = (
    (r"(?:TINY|SMALL|MEDIUM)INT|INT2", "int2"),
    (r"BIG\s*INT|INT8|UNSIGNED", "int8"),
    (r"INTERVAL", "text"),
    (r"INT", "int4"),
    (r"BOOL", "bool"),
    (r"TIMESTAMP|DATETIME", "timestamp"),
    (r"DATE", "date"),
    (r"TIME", "time"),
    (r"JSON", "json"),
    # SQLAlchemy keeps a Uuid in the first, people keep its usual spelling in the second.
    (r"UUID|GUID|^CHAR\((?:32|36)\)$", "uuid"),
    (r"INET", "inet"),
    (r"CHAR|CLOB|TEXT|STRING|ENUM", "varchar"),
    (r"BLOB|BINARY|BYTE", "bytea"),
    (r"REAL|FLOA|DOUB", "float8"),
    (r"NUMERIC|DECIMAL|MONEY", "numeric"),
)
_ARGUMENTS = re.compile(r"\((\d+)(?:\s*,\s*(\d+))?\)")
#: How ``PRAGMA table_xinfo`` says that a column is generated (sqlite.org/pragma.html).
_COMPUTED = (2, 3)


def list_tables(access: Access) -> set[str]:
    """Return all user tables; virtual ones and what belongs to them are not."""
    # Asked after every step that changes a table: nothing is done for each of them in Python.
    rows = access.query(
        "SELECT name FROM sqlite_master"
        " WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
    )
    found = {name for (name,) in rows}
    asked = "SELECT name, sql FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL %'"
    virtual: dict[str, str] = dict(access.query(asked))  # type: ignore[arg-type]
    return found - virtual.keys() - shadow_tables(virtual, found) if virtual else found


def primary_key(access: Access, table: TableName) -> tuple[str, ...]:
    """Return a table's primary key, in its order."""
    found = access.query(f"PRAGMA table_xinfo({quote(table.name)})")
    return tuple(row[1] for row in sorted(found, key=lambda row: row[5]) if row[5])


def read_tables(access: Access, wanted: Iterable[TableName]) -> list[Table]:
    """Return the wanted tables as far as they exist."""
    return [table for name in wanted if (table := _read(access, name))]


def _read(access: Access, name: TableName) -> Table | None:
    infos = access.query(f"PRAGMA table_xinfo({quote(name.name)})")
    if not infos:
        return None
    where = f"type = 'table' AND name = {literal(name.name)}"
    found = access.query(f"SELECT sql FROM sqlite_master WHERE {where}")
    sql = found[0][0] if found else ""
    primary = tuple(row[1] for row in sorted(infos, key=lambda row: row[5]) if row[5])
    # A key of one INTEGER column is the rowid, and the only one that refuses NULL by itself.
    rowid = len(primary) == 1 and not re.search(r"\bWITHOUT\s+ROWID\b", sql or "", re.IGNORECASE)
    return Table(
        name=name,
        columns=tuple(_column(name, row, rowid and row[1] == primary[0]) for row in infos),
        primary_key=primary,
        keys=_unique_keys(access, name),
        checks=tuple(check_expressions(sql or "")),
        generated=tuple(read_table(sql or "").generated.values()),
        foreign_keys=_foreign_keys(access, name),
    )


def _column(table: TableName, row: Sequence[Any], alone: bool) -> Column:
    _, name, declared, required, default, key, hidden = row
    declared = declared or ""
    type_name = next(
        (name for pattern, name in _DECLARED if re.search(pattern, declared, re.IGNORECASE)), "text"
    )
    length = precision = None
    scale = 0
    if found := _ARGUMENTS.search(declared):
        if type_name == "numeric":
            precision, scale = int(found[1]), int(found[2] or 0)
        else:
            length = int(found[1])
    return Column(
        name=name,
        type=type_name,
        sql_type=declared,
        length=length,
        precision=precision,
        scale=scale,
        nullable=not required and not key,
        default=default is not None or (alone and declared.upper() == "INTEGER"),
        computed=hidden in _COMPUTED,
        salt=table.salt(name),
    )


def _unique_keys(access: Access, name: TableName) -> tuple[tuple[str, ...], ...]:
    keys = []
    for _, index, unique, *_ in access.query(f"PRAGMA index_list({quote(name.name)})"):
        if unique:
            parts = access.query(f"PRAGMA index_info({quote(index)})")
            keys.append(tuple(part[2] for part in parts if part[2] is not None))
    return tuple(dict.fromkeys(keys))


def _foreign_keys(access: Access, name: TableName) -> tuple[ForeignKey, ...]:
    parts: dict[int, list[Sequence[Any]]] = {}
    for row in access.query(f"PRAGMA foreign_key_list({quote(name.name)})"):
        parts.setdefault(row[0], []).append(row)
    result = []
    for rows in parts.values():
        rows.sort(key=lambda row: row[1])
        table = TableName("", rows[0][2])
        referred = tuple(row[4] for row in rows)
        if None in referred:
            referred = primary_key(access, table)
        result.append(
            ForeignKey(columns=tuple(row[3] for row in rows), table=table, referred=referred)
        )
    return tuple(result)
