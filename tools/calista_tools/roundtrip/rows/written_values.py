"""How is a sample written down for each database? As text on PostgreSQL, by affinity on SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calista_tools.roundtrip.rows.table_model import Column, Value

_INTEGERS = frozenset({"int2", "int4", "int8", "oid"})


def to_sqlite(column: Column, text: str | None) -> Value:
    """Return what SQLite stores for a sample, so that STRICT tables take it too."""
    if text is None:
        return None
    if column.type == "bool":
        return int(text == "true") if text in ("true", "false") else _number(text)
    if column.type in _INTEGERS or column.type in ("float8", "numeric"):
        return _number(text)
    if column.type == "bytea":
        return bytes.fromhex(text[2:]) if text.startswith("\\x") else text.encode()
    if column.type == "uuid" and column.length == 32 and len(text) == 36:
        return text.replace("-", "")
    return text


def _number(text: str) -> Value:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
