"""Which SQL appends events, as fast as each database takes them? Constant text, whole pieces.

PostgreSQL gets a piece as one array for each column: a placeholder for each value would be parsed
anew every time. Binary (``%b``), so that no document is escaped to be unescaped by the server; and
in psycopg's pipeline mode, so that a piece is stored while the next one is read.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache, cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from calista.events.jsonl import Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

#: Stream, its type, version, id, event type, payload and metadata of an event to be inserted.
Row = tuple[str, str, int, str, str, str, str | None]

_COLUMNS = "stream_id, stream_type, version, event_id, event_type"
_STORED = f"global_seq, {_COLUMNS}, recorded_at, payload, metadata"
_STORED_AS_TEXT = f"global_seq, {_COLUMNS}, recorded_at, payload::text, metadata::text"

_INSERT_ON_POSTGRESQL = f"""
    INSERT INTO event_store ({_COLUMNS}, payload, metadata)
    SELECT {_COLUMNS}, payload::jsonb, metadata::jsonb
    FROM unnest(
        %b::text[], %b::text[], %b::int[], %b::text[], %b::text[], %b::text[], %b::text[]
    ) WITH ORDINALITY AS given({_COLUMNS}, payload, metadata, place) ORDER BY place
    RETURNING global_seq, payload::text, metadata::text"""  # noqa: S608
_INSERT_ON_SQLITE = (
    f"INSERT INTO event_store ({_COLUMNS}, payload, metadata, recorded_at)"  # noqa: S608
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_NEWER_ON_SQLITE = f"SELECT {_STORED} FROM event_store WHERE global_seq > ? ORDER BY global_seq"  # noqa: S608

_KNOWN_ON_POSTGRESQL = f"SELECT {_STORED_AS_TEXT} FROM event_store WHERE event_id = ANY(%b::text[])"  # noqa: S608

# By one look into an index for each stream. `GROUP BY` would read all of their events: to append a
# million to one stream would never end.
ENDS_ON_POSTGRESQL = """
    SELECT wanted.stream_id, last.version, last.stream_type
    FROM unnest(%b::text[]) AS wanted(stream_id) CROSS JOIN LATERAL (
        SELECT version, stream_type FROM event_store
        WHERE stream_id = wanted.stream_id ORDER BY version DESC LIMIT 1
    ) AS last"""
_ENDS_ON_SQLITE = """
    WITH wanted(stream_id) AS (VALUES {marks}),
    ends AS (SELECT stream_id, (
        SELECT max(version) FROM event_store WHERE stream_id = wanted.stream_id
    ) AS version FROM wanted)
    SELECT stream_id, version, stream_type FROM ends JOIN event_store USING (stream_id, version)"""


class Writer:
    """Asks and inserts in the caller's transaction; `writing` makes one."""

    def ends(self, streams: set[str]) -> dict[str, tuple[int, str]]:
        """Return the last version and the type of each of these streams that has events."""
        raise NotImplementedError

    def known(self, ids: Sequence[str]) -> dict[str, Stored]:
        """Return those of the events with these ids that are stored."""
        raise NotImplementedError

    def insert(self, rows: Sequence[Row]) -> Callable[[], list[Stored]]:
        """Insert events; what comes back waits for them, and returns them as stored, in order."""
        raise NotImplementedError


@contextmanager
def writing(connection: Connection, stamp: str) -> Iterator[Writer]:
    """Offer what appends on this connection.

    Args:
        connection: In a transaction; on SQLite the only one that may write.
        stamp: The time of SQLite's events; PostgreSQL has its own.
    """
    if connection.dialect.name == "sqlite":
        yield _Sqlite(connection, stamp)
        return
    dbapi: Any = connection.connection.dbapi_connection
    pipelines = connection.dialect.driver == "psycopg" and _can_pipeline()
    writer = _Postgresql(connection, dbapi)
    with writer.errors(), dbapi.pipeline() if pipelines else nullcontext():
        assert writer.began
        yield writer


def _can_pipeline() -> bool:
    from psycopg import Pipeline

    return Pipeline.is_supported()  # not by the libpq of an old system


@dataclass
class _Postgresql(Writer):
    connection: Connection
    dbapi: Any

    def ends(self, streams: set[str]) -> dict[str, tuple[int, str]]:
        found = self._execute(ENDS_ON_POSTGRESQL, (sorted(streams),)).fetchall()
        return {row[0]: (row[1], row[2]) for row in found}

    def known(self, ids: Sequence[str]) -> dict[str, Stored]:
        found = map(Stored._make, self._execute(_KNOWN_ON_POSTGRESQL, (list(ids),)).fetchall())
        return {event.event_id: event for event in found}

    def insert(self, rows: Sequence[Row]) -> Callable[[], list[Stored]]:
        columns = tuple(list(column) for column in zip(*rows, strict=True))
        cursor = self._execute(_INSERT_ON_POSTGRESQL, columns)

        def stored() -> list[Stored]:
            with self.errors():
                found = cursor.fetchall()
            cursor.close()
            # What the database has added or written otherwise; numbers rise in the order given.
            found.sort(key=itemgetter(0))
            return [
                Stored(number, *row[:5], self.began, payload, metadata)
                for (number, payload, metadata), row in zip(found, rows, strict=True)
            ]

        return stored

    @cached_property
    def began(self) -> datetime:
        """When the transaction began: the time of all its events, by the column's default."""
        found: datetime = self._execute("SELECT CURRENT_TIMESTAMP", ()).fetchone()[0]
        return found

    def _execute(self, statement: str, parameters: tuple[Any, ...]) -> Any:
        if self.connection.dialect.driver != "psycopg":
            statement = statement.replace("%b", "%s")  # `postgresql+psycopg2://` and the like
        cursor = self.dbapi.cursor()
        cursor.execute(statement, parameters)
        return cursor

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Raise what SQLAlchemy would: it does not know pipelines, so the driver is asked directly."""
        driver = self.connection.dialect.loaded_dbapi
        try:
            yield
        except driver.Error as error:
            lost = self.connection.dialect.is_disconnect(error, self.dbapi, None)
            raised = DBAPIError.instance("append", None, error, driver.Error, True, lost)
            if lost:
                self.connection.invalidate(raised)
            raise raised from error


@dataclass(frozen=True)
class _Sqlite(Writer):
    connection: Connection
    stamp: str

    def ends(self, streams: set[str]) -> dict[str, tuple[int, str]]:
        query = ends_on_sqlite(len(streams))
        found = self.connection.exec_driver_sql(query, tuple(streams))
        return {row[0]: (row[1], row[2]) for row in found}

    def known(self, ids: Sequence[str]) -> dict[str, Stored]:
        return known_on_sqlite(self.connection, ids)

    def insert(self, rows: Sequence[Row]) -> Callable[[], list[Stored]]:
        execute = self.connection.exec_driver_sql
        last = execute("SELECT max(global_seq) FROM event_store").scalar() or 0
        execute(_INSERT_ON_SQLITE, [(*row, self.stamp) for row in rows])
        # The driver returns nothing of many rows at once.
        events = list(map(Stored._make, execute(_NEWER_ON_SQLITE, (last,))))
        if [event.event_id for event in events] != [row[3] for row in rows]:
            # Whoever has once given an event the highest number that there is has left only
            # numbers by chance, which lie anywhere.
            found = self.known([row[3] for row in rows])
            events = [found[row[3]] for row in rows]
        return lambda: events


@cache
def ends_on_sqlite(count: int) -> str:
    """Return what asks for the ends of so many streams."""
    return _ENDS_ON_SQLITE.format(marks=", ".join(["(?)"] * count))


def known_on_sqlite(connection: Connection, ids: Sequence[str]) -> dict[str, Stored]:
    """Return those of the events with these ids that are stored."""
    marks = ", ".join("?" * len(ids))
    query = f"SELECT {_STORED} FROM event_store WHERE event_id IN ({marks})"  # noqa: S608
    found = map(Stored._make, connection.exec_driver_sql(query, tuple(ids)))
    return {event.event_id: event for event in found}
