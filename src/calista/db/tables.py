"""What tables does this version of the code expect?

Only what queries and autogenerate need. Triggers are no part of SQLAlchemy's metadata; the
revisions in ``migrations/versions`` make them, and ``calista db verify`` looks for them.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from calista.db.metadata import metadata as metadata

#: SQLite numbers the rows of a table by itself only where the key's type is exactly INTEGER.
BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)
NOW = sa.text("CURRENT_TIMESTAMP")

event_store = sa.Table(
    "event_store",
    metadata,
    sa.Column(
        "global_seq",
        BIG_KEY,
        sa.Identity(always=True),
        primary_key=True,
        comment="Position among all events, given by the database",
    ),
    sa.Column("stream_id", sa.String(200), nullable=False, comment="What the event is about"),
    sa.Column("stream_type", sa.String(100), nullable=False, comment="Kind of the stream"),
    sa.Column(
        "version", sa.Integer(), nullable=False, comment="Position in the stream, from 1, no gaps"
    ),
    sa.Column("event_id", sa.String(26), nullable=False, comment="ULID of the event"),
    sa.Column("event_type", sa.String(120), nullable=False, comment="What happened"),
    sa.Column(
        "recorded_at",
        sa.DateTime(timezone=True),
        nullable=False,
        server_default=NOW,
        comment="When the event was stored, UTC",
    ),
    sa.Column("payload", DOCUMENT, nullable=False, comment="The event itself"),
    sa.Column("metadata", DOCUMENT, nullable=True, comment="Who, why, from where"),
    sa.UniqueConstraint("event_id"),
    sa.UniqueConstraint("stream_id", "version"),
    sa.CheckConstraint("global_seq >= 1", name="positive_global_seq"),
    sa.CheckConstraint("version >= 1", name="positive_version"),
    sa.CheckConstraint("length(event_id) = 26", name="event_id_length"),
    comment="Append-only log of events: what happened, in order",
)
sa.Index(None, event_store.c.event_type)
sa.Index(None, event_store.c.stream_id, event_store.c.global_seq)
sa.Index(None, event_store.c.stream_type, event_store.c.event_type)
# SQLite has no GIN indexes. `ddl_if` is for create_all, `info` for autogenerate, which does not
# ask `ddl_if` (see `calista.db.policy`).
sa.Index(
    None,
    event_store.c.payload,
    postgresql_using="gin",
    info={"dialects": ("postgresql",)},
).ddl_if(dialect="postgresql")

upgrade_log = sa.Table(
    "upgrade_log",
    metadata,
    sa.Column(
        "entry",
        BIG_KEY,
        sa.Identity(always=True),
        primary_key=True,
        comment="Order of the entries, given by the database",
    ),
    sa.Column("revision", sa.String(32), nullable=False, comment="The revision applied"),
    sa.Column(
        "applied_at",
        sa.DateTime(timezone=True),
        nullable=False,
        server_default=NOW,
        comment="When, UTC",
    ),
    sa.Column(
        "calista_version",
        sa.String(64),
        nullable=False,
        comment="The version of CALISTA that applied it",
    ),
    sa.Column("seconds", sa.Double(), nullable=False, comment="How long it took"),
    sa.Column(
        "backup_file",
        sa.String(255),
        nullable=True,
        comment="Name of the backup taken before; NULL if none was wanted",
    ),
    sa.CheckConstraint("entry >= 1", name="positive_entry"),
    comment="Append-only log of what `calista db upgrade` did",
)
