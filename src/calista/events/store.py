"""How are events appended and read? All of an input or nothing of it; a piece at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
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


class StreamTypeError(CalistaError):
    """A stream is of one type from its first event on."""

    def __init__(self, line: int, stream: str, wanted: str, kind: str) -> None:
        super().__init__(
            f"line {line}: stream {stream!r} is of type {kind!r}, not {wanted!r}; "
            "no event was stored",
            "give the event the type of its stream, or a stream of its own",
        )


def append(
    connection: Connection, events: Iterable[tuple[int, dict[str, Any]]]
) -> Iterator[Row[Any]]:
    """Append events in the caller's transaction; yields them as stored, in order.

    An event with a ``version`` is stored only if it is the next one of its stream (optimistic
    concurrency); without one it becomes the next.

    Raises:
        ConflictError: A version or an event id is taken; the caller's transaction is over.
        StreamTypeError: A stream has events of another type.
    """
    new_id = Generator()
    # As PostgreSQL's CURRENT_TIMESTAMP: when the transaction began, to the microsecond. SQLite's
    # own knows only seconds.
    stamp = {"recorded_at": datetime.now(UTC)} if connection.dialect.name == "sqlite" else {}
    # One statement for a piece, in the order given, so that positions follow the input.
    statement = event_store.insert().returning(event_store, sort_by_parameter_order=True)
    source = iter(events)
    while piece := list(islice(source, PIECE)):
        ends = _ends(connection, {event["stream_id"] for _, event in piece})
        rows = []
        for line, event in piece:
            stream = event["stream_id"]
            last, kind = ends.get(stream, (0, event["stream_type"]))
            version = last + 1
            if event.get("version") not in (None, version):
                raise _conflict(line, stream, event["version"], last)
            if event["stream_type"] != kind:
                raise StreamTypeError(line, stream, event["stream_type"], kind)
            ends[stream] = version, kind
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


def _ends(connection: Connection, streams: set[str]) -> dict[str, tuple[int, str]]:
    """Return the last version and the type of each stream that has events."""
    names = sorted(streams)
    # Filled up with the last one, so that a handful of statements serve all numbers of streams.
    names += names[-1:] * ((1 << (len(names) - 1).bit_length()) - len(names))
    values = {f"n{number}": name for number, name in enumerate(names)}
    return {row[0]: (row[1], row[2]) for row in connection.execute(_query(len(names)), values)}


@cache
def _query(count: int) -> sa.TextClause:
    """Return what asks for the ends of so many streams, by one look into an index for each.

    `GROUP BY` would read all of their events: to append a million to one stream would never end.
    """
    return sa.text(
        f"""WITH wanted(stream_id) AS (VALUES {", ".join(f"(:n{n})" for n in range(count))}),
        ends AS (SELECT stream_id, (
            SELECT max(version) FROM event_store WHERE stream_id = wanted.stream_id
        ) AS version FROM wanted)
        SELECT stream_id, version, stream_type FROM ends JOIN event_store USING (stream_id, version)"""  # noqa: S608
    )


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
        f"{where}: {what}; no event was stored",
        "append them again; if they have versions or ids, read the stream first and decide again",
    )
