"""How is a SQLite file backed up and put back? With SQLite's own online backup, both ways.

A plain copy of the file misses what is still in its write-ahead log. The online backup reads
through SQLite, and when it writes, it does so in one transaction of the file it writes to, which
a crash rolls back and which takes an old write-ahead log into account.
Source: https://www.sqlite.org/backup.html
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from calista.db import catalog
from calista.db.backups import identity
from calista.db.backups.contents import Contents
from calista.db.backups.files import BackupError, assert_room
from calista.db.policy import VERSION_TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from calista.db.database import Database

SUFFIX = ".sqlite"


def write(database: Database, target: Path) -> None:
    """Copy the database into ``target``.

    Raises:
        BackupError: There is no room, or SQLite cannot read or write.
    """
    with (
        _errors(f"no backup of {database.path} could be made"),
        _open(database.path, database.settings.lock_timeout) as source,
        _open(target) as copy,
    ):
        # Waits for a writer, and fails when it waits too long; `backup` would wait for ever.
        source.execute("BEGIN")
        assert_room(target.parent, _value(source, "page_count") * _value(source, "page_size"))
        # The copy is ours alone: no journal beside it, and the disk is waited for once, at the end.
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        source.backup(copy)
        _make_self_contained(copy)


def verify(path: Path, source: Path | None = None) -> None:
    """Read every page of a backup; ``source`` is what people know it as.

    Raises:
        BackupError: It is no database, or a damaged one.
    """
    wrong = f"{source or path} is not a whole backup"
    with _errors(wrong), _open(path, mode="ro") as copy:
        found = [row[0] for row in copy.execute("PRAGMA integrity_check(3)")]
        if found != ["ok"]:
            raise BackupError(f"{wrong}: {'; '.join(found)}")


def examine(path: Path, source: Path) -> Contents:
    """Read what a backup holds, and what tells its database from others.

    Raises:
        BackupError: It cannot be read, or is another program's database.
    """
    with _errors(f"{source} cannot be read"), _open(path, mode="ro") as copy:
        tables = [
            row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        if tables and VERSION_TABLE not in tables:
            raise BackupError(
                f"{source} is not a backup of CALISTA's: it is another program's database",
                "choose a file that `calista db backup` made",
            )
        current: list[str] = []
        if tables:
            rows = copy.execute(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608
            current = sorted(str(row[0]) for row in rows)
        marks = identity.read(lambda query: copy.execute(query).fetchall(), identity.ON_SQLITE)
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(_uri(path, "ro"), uri=True), poolclass=NullPool
    )
    with engine.connect() as connection:
        return Contents(tuple(current), marks, catalog.read(connection))


def restore(database: Database, source: Path, assert_held: Callable[[], None]) -> None:
    """Replace the content of the database by a backup, all of it or nothing.

    Raises:
        BackupError: It could not be done; the database is as it was.
    """
    deadline = time.monotonic() + database.settings.lock_timeout

    def wait(status: int, _remaining: int, _total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > deadline:
            raise sqlite3.OperationalError("another program is using the database")

    with (
        _errors(f"{database.path} could not be restored"),
        _open(source, mode="ro") as backup,
    ):
        size = _value(backup, "page_count") * _value(backup, "page_size")
        assert_room(database.path.parent, size, "to restore it", "make room")
        fresh = not database.exists
        try:
            with _open(database.path, mode="rwc") as live:
                if _value(live, "page_size") != _value(backup, "page_size"):
                    # A write-ahead log cannot change the size of its pages.
                    live.execute("PRAGMA journal_mode = DELETE")
                assert_held()
                backup.backup(live, progress=wait)
        finally:
            if fresh and database.exists and database.path.stat().st_size == 0:
                database.path.unlink()


def _make_self_contained(copy: sqlite3.Connection) -> None:
    """Leave a file that is a database by itself, even if what was copied is empty."""
    copy.execute("PRAGMA journal_mode = DELETE")
    if _value(copy, "page_count") == 0:
        copy.execute("CREATE TABLE nothing (nothing)")
        copy.execute("DROP TABLE nothing")


def _value(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


@contextlib.contextmanager
def _open(path: Path, timeout: float = 0, mode: str = "rw") -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(_uri(path, mode), uri=True, timeout=timeout, isolation_level=None)
    try:
        if mode == "ro":
            # What somebody has put into the schema of a file is looked at, and not run.
            connection.execute("PRAGMA trusted_schema = OFF")
        yield connection
    finally:
        connection.close()


def _uri(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?mode={mode}"


@contextlib.contextmanager
def _errors(message: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise BackupError(f"{message}: {error}", "the database was not touched") from error
