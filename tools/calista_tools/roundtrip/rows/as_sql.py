"""How are rows written down for somebody else to insert? One statement for a table."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

from calista_tools.roundtrip.rows.access import literal, quote
from calista_tools.roundtrip.rows.contents import quoted

if TYPE_CHECKING:
    from collections.abc import Collection

    from calista_tools.roundtrip.rows.table_model import Content, TableName, Value
    from calista_tools.roundtrip.snapshot import Group


def insertion(
    table: TableName, content: Content, group: Group, dialect: str, key: Collection[str] = ()
) -> str:
    """Return a statement that puts a table's rows there, as far as they are not there already.

    Args:
        table: The table.
        content: Its rows.
        group: What the catalogs say of it.
        dialect: In which it is written.
        key: Its primary key, if rows of other values may be there, which become these.
    """
    columns = {key.name: properties for key, properties in group.items() if key.kind == "column"}
    kept = [
        at for at, name in enumerate(content.columns) if "generated" not in columns.get(name, {})
    ]
    names = [quote(content.columns[at]) for at in kept]
    always = any(properties.get("identity") == "always" for properties in columns.values())
    system = " OVERRIDING SYSTEM VALUE" if always else ""
    into = f"INSERT INTO {quoted(table)} ({', '.join(names)}){system}"
    rows = [[row[at] for at in kept] for row in content.rows]
    if dialect == "postgresql" and any(isinstance(v, list | dict) for row in rows for v in row):
        # Arrays, documents, composites: the server knows how it wrote them as JSON.
        documents = [dict(zip(content.columns, row, strict=True)) for row in content.rows]
        text = literal(json.dumps(documents, ensure_ascii=False, default=_number))
        source = (
            f"SELECT {', '.join(names)} FROM json_populate_recordset(NULL::{quoted(table)}, {text})"
        )
    else:
        spelt = (f"({', '.join(_literal(value, dialect) for value in row)})" for row in rows)
        source = f"VALUES {', '.join(spelt)}"
    fixed = {*key, *(name for name in columns if columns[name].get("identity") == "always")}
    other = [quote(name) for at in kept if (name := content.columns[at]) not in fixed]
    if not key or not other:
        return f"{into} {source} ON CONFLICT DO NOTHING;"
    values = ", ".join(f"{name} = excluded.{name}" for name in other)
    unique = ", ".join(map(quote, key))
    return f"{into} {source} ON CONFLICT ({unique}) DO UPDATE SET {values};"


def _literal(value: Value, dialect: str) -> str:
    if isinstance(value, bool) and dialect == "postgresql":
        return "true" if value else "false"
    return str(value) if isinstance(value, Decimal) else literal(value)


def _number(value: object) -> object:
    # As text, which every numeric type reads without losing a digit.
    return str(value)
