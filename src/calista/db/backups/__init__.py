"""How is a backup made, and put back? Both under the upgrade lock, which the caller holds."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from calista.db.backups import files
from calista.db.backups.files import Backup, BackupError
from calista.db.upgrade_log import last_backup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from calista.db.backups.contents import Contents
    from calista.db.database import Database
    from calista.db.gate import Standing

__all__ = [
    "Backup",
    "BackupError",
    "assert_whole",
    "examine",
    "existing",
    "make",
    "opened",
    "restore",
]


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
            using, tables = postgresql.write(database, draft.path)
            postgresql.verify(database, draft.path, using, tables)
            # Without the lock, the revision in its name may be another by now.
            assert_held()
            backup = draft.keep()
    if prune:
        # The way back from the last upgrade stays open, however many backups were made since.
        needed = filter(None, [last_backup(database)])
        files.prune(folder, database.label, database.settings.backup_keep, set(needed))
    return backup


@contextmanager
def opened(database: Database, source: Path) -> Iterator[Path]:
    """Offer a backup as a copy that nobody can exchange between its check and its use.

    Raises:
        BackupError: It is not there, not what was written, or of the other kind of database.
    """
    if database.is_sqlite:
        _assert_by_itself(database, source)
    with files.private_copy(source, database.backup_dir, database.label) as copy:
        with copy.open("rb") as file:
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
        yield copy


def _assert_by_itself(database: Database, source: Path) -> None:
    """Refuse the database itself, and a file of which a part lies beside it."""
    with suppress(OSError):
        if database.exists and source.samefile(database.path):
            raise BackupError(f"{source} is the database itself", "choose one of its backups")
        for end in ("-wal", "-journal"):
            beside = source.with_name(source.name + end)
            if beside.exists() and beside.stat().st_size:
                raise BackupError(
                    f"{source} is not a whole backup: a part of it is in {beside.name}",
                    "choose a file that `calista db backup` made",
                )


def assert_whole(database: Database, source: Path) -> None:
    """Read all of a backup.

    Raises:
        BackupError: It is damaged, cut off, unfinished, or of the other kind of database.
    """
    with opened(database, source) as copy:
        if database.is_sqlite:
            from calista.db.backups import sqlite

            sqlite.verify(copy, source)
        else:
            from calista.db.backups import postgresql

            postgresql.read_through(database, copy)


def examine(database: Database, copy: Path, source: Path) -> Contents:
    """Read all of a backup, and say what it holds; the database is not touched.

    Args:
        database: What it would be put in the place of.
        copy: The backup as `opened` offers it.
        source: What people know it as.

    Raises:
        BackupError: It is damaged, or not CALISTA's.
    """
    if database.is_sqlite:
        from calista.db.backups import sqlite

        sqlite.verify(copy, source)
        return sqlite.examine(copy, source)
    from calista.db.backups import postgresql

    return postgresql.examine(database, copy, source)


def restore(database: Database, copy: Path, assert_held: Callable[[], None]) -> None:
    """Put a backup in the place of what the database holds, all of it or nothing.

    Raises:
        BackupError: It could not be done; the database is as it was.
        LockLostError: The upgrade lock was lost; the database is as it was.
    """
    if database.is_sqlite:
        from calista.db.backups import sqlite

        sqlite.restore(database, copy, assert_held)
    else:
        from calista.db.backups import postgresql

        postgresql.restore(database, copy, assert_held)
