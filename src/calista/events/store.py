"""How are events appended and read? All of an input or nothing of it; a piece at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from calista.db.tables import event_store
from calista.errors import CalistaError
from calista.events.ulid import Generator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection, Row

#: Events written or read at a time: memory stays small, and round trips few.
PIECE = 500


class ConflictError(CalistaError):
    """Somebody else has appended to the stream in the meantime (or the event is there already)."""


def append(
    connection: Connection, events: Iterable[tuple[int, dict[str, Any]]]
) -> Iterator[Row[Any]]:
    """Append events in the caller's transaction; yields them as stored, in order.

    An event with a ``version`` is stored only if it is the next one of its stream (optimistic
    concurrency); without one it becomes the next.

    Raises:
        ConflictError: A version or an event id is taken; the caller's transaction is over.
    """
    new_id = Generator()
    # As PostgreSQL's CURRENT_TIMESTAMP: when the transaction began, to the microsecond. SQLite's
    # own knows only seconds.
    stamp = {"recorded_at": datetime.now(UTC)} if connection.dialect.name == "sqlite" else {}
    # One statement for a piece, in the order given, so that positions follow the input.
    statement = event_store.insert().returning(event_store, sort_by_parameter_order=True)
    source = iter(events)
    while piece := list(islice(source, PIECE)):
        at = _versions(connection, {event["stream_id"] for _, event in piece})
        rows = []
        for line, event in piece:
            stream = event["stream_id"]
            version = at.get(stream, 0) + 1
            if event.get("version") not in (None, version):
                raise _conflict(line, stream, event["version"], version - 1)
            at[stream] = version
            rows.append(
                {
                    "stream_id": stream,
                    "stream_type": event["stream_type"],
                    "version": version,
                    "event_id": event.get("event_id") or new_id(),
                    "event_type": event["event_type"],
                    "payload": event["payload"],
                    "metadata": event.get("metadata"),
                    **stamp,
                }
            )
        try:
            yield from connection.execute(statement, rows)
        except IntegrityError as error:
            raise _taken(error, piece[0][0], piece[-1][0]) from error


def read(
    connection: Connection,
    *,
    stream: str | None = None,
    event_type: str | None = None,
    after: int = 0,
    limit: int | None = None,
) -> Iterator[Row[Any]]:
    """Yield stored events, oldest first, a piece in memory at a time."""
    query = sa.select(event_store).order_by(event_store.c.global_seq)
    if after > 0:
        query = query.where(event_store.c.global_seq > after)
    if stream is not None:
        query = query.where(event_store.c.stream_id == stream)
    if event_type is not None:
        query = query.where(event_store.c.event_type == event_type)
    if limit is not None:
        query = query.limit(limit)
    yield from connection.execution_options(yield_per=PIECE).execute(query)


def _versions(connection: Connection, streams: set[str]) -> dict[str, int]:
    """Return the last version of each stream that has events."""
    store = event_store.c
    query = (
        sa.select(store.stream_id, sa.func.max(store.version))
        .where(store.stream_id.in_(streams))
        .group_by(store.stream_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _conflict(line: int, stream: str, wanted: int, last: int) -> ConflictError:
    return ConflictError(
        f"line {line}: stream {stream!r} is at version {last}, so the next event is version "
        f"{last + 1}, not {wanted}; no event was stored",
        "read what was appended since (`calista events list --stream ...`) and decide again",
    )


def _taken(error: IntegrityError, first: int, last: int) -> CalistaError:
    words = str(error.orig)
    where = f"line {first}" if first == last else f"lines {first} to {last}"
    if "event_id" in words and "length" not in words:
        what = "an event with one of these ids is stored already"
    elif "stream" in words:
        what = "somebody else has appended to one of these streams at the same time"
    else:
        return CalistaError(f"{where}: {words.splitlines()[0]}; no event was stored")
    return ConflictError(
        f"{where}: {what}; no event was stored", "read the stream again, and decide again"
    )
