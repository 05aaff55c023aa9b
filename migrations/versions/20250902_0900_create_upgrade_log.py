"""create upgrade log

Revision ID: b2f4a9d3c815
Revises: 7c1d0e5b9a42
Create Date: 2025-09-02 09:00:00+00:00

`calista db upgrade` records here what it did. The table is append-only as the event store is; a
database in which it holds an entry is in use, and refuses `alembic downgrade`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op

if TYPE_CHECKING:
    from collections.abc import Sequence

revision: str = "b2f4a9d3c815"
down_revision: str | None = "7c1d0e5b9a42"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    bind = op.get_bind()

    op.create_table(
        "upgrade_log",
        sa.Column(
            "entry",
            # SQLite numbers rows by itself only where the key's type is exactly INTEGER.
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=True),
            nullable=False,
            comment="Order of the entries, given by the database",
        ),
        sa.Column("revision", sa.String(32), nullable=False, comment="The revision applied"),
        sa.Column(
            "applied_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("CURRENT_TIMESTAMP"),
            nullable=False,
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
        # See create_event_store: the trigger against REPLACE relies on it.
        sa.CheckConstraint("entry >= 1", name=op.f("ck_upgrade_log_positive_entry")),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_upgrade_log")),
        comment="Append-only log of what `calista db upgrade` did",
    )

    if bind.dialect.name == "postgresql":
        op.execute(
            """
            CREATE FUNCTION upgrade_log_forbid_mod() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION USING
                    ERRCODE = 'restrict_violation',
                    MESSAGE = TG_TABLE_NAME || ' is append-only: ' || TG_OP || ' is not allowed';
            END
            $$
            """
        )
        op.execute(
            """
            CREATE TRIGGER upgrade_log_forbid_mod
            BEFORE UPDATE OR DELETE ON upgrade_log
            FOR EACH ROW EXECUTE FUNCTION upgrade_log_forbid_mod()
            """
        )
        op.execute(
            """
            CREATE TRIGGER upgrade_log_forbid_truncate
            BEFORE TRUNCATE ON upgrade_log
            FOR EACH STATEMENT EXECUTE FUNCTION upgrade_log_forbid_mod()
            """
        )
        # Without ALWAYS, triggers sleep under `session_replication_role = replica`.
        op.execute("ALTER TABLE upgrade_log ENABLE ALWAYS TRIGGER upgrade_log_forbid_mod")
        op.execute("ALTER TABLE upgrade_log ENABLE ALWAYS TRIGGER upgrade_log_forbid_truncate")
    else:
        op.execute(
            """
            CREATE TRIGGER upgrade_log_forbid_update BEFORE UPDATE ON upgrade_log
            BEGIN
                SELECT RAISE(ABORT, 'upgrade_log is append-only: UPDATE is not allowed');
            END
            """
        )
        op.execute(
            """
            CREATE TRIGGER upgrade_log_forbid_delete BEFORE DELETE ON upgrade_log
            BEGIN
                SELECT RAISE(ABORT, 'upgrade_log is append-only: DELETE is not allowed');
            END
            """
        )
        op.execute(
            """
            CREATE TRIGGER upgrade_log_forbid_replace BEFORE INSERT ON upgrade_log
            BEGIN
                SELECT RAISE(ABORT, 'upgrade_log is append-only: this entry exists')
                WHERE EXISTS (SELECT 1 FROM upgrade_log WHERE entry = NEW.entry);
            END
            """
        )


def downgrade() -> None:
    bind = op.get_bind()

    if bind.dialect.name == "postgresql":
        op.execute("DROP TRIGGER upgrade_log_forbid_truncate ON upgrade_log")
        op.execute("DROP TRIGGER upgrade_log_forbid_mod ON upgrade_log")
        op.execute("DROP FUNCTION upgrade_log_forbid_mod()")
    else:
        op.execute("DROP TRIGGER upgrade_log_forbid_replace")
        op.execute("DROP TRIGGER upgrade_log_forbid_delete")
        op.execute("DROP TRIGGER upgrade_log_forbid_update")

    op.drop_table("upgrade_log")
