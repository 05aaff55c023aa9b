"""Is the table of events as this version needs it? Its columns, by one look into the catalog.

The gate knows the revision that a database records; what somebody did to the table since, only
the catalogs tell. `calista db verify` compares all of them; this is what no command can go without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from calista.db.tables import event_store
from calista.errors import CalistaError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa
    from sqlalchemy import Connection

HINT = "`calista db verify` says what differs from the schema that its revisions make"

_ON_POSTGRESQL = """
    SELECT a.attname, format_type(a.atttypid, NULL), a.attnotnull, a.attidentity <> '',
        CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) ELSE '' END
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = to_regclass('event_store') AND a.attnum > 0 AND NOT a.attisdropped"""
_ON_SQLITE = """
    SELECT name, type, "notnull", pk = 1, iif(hidden IN (2, 3), '', dflt_value)
    FROM pragma_table_xinfo('event_store')"""


class TableChangedError(CalistaError):
    """Somebody has changed the table in a way that no revision did."""

    def __init__(self, what: str) -> None:
        super().__init__(f"table event_store is not as this version needs it: {what}", HINT)


class _Column(NamedTuple):
    kind: str
    not_null: bool
    numbered: bool
    default: str | None


def assert_usable(connection: Connection) -> None:
    """Refuse a table whose columns are not those that the code reads and writes.

    Raises:
        TableChangedError: The table or a column is missing, or is something else.
    """
    query = _ON_SQLITE if connection.dialect.name == "sqlite" else _ON_POSTGRESQL
    found = {
        name: _Column(kind.lower(), bool(not_null), bool(numbered), default)
        for name, kind, not_null, numbered, default in connection.exec_driver_sql(query)
    }
    for what in _differences(found, connection.dialect):
        raise TableChangedError(what)


def _differences(found: dict[str, _Column], dialect: sa.Dialect) -> Iterator[str]:
    if not found:
        yield "it is missing"
    for column in event_store.columns:
        here = found.pop(column.name, None)
        name = f"column {column.name}"
        kind = _kind(column, dialect)
        if here is None:
            yield f"{name} is missing"
        elif here.kind != kind:
            yield f"{name} is of type {here.kind or 'none'}, not {kind}"
        elif here.not_null == column.nullable:
            yield f"{name} is {'NOT NULL' if here.not_null else 'not NOT NULL'}"
        elif column.primary_key and not here.numbered:
            yield f"{name} is not numbered by the database"
        elif column.server_default is not None and not column.primary_key:
            wanted = str(column.server_default.arg)  # type: ignore[attr-defined]
            if here.default != wanted:
                yield f"{name} has the default {here.default or 'none'}, not {wanted}"
    for other, here in found.items():
        if here.not_null and here.default is None and not here.numbered:
            yield f"column {other} is NOT NULL and not of ours"


def _kind(column: sa.Column[object], dialect: sa.Dialect) -> str:
    """Return a type as the catalog spells it: SQLite as it was declared, PostgreSQL without size."""
    kind = column.type.compile(dialect).lower()
    if dialect.name == "postgresql":
        kind = kind.partition("(")[0].replace("varchar", "character varying")
    return kind
