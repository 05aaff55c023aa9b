"""What has `calista db upgrade` done to this database? Its own append-only record.

A database with an entry is in use: its downgrades are refused (ADR-0004, forward only).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import calista
from calista.db.tables import upgrade_log
from calista.errors import CalistaError

if TYPE_CHECKING:
    from collections.abc import Collection

    from alembic.runtime.migration import MigrationInfo
    from sqlalchemy import Connection

    from calista.db.database import Database

ALLOW = "allow-downgrade"


class DowngradeRefusedError(CalistaError):
    """Somebody tried to take a database back that `calista db upgrade` has brought forward."""

    def __init__(self) -> None:
        super().__init__(
            "this database was upgraded by `calista db upgrade` and only goes forward: "
            "a downgrade would lose what has been stored since",
            "write a revision that corrects the earlier one, or `calista db restore` a backup; "
            f"where the data may be lost: alembic -x {ALLOW}=1 downgrade ...",
        )


class Recorder:
    """Writes an entry for each revision, in the revision's own transaction.

    What comes before the revision that makes the table waits for it.
    """

    def __init__(self, backup_file: str | None) -> None:
        self.backup_file = backup_file
        self.entries: list[dict[str, Any]] = []
        self.started = time.monotonic()

    def record(self, connection: Connection, revision: str) -> float:
        """Record a revision whose transaction is about to commit; returns its seconds."""
        seconds = time.monotonic() - self.started
        self.entries.append(
            {
                "revision": revision,
                "calista_version": calista.__version__,
                "seconds": round(seconds, 3),
                "backup_file": self.backup_file,
            }
        )
        if _exists(connection):
            # As PostgreSQL does it by itself; SQLite's own clock knows only seconds.
            stamp = {"applied_at": datetime.now(UTC)} if connection.dialect.name == "sqlite" else {}
            connection.execute(upgrade_log.insert(), [entry | stamp for entry in self.entries])
            self.entries = []
        return seconds


def names_one_of(connection: Connection, revisions: Collection[str]) -> bool:
    """Whether the log holds an entry for one of these revisions.

    Rows about anything else were not written by us: a round-trip puts sample rows into tables.
    """
    if not _exists(connection):
        return False
    return any(row.revision in revisions for row in connection.execute(upgrade_log.select()))


def last_backup(database: Database) -> str | None:
    """Return the name of the backup from before the last upgrade that made one."""
    if not database.exists:
        return None
    with database.connect() as connection:
        if not _exists(connection):
            return None
        query = (
            upgrade_log.select()
            .where(upgrade_log.c.backup_file.is_not(None))
            .order_by(upgrade_log.c.entry.desc())
            .limit(1)
        )
        row = connection.execute(query).first()
        return None if row is None else str(row.backup_file)


def refuse_downgrade(*, step: MigrationInfo, **_: Any) -> None:
    """Stop a downgrade before it commits; one of Alembic's ``on_version_apply`` callbacks.

    Raises:
        DowngradeRefusedError: The step goes back.
    """
    if not step.is_upgrade and not step.is_stamp:
        raise DowngradeRefusedError


def _exists(connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":
        query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'upgrade_log'"
    else:
        query = "SELECT 1 WHERE to_regclass('calista.upgrade_log') IS NOT NULL"
    return connection.exec_driver_sql(query).first() is not None
