"""Is every stored event readable, and every stream without gaps?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from calista.db.documents import decode
from calista.db.tables import event_store
from calista.events.store import PIECE
from calista.events.ulid import is_ulid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


def problems(connection: Connection) -> Iterator[str]:
    """Yield what is wrong with the stored events, one line for each finding."""
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
    # As text: a document that cannot be read must be a finding, not an error of the driver.
    events = sa.select(
        store.global_seq,
        store.event_id,
        sa.cast(store.recorded_at, sa.Text),
        sa.type_coerce(sa.cast(store.payload, sa.Text), sa.Text),
        sa.type_coerce(sa.cast(store.metadata, sa.Text), sa.Text),
    ).order_by(store.global_seq)
    for row in _all(connection, events):
        yield from (f"event {row[0]}: {finding}" for finding in _findings(row))


def _findings(row: Any) -> Iterator[str]:
    _seq, event_id, recorded_at, payload, metadata = row
    if not is_ulid(event_id):
        yield f"its id {event_id!r} is no ULID"
    if not recorded_at:
        yield "it has no time"
    for name, document in (("payload", payload), ("metadata", metadata)):
        if document is not None:
            try:
                decode(document)
            except ValueError as error:
                yield f"its {name} cannot be read: {error}"


def _all(connection: Connection, query: sa.Select[Any]) -> Iterator[Any]:
    yield from connection.execution_options(yield_per=PIECE).execute(query)
