"""Is every stored event readable, every stream without gaps, and every number where it belongs?

What is not there any more cannot be found: of an emptied table, or of one whose last events were
cut off, nothing here says that there was more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from calista.db.documents import decode
from calista.db.tables import event_store
from calista.events.jsonl import time_of
from calista.events.store import PIECE, rows
from calista.events.ulid import is_ulid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from calista.events.jsonl import Stored

#: PostgreSQL's sequence does not take back what a transaction that was undone has had from it; so
#: many numbers at once nobody loses like that.
_TOO_MANY = 1_000_000_000

_SEQUENCE = """
    SELECT pg_sequence_last_value(c.oid) FROM pg_class c
    WHERE c.oid = to_regclass('event_store_global_seq_seq')
        AND has_sequence_privilege(c.oid, 'SELECT, USAGE')"""


def problems(connection: Connection) -> Iterator[str]:
    """Yield what is wrong with the stored events, one line for each finding."""
    yield from _streams(connection)
    yield from _order(connection)
    # SQLite gives the next number, always: what was undone leaves no gap.
    allowed = 0 if connection.dialect.name == "sqlite" else _TOO_MANY
    before = 0
    for event in rows(connection):
        number = event.global_seq
        missing = number - before - 1
        if missing > allowed:
            numbers = "1 number is" if missing == 1 else f"{missing} numbers are"
            yield f"event {number}: {numbers} missing before its global_seq"
        before = number
        yield from (f"event {number}: {finding}" for finding in _findings(event))
    yield from _ahead(connection, before)


def _streams(connection: Connection) -> Iterator[str]:
    store = event_store.c
    streams = (
        sa.select(store.stream_id, sa.func.count(), sa.func.min(store.version))
        .add_columns(sa.func.max(store.version), sa.func.count(store.stream_type.distinct()))
        .group_by(store.stream_id)
    )
    for stream, count, first, last, types in _all(connection, streams):
        if (first, last) != (1, count):
            yield f"stream {stream!r}: {count} events have versions from {first} to {last}"
        if types != 1:
            yield f"stream {stream!r}: its events have {types} stream types"


def _order(connection: Connection) -> Iterator[str]:
    """Yield the events that lie before an earlier one of their stream.

    On both databases a number is given out after the version before it was stored for good.
    """
    store = event_store.c
    earlier = sa.func.lag(store.global_seq).over(
        partition_by=store.stream_id, order_by=store.version
    )
    numbered = sa.select(store.global_seq, store.stream_id, store.version, earlier.label("earlier"))
    each = numbered.subquery()
    strange = sa.select(each).where(each.c.earlier > each.c.global_seq).order_by(each.c.global_seq)
    for number, stream, version, before in _all(connection, strange):
        yield (
            f"event {number}: it is version {version} of stream {stream!r}, and the one before has "
            f"the higher global_seq {before}"
        )


def _ahead(connection: Connection, highest: int) -> Iterator[str]:
    """Yield a number that PostgreSQL's sequence has not come to, if this role may ask it.

    Asked last: what is appended meanwhile moves it on.
    """
    if connection.dialect.name != "postgresql":
        return
    for (last,) in connection.exec_driver_sql(_SEQUENCE):
        if highest > (last or 0):
            yield (
                f"event {highest}: the database has not given out its global_seq, "
                f"but only numbers up to {last or 0}"
            )


def _findings(event: Stored) -> Iterator[str]:
    if not is_ulid(event.event_id):
        yield f"its id {event.event_id!r} is no ULID"
    for name in ("stream_id", "stream_type", "event_type"):
        if not isinstance(getattr(event, name), str):
            yield f"its {name} {getattr(event, name)!r} is no text"
    try:
        time_of(event.recorded_at)
    except ValueError as error:
        yield f"its time cannot be read: {error}" if event.recorded_at else str(error)
    for name in ("payload", "metadata"):
        document = getattr(event, name)
        if document is not None:
            try:
                decode(document)
            except ValueError as error:
                yield f"its {name} cannot be read: {error}"


def _all(connection: Connection, query: sa.Select[Any]) -> Iterator[Any]:
    yield from connection.execution_options(yield_per=PIECE).execute(query)
