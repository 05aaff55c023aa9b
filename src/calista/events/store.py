"""How are events appended and read? A piece at a time, in the caller's transaction."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from calista.db.documents import decode, encode, same
from calista.db.tables import event_store
from calista.errors import CalistaError
from calista.events import shape, statements
from calista.events.jsonl import BIGGEST, Event, EventError, Stored
from calista.events.ulid import Generator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import Connection

#: Events written or read at a time: memory stays small, and round trips few.
PIECE = 500
#: Bytes of documents written at a time, if they are long.
PIECE_BYTES = 1 << 23


#: Streams whose ends are kept in memory.
_STREAMS = 100_000

#: The last version of a stream and its type.
Ends = dict[str, tuple[int, str]]


class ConflictError(CalistaError):
    """Somebody else has appended to the stream in the meantime (or the event is there already)."""


class StreamTypeError(CalistaError):
    """A stream is of one type from its first event on."""

    def __init__(self, event: Event, kind: str) -> None:
        super().__init__(
            f"line {event.line}: stream {event.stream_id!r} is of type {kind!r}, "
            f"not {event.stream_type!r}",
            "give the event the type of its stream, or a stream of its own",
        )


def append(
    connection: Connection, events: Iterable[Event], *, skip_known: bool = False
) -> Iterator[Stored | None]:
    """Append events in the caller's transaction; yields them as stored, in order.

    An event with a ``version`` is stored only if it is the next one of its stream (optimistic
    concurrency); without one it becomes the next.

    Args:
        connection: In a transaction; on SQLite one that may write from the start.
        events: What to append.
        skip_known: Yield None for an event whose id is there with the same content.

    Raises:
        ConflictError: A version or an event id is taken; the caller's transaction is over.
        EventError: An event without an id is to be known.
        StreamTypeError: A stream has events of another type.
    """
    new_id = Generator()
    # As PostgreSQL's CURRENT_TIMESTAMP: when the transaction began, to the microsecond. SQLite's
    # own knows only seconds.
    stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    ends: Ends = {}
    sent: deque[_Sent] = deque()
    with statements.writing(connection, stamp) as writer:
        for piece in _pieces(events):
            known = _known(writer, piece) if skip_known else set()
            new = [event for event in piece if event.line not in known]
            rows = _rows(writer, new, ends, new_id)
            with _explained(piece):
                sent.append(_Sent(piece, known, writer.insert(rows) if rows else list))
            if len(sent) > 1:
                yield from sent.popleft().answer()
        while sent:
            yield from sent.popleft().answer()


class _Sent(NamedTuple):
    """A piece that is on its way to the database."""

    piece: list[Event]
    known: set[int]
    stored: Callable[[], list[Stored]]

    def answer(self) -> Iterator[Stored | None]:
        with _explained(self.piece):
            stored = iter(self.stored())
        return (None if event.line in self.known else next(stored) for event in self.piece)


@contextmanager
def _explained(piece: list[Event]) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise _taken(error, piece[0].line, piece[-1].line) from error


def _pieces(events: Iterable[Event]) -> Iterator[list[Event]]:
    source = iter(events)
    piece: list[Event] = []
    size = 0
    for event in source:
        piece.append(event)
        size += len(event.payload) + len(event.metadata or "")
        if len(piece) == PIECE or size > PIECE_BYTES:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _rows(
    writer: statements.Writer, piece: list[Event], ends: Ends, new_id: Generator
) -> list[statements.Row]:
    """Give each event its version and its id.

    What is known of a stream holds until the transaction ends: to its next version, once it is
    ours, nobody else can add.
    """
    if len(ends) > _STREAMS:
        ends.clear()
    if unknown := {event.stream_id for event in piece}.difference(ends):
        ends.update(writer.ends(unknown))
    rows = []
    for event in piece:
        last, kind = ends.get(event.stream_id, (0, event.stream_type))
        if event.version not in (None, last + 1) or last == BIGGEST:
            raise _conflict(event, last)
        if event.stream_type != kind:
            raise StreamTypeError(event, kind)
        ends[event.stream_id] = last + 1, kind
        rows.append(
            (
                event.stream_id,
                event.stream_type,
                last + 1,
                event.event_id or new_id(),
                event.event_type,
                event.payload,
                event.metadata,
            )
        )
    return rows


def _known(writer: statements.Writer, piece: list[Event]) -> set[int]:
    """Return the lines of the events that are stored, or stand in this piece already."""
    ids = [event.event_id for event in piece if event.event_id is not None]
    if len(ids) < len(piece):
        line = next(event.line for event in piece if event.event_id is None)
        raise EventError(line, "no 'event_id', by which `--skip-known` could know it")
    stored: dict[str, Event | Stored] = {**writer.known(ids)}
    known = set()
    for event, event_id in zip(piece, ids, strict=True):
        other = stored.setdefault(event_id, event)
        if other is not event:
            _assert_same(event, other)
            known.add(event.line)
    return known


def _assert_same(event: Event, other: Event | Stored) -> None:
    differing = [
        name
        for name in ("stream_id", "stream_type", "event_type")
        if getattr(event, name) != getattr(other, name)
    ]
    if event.version is not None and other.version not in (None, event.version):
        differing.append("version")
    for name in ("payload", "metadata"):
        mine, theirs = getattr(event, name), getattr(other, name)
        if mine != theirs and (
            mine is None or theirs is None or not same(decode(mine), decode(theirs))
        ):
            differing.append(name)
    if differing:
        raise ConflictError(
            f"line {event.line}: event {event.event_id} is there with another "
            f"{' and '.join(differing)}",
            "an event never changes: give the new one an id of its own",
        )


def read(connection: Connection, **which: Any) -> Iterator[Stored]:
    """Yield stored events, oldest first, a piece in memory at a time; ``which`` as for `rows`.

    Raises:
        ValueError: A document is no JSON.
    """
    # Another program may have written it over several lines; PostgreSQL writes its own.
    on_sqlite = connection.dialect.name == "sqlite"
    for event in rows(connection, **which):
        payload, metadata = decode(event.payload), event.metadata and decode(event.metadata)
        if on_sqlite:
            event = event._replace(
                payload=encode(payload), metadata=event.metadata and encode(metadata)
            )
        yield event


def rows(
    connection: Connection,
    *,
    stream: str | None = None,
    event_type: str | None = None,
    after: int = 0,
    limit: int | None = None,
) -> Iterator[Stored]:
    """Yield what is stored, oldest first and a piece at a time, readable or not."""
    store = event_store.c
    # As text: of what a driver cannot read it would not say which event it is.
    as_text = {"payload", "metadata"}
    if connection.dialect.name == "sqlite":
        as_text.add("recorded_at")
    query = sa.select(*(_as_text(item) if item.name in as_text else item for item in store))
    query = query.order_by(store.global_seq)
    if after > 0:
        query = query.where(store.global_seq > after)
    if stream is not None:
        query = query.where(store.stream_id == stream)
    if event_type is not None:
        query = query.where(store.event_type == event_type)
    if limit is not None:
        query = query.limit(limit)
    found = connection.execution_options(yield_per=PIECE).execute(query)
    yield from map(Stored._make, found)


def _as_text(column: sa.Column[object]) -> sa.ColumnElement[str]:
    return sa.type_coerce(sa.cast(column, sa.Text), sa.Text)


def _conflict(event: Event, last: int) -> ConflictError:
    if last == BIGGEST:
        next_one = "which is the last that a stream can have"
    else:
        next_one = f"so the next event is version {last + 1}, not {event.version}"
    return ConflictError(
        f"line {event.line}: stream {event.stream_id!r} is at version {last}, {next_one}",
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
        return CalistaError(f"{where}: {words.splitlines()[0]}", shape.HINT)
    return ConflictError(
        f"{where}: {what}",
        "append them again; if they have versions or ids, read the stream first and decide again",
    )
