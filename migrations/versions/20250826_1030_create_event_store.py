"""create event store

Revision ID: 7c1d0e5b9a42
Revises:
Create Date: 2025-08-26 10:30:00+00:00

The store is append-only on both dialects: every statement that would change or remove a row is
refused by a trigger that says why. No trigger can refuse what its table's owner does to the table
itself: DROP TABLE, DROP TRIGGER, DISABLE TRIGGER and ALTER COLUMN ... TYPE ... USING (which
rewrites every row). `calista db verify` finds what such a statement left behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

if TYPE_CHECKING:
    from collections.abc import Sequence

revision: str = "7c1d0e5b9a42"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    bind = op.get_bind()
    document = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

    op.create_table(
        "event_store",
        sa.Column(
            "global_seq",
            # SQLite numbers rows by itself only where the key's type is exactly INTEGER.
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=True),
            nullable=False,
            comment="Position among all events, given by the database",
        ),
        sa.Column("stream_id", sa.String(200), nullable=False, comment="What the event is about"),
        sa.Column("stream_type", sa.String(100), nullable=False, comment="Kind of the stream"),
        sa.Column(
            "version",
            sa.Integer(),
            nullable=False,
            comment="Position in the stream, from 1, no gaps",
        ),
        sa.Column("event_id", sa.String(26), nullable=False, comment="ULID of the event"),
        sa.Column("event_type", sa.String(120), nullable=False, comment="What happened"),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("CURRENT_TIMESTAMP"),
            nullable=False,
            comment="When the event was stored, UTC",
        ),
        sa.Column("payload", document, nullable=False, comment="The event itself"),
        sa.Column("metadata", document, nullable=True, comment="Who, why, from where"),
        # The trigger against REPLACE relies on it: SQLite shows it a key of its own choosing
        # as -1, so that a row with that key would have to be either replaceable or in the way.
        sa.CheckConstraint("global_seq >= 1", name=op.f("ck_event_store_positive_global_seq")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_event_store_positive_version")),
        sa.CheckConstraint("length(event_id) = 26", name=op.f("ck_event_store_event_id_length")),
        sa.PrimaryKeyConstraint("global_seq", name=op.f("pk_event_store")),
        sa.UniqueConstraint("event_id", name=op.f("uq_event_store_event_id")),
        sa.UniqueConstraint("stream_id", "version", name=op.f("uq_event_store_stream_id_version")),
        comment="Append-only log of events: what happened, in order",
    )
    op.create_index(
        op.f("ix_event_store_event_store_event_type"), "event_store", ["event_type"], unique=False
    )
    op.create_index(
        op.f("ix_event_store_event_store_stream_id_event_store_global_seq"),
        "event_store",
        ["stream_id", "global_seq"],
        unique=False,
    )
    op.create_index(
        op.f("ix_event_store_event_store_stream_type_event_store_event_type"),
        "event_store",
        ["stream_type", "event_type"],
        unique=False,
    )
    if bind.dialect.name == "postgresql":  # noqa: CAL202 - SQLite has no GIN indexes; it scans
        op.create_index(
            op.f("ix_event_store_event_store_payload"),
            "event_store",
            ["payload"],
            unique=False,
            postgresql_using="gin",
        )

    if bind.dialect.name == "postgresql":
        op.execute(
            """
            CREATE FUNCTION event_store_forbid_mod() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION USING
                    ERRCODE = 'restrict_violation',
                    MESSAGE = TG_TABLE_NAME || ' is append-only: ' || TG_OP || ' is not allowed',
                    HINT = 'append an event that corrects the earlier one';
            END
            $$
            """
        )
        # Row triggers, so that an upsert without a conflict still appends. They also stop MERGE
        # and ON CONFLICT DO UPDATE, but not TRUNCATE, which needs a trigger of its own.
        op.execute(
            """
            CREATE TRIGGER event_store_forbid_mod
            BEFORE UPDATE OR DELETE ON event_store
            FOR EACH ROW EXECUTE FUNCTION event_store_forbid_mod()
            """
        )
        op.execute(
            """
            CREATE TRIGGER event_store_forbid_truncate
            BEFORE TRUNCATE ON event_store
            FOR EACH STATEMENT EXECUTE FUNCTION event_store_forbid_mod()
            """
        )
        # Without ALWAYS, triggers sleep under `session_replication_role = replica`.
        op.execute("ALTER TABLE event_store ENABLE ALWAYS TRIGGER event_store_forbid_mod")
        op.execute("ALTER TABLE event_store ENABLE ALWAYS TRIGGER event_store_forbid_truncate")
    else:
        op.execute(
            """
            CREATE TRIGGER event_store_forbid_update BEFORE UPDATE ON event_store
            BEGIN
                SELECT RAISE(ABORT, 'event_store is append-only: UPDATE is not allowed');
            END
            """
        )
        op.execute(
            """
            CREATE TRIGGER event_store_forbid_delete BEFORE DELETE ON event_store
            BEGIN
                SELECT RAISE(ABORT, 'event_store is append-only: DELETE is not allowed');
            END
            """
        )
        # REPLACE removes the row in its way without firing DELETE triggers (they would, with
        # `PRAGMA recursive_triggers`, which is the connection's choice and not the file's:
        # https://www.sqlite.org/lang_conflict.html), hence one question for each unique key.
        op.execute(
            """
            CREATE TRIGGER event_store_forbid_replace BEFORE INSERT ON event_store
            BEGIN
                SELECT RAISE(ABORT, 'event_store is append-only: this global_seq exists')
                WHERE EXISTS (SELECT 1 FROM event_store WHERE global_seq = NEW.global_seq);
                SELECT RAISE(ABORT, 'event_store is append-only: this event_id exists')
                WHERE EXISTS (SELECT 1 FROM event_store WHERE event_id = NEW.event_id);
                SELECT RAISE(
                    ABORT, 'event_store is append-only: this version of the stream exists'
                )
                WHERE EXISTS (
                    SELECT 1 FROM event_store
                    WHERE stream_id = NEW.stream_id AND version = NEW.version
                );
            END
            """
        )


def downgrade() -> None:
    bind = op.get_bind()

    if bind.dialect.name == "postgresql":
        op.execute("DROP TRIGGER event_store_forbid_truncate ON event_store")
        op.execute("DROP TRIGGER event_store_forbid_mod ON event_store")
        op.execute("DROP FUNCTION event_store_forbid_mod()")
    else:
        op.execute("DROP TRIGGER event_store_forbid_replace")
        op.execute("DROP TRIGGER event_store_forbid_delete")
        op.execute("DROP TRIGGER event_store_forbid_update")

    if bind.dialect.name == "postgresql":  # noqa: CAL202 - upgrade made no GIN index on SQLite
        op.drop_index(op.f("ix_event_store_event_store_payload"), table_name="event_store")
    op.drop_index(
        op.f("ix_event_store_event_store_stream_type_event_store_event_type"),
        table_name="event_store",
    )
    op.drop_index(
        op.f("ix_event_store_event_store_stream_id_event_store_global_seq"),
        table_name="event_store",
    )
    op.drop_index(op.f("ix_event_store_event_store_event_type"), table_name="event_store")
    op.drop_table("event_store")
