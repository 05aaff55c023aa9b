"""How is it made sure that only one upgrade runs? One lock around all of it, backup included.

A lock of each transaction is not enough: it is let go between two revisions, and a second
process starts in the middle.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from calista.db.engine import SCHEMA
from calista.db.policy import VERSION_TABLE
from calista.db.pooler import assert_own_session
from calista.errors import CalistaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from calista.db.database import Database

_PAUSE = 0.05


class LockTimeoutError(CalistaError):
    """Another process kept the upgrade lock for longer than we were ready to wait."""


@contextmanager
def upgrade_lock(
    database: Database, *, waiting: Callable[[], None] = lambda: None
) -> Iterator[Callable[[], None]]:
    """Hold the one upgrade lock of this database.

    Args:
        database: The database that is about to be upgraded, backed up or restored.
        waiting: Called once if another process holds the lock.

    Yields:
        A function that raises when the lock has been lost, to be called before each step.

    Raises:
        LockTimeoutError: It could not be had within ``lock_timeout``.
    """
    if database.is_sqlite:
        with _file_lock(database, waiting):
            yield lambda: None
    else:
        with _advisory_lock(database, waiting) as still_held:
            yield still_held


def _wait(attempt: Callable[[], bool], database: Database, waiting: Callable[[], None]) -> None:
    """Try until it works; asked again and again, so that nobody queues up in the database.

    A statement that waits in PostgreSQL holds a snapshot, which CREATE INDEX CONCURRENTLY of
    the process that has the lock would wait for in turn.
    """
    deadline = time.monotonic() + database.settings.lock_timeout
    told = False
    while not attempt():
        if not told:
            waiting()
            told = True
        if time.monotonic() >= deadline:
            raise LockTimeoutError(
                f"another upgrade of {database.shown} has been running for longer than "
                f"{database.settings.lock_timeout:g} seconds",
                "wait for it to end, or set a longer lock_timeout; nothing was changed",
            )
        time.sleep(_PAUSE)


@contextmanager
def _advisory_lock(database: Database, waiting: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Hold a session lock on a connection of its own.

    Of its own, since a lock of the transaction would end with the first commit, and in
    autocommit mode, since an open transaction here would keep `autocommit_block`s waiting.
    It would keep nobody out through a pooler that shares sessions, which is refused.
    """
    engine = database.engine().execution_options(isolation_level="AUTOCOMMIT")
    digest = hashlib.sha256(f"calista:{SCHEMA}.{VERSION_TABLE}".encode()).digest()
    key = {"key": int.from_bytes(digest[:8], "big", signed=True)}
    with database.errors(), engine.connect() as connection:
        assert_own_session(connection, database.shown)
        query = text("SELECT pg_try_advisory_lock(:key)")
        _wait(lambda: bool(connection.scalar(query, key)), database, waiting)
        try:
            yield lambda: _assert_held(connection)
        finally:
            # Fails if the server is gone, and then the lock is, too.
            with contextlib.suppress(DBAPIError):
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)


def _assert_held(connection: Connection) -> None:
    try:
        connection.execute(text("SELECT 1"))
    except DBAPIError as error:
        raise LockTimeoutError(
            "the connection that holds the upgrade lock was lost; the upgrade stops here",
            "the database is at a whole revision: run `calista db upgrade` again",
        ) from error


@contextmanager
def _file_lock(database: Database, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the operating system's lock on a file beside the database; it ends with the process.

    Not on the database file itself: closing any handle of it would drop SQLite's own locks.
    """
    path = database.path.with_name(database.path.name + ".upgrade-lock")
    held: list[BinaryIO] = []

    def attempt() -> bool:
        try:
            file = path.open("ab")
        except PermissionError:
            if sys.platform == "win32" and path.exists():
                return False  # being removed by the process that had it
            raise
        if _try_to_lock(file) and _is_at(file, path):
            held.append(file)
            return True
        file.close()
        return False

    try:
        _wait(attempt, database, waiting)
    except OSError as error:
        raise CalistaError(
            f"cannot lock {path}: {error.strerror or error}",
            "the folder of the database must exist, be writable and have room",
        ) from error
    try:
        yield
    finally:
        # Removed while still locked, so that whoever waits finds it gone and takes a new one.
        if sys.platform != "win32":
            path.unlink(missing_ok=True)
        held[0].close()
        if sys.platform == "win32":
            with contextlib.suppress(OSError):
                path.unlink()


def _is_at(file: BinaryIO, path: Path) -> bool:
    """Whether the locked file is still the one at the path, not one that was just removed."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _try_to_lock(file: BinaryIO) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_to_lock(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
