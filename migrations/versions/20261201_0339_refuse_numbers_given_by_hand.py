"""refuse numbers given by hand

Revision ID: 98bd884d0868
Revises: b2f4a9d3c815
Create Date: 2026-12-01 03:39:00+00:00

`global_seq` orders all events and `entry` all upgrades: both come from the database alone. Whoever
may INSERT could give one himself (PostgreSQL: OVERRIDING SYSTEM VALUE), and with the highest number
there is be sorted after every event that follows, or with the next one be in the way of it.

On PostgreSQL a number is right if the table's sequence has just given it out in this very session.
The roles that append have no rights on the sequence, hence SECURITY DEFINER, with a search path
into which nobody can put anything; as a trigger it is called by nobody but the table. Replication
applies rows with the numbers that they have: these triggers sleep on a replica, unlike those that
refuse changes. A dump is loaded before its triggers are made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import op

if TYPE_CHECKING:
    from collections.abc import Sequence

revision: str = "98bd884d0868"
down_revision: str | None = "b2f4a9d3c815"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        op.execute(
            """
            CREATE FUNCTION event_store_forbid_number() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            DECLARE
                given bigint;
            BEGIN
                BEGIN
                    given = currval(format('%I.event_store_global_seq_seq', TG_TABLE_SCHEMA));
                EXCEPTION WHEN object_not_in_prerequisite_state THEN
                    given = NULL;  -- this session has had none
                END;
                IF NEW.global_seq IS DISTINCT FROM given THEN
                    RAISE EXCEPTION USING
                        ERRCODE = 'restrict_violation',
                        MESSAGE = TG_TABLE_NAME || ' is append-only: the database gives global_seq',
                        HINT = 'leave global_seq out of the INSERT';
                END IF;
                RETURN NEW;
            END
            $$
            """
        )
        op.execute(
            """
            CREATE TRIGGER event_store_forbid_number BEFORE INSERT ON event_store
            FOR EACH ROW EXECUTE FUNCTION event_store_forbid_number()
            """
        )
        op.execute(
            """
            CREATE FUNCTION upgrade_log_forbid_number() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
            DECLARE
                given bigint;
            BEGIN
                BEGIN
                    given = currval(format('%I.upgrade_log_entry_seq', TG_TABLE_SCHEMA));
                EXCEPTION WHEN object_not_in_prerequisite_state THEN
                    given = NULL;  -- this session has had none
                END;
                IF NEW.entry IS DISTINCT FROM given THEN
                    RAISE EXCEPTION USING
                        ERRCODE = 'restrict_violation',
                        MESSAGE = TG_TABLE_NAME || ' is append-only: the database gives entry',
                        HINT = 'leave entry out of the INSERT';
                END IF;
                RETURN NEW;
            END
            $$
            """
        )
        op.execute(
            """
            CREATE TRIGGER upgrade_log_forbid_number BEFORE INSERT ON upgrade_log
            FOR EACH ROW EXECUTE FUNCTION upgrade_log_forbid_number()
            """
        )
    else:
        # Before the row is there, SQLite shows -1 for a key of its own choosing; given by hand,
        # that is refused by the table's CHECK (see create_event_store).
        op.execute(
            """
            CREATE TRIGGER event_store_forbid_number BEFORE INSERT ON event_store
            WHEN NEW.global_seq <> -1
            BEGIN
                SELECT RAISE(ABORT, 'event_store is append-only: the database gives global_seq');
            END
            """
        )
        op.execute(
            """
            CREATE TRIGGER upgrade_log_forbid_number BEFORE INSERT ON upgrade_log
            WHEN NEW.entry <> -1
            BEGIN
                SELECT RAISE(ABORT, 'upgrade_log is append-only: the database gives entry');
            END
            """
        )


def downgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        op.execute("DROP TRIGGER upgrade_log_forbid_number ON upgrade_log")
        op.execute("DROP FUNCTION upgrade_log_forbid_number()")
        op.execute("DROP TRIGGER event_store_forbid_number ON event_store")
        op.execute("DROP FUNCTION event_store_forbid_number()")
    else:
        op.execute("DROP TRIGGER upgrade_log_forbid_number")
        op.execute("DROP TRIGGER event_store_forbid_number")
