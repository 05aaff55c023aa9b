"""How is a backup made, and put back? Both under the upgrade lock, which the caller holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista.db.backups import files
from calista.db.backups.files import Backup, BackupError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from calista.db.database import Database
    from calista.db.gate import Standing

__all__ = ["Backup", "BackupError", "existing", "make", "restore"]


def existing(database: Database) -> list[Backup]:
    """Return the whole backups of this database, newest first."""
    return files.existing(database.backup_dir, database.label)


def make(
    database: Database, standing: Standing, assert_held: Callable[[], None], *, prune: bool = True
) -> Backup:
    """Back the database up, verify the backup, and remove the oldest ones.

    Args:
        database: What is backed up.
        standing: How it stands; its revision goes into the backup's name.
        assert_held: Raises when the upgrade lock was lost.
        prune: Whether older backups are removed.

    Raises:
        BackupError: There is no whole backup; the database was not touched.
    """
    revision = "_".join(standing.current) or str(standing.state)
    folder = database.backup_dir
    if database.is_sqlite:
        from calista.db.backups import sqlite

        with files.new_file(folder, database.label, revision, sqlite.SUFFIX) as draft:
            sqlite.write(database, draft.path)
            sqlite.verify(draft.path)
            assert_held()
            backup = draft.keep()
    else:
        from calista.db.backups import postgresql

        with files.new_file(folder, database.label, revision, postgresql.SUFFIX) as draft:
            using = postgresql.write(database, draft.path)
            postgresql.verify(database, draft.path, using)
            # Without the lock, the revision in its name may be another by now.
            assert_held()
            backup = draft.keep()
    if prune:
        files.prune(folder, database.label, database.settings.backup_keep, backup.path)
    return backup


def assert_whole(database: Database, source: Path) -> None:
    """Read all of a backup.

    Raises:
        BackupError: It is damaged, cut off, unfinished, or of the other kind of database.
    """
    files.assert_unchanged(source)
    with source.open("rb") as file:
        start = file.read(16)
    kind = {b"SQLite format 3\0": "SQLite"}.get(
        start, "PostgreSQL" if start[:5] == b"PGDMP" else ""
    )
    wanted = "SQLite" if database.is_sqlite else "PostgreSQL"
    if kind != wanted:
        raise BackupError(
            f"{source} is no backup of a {wanted} database",
            f"it is one of {kind}" if kind else "choose a file that `calista db backup` made",
        )
    if database.is_sqlite:
        from calista.db.backups import sqlite

        if database.exists and source.samefile(database.path):
            raise BackupError(f"{source} is the database itself", "choose one of its backups")
        sqlite.verify(source)
        if not files.has_name_of_backup(source):
            sqlite.assert_ours(source)
    else:
        from calista.db.backups import postgresql

        postgresql.read_through(database, source)


def restore(database: Database, source: Path) -> None:
    """Put a backup in the place of what the database holds, all of it or nothing.

    Raises:
        BackupError: It could not be done; the database is as it was.
    """
    if database.is_sqlite:
        from calista.db.backups import sqlite

        sqlite.restore(database, source)
    else:
        from calista.db.backups import postgresql

        postgresql.restore(database, source)
