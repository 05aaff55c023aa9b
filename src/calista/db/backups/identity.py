"""Of which database is this a backup? Two states of one database begin with the same rows.

Both tables are append-only: what was stored first stays first. So the first event and the first
entry of the upgrade log tell databases apart, wherever a database has been moved to since.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from calista.db.database import Database

#: What is told of a first row, by table; the first column says which row is the first.
COLUMNS = {
    "upgrade_log": ("entry", "revision", "applied_at", "calista_version", "backup_file", "seconds"),
    "event_store": ("global_seq", "stream_id", "event_id", "event_type", "recorded_at"),
}
ON_SQLITE = "SELECT name FROM pragma_table_info('{table}')"
ON_POSTGRESQL = """SELECT attname FROM pg_attribute
    WHERE attrelid = to_regclass('calista.{table}') AND attnum > 0 AND NOT attisdropped"""
_NUMBERS, _TIMES = {"entry", "global_seq", "seconds"}, {"applied_at", "recorded_at"}
_ESCAPES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}

First = tuple[Any, ...]


@dataclass(slots=True)
class Marks:
    """The first rows that tell a database from others; None where there is none."""

    upgrade_log: First | None = None
    event_store: First | None = None

    @property
    def any(self) -> bool:
        """Whether there is something to tell it by."""
        return self.upgrade_log is not None or self.event_store is not None

    def same_as(self, other: Marks) -> bool | None:
        """Whether both are of one database; None where nothing says so or otherwise."""
        pairs = [(getattr(self, item.name), getattr(other, item.name)) for item in fields(self)]
        known = [mine == theirs for mine, theirs in pairs if mine and theirs]
        return all(known) if known else None


def read(ask: Callable[[str], Sequence[Sequence[Any]]], columns_of: str) -> Marks:
    """Ask a database for its marks; tables that are not as ours are have none.

    Args:
        ask: Runs a query and returns its rows.
        columns_of: The query for the names of the columns of ``{table}``.
    """
    marks = Marks()
    for table, columns in COLUMNS.items():
        if {row[0] for row in ask(columns_of.format(table=table))} >= set(columns):
            query = f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1 LIMIT 1"  # noqa: S608
            for row in ask(query):
                setattr(marks, table, tuple(map(_plain, columns, row)))
    return marks


def of(database: Database) -> Marks:
    """Return what tells this database from others."""
    columns = ON_SQLITE if database.is_sqlite else ON_POSTGRESQL
    with database.connect() as connection:
        return read(lambda query: connection.exec_driver_sql(query).all(), columns)


class FirstRow:
    """Looks for the first row among those of a COPY."""

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        self._names = COLUMNS[table]
        self._places = [columns.index(name) for name in self._names]
        self._found: tuple[int, bytes] | None = None

    def look(self, lines: Sequence[bytes]) -> None:
        """Look at some of the rows."""
        place = self._places[0]
        for line in lines:
            number = int(line.split(b"\t", place + 1)[place])
            if self._found is None or number < self._found[0]:
                self._found = number, line

    def mark(self) -> First | None:
        """Return what is told of the first of all."""
        if self._found is None:
            return None
        values = [_unescaped(value) for value in self._found[1].rstrip(b"\n").split(b"\t")]
        return tuple(
            _plain(name, values[place])
            for name, place in zip(self._names, self._places, strict=True)
        )


def _unescaped(value: bytes) -> str | None:
    if value == rb"\N":
        return None
    plain = re.sub(
        rb"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), value, flags=re.DOTALL
    )
    return plain.decode(errors="replace")


def _plain(name: str, value: object) -> object:
    """Spell a value in the same way, wherever it was read."""
    if value is None:
        return None
    try:
        if name in _NUMBERS:
            return float(str(value))
        if name in _TIMES:
            time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except ValueError:
        pass
    return str(value)
