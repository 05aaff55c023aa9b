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
from sqlalchemy.exc import SQLAlchemyError

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
_UNLOCK = "SELECT pg_advisory_unlock(:key)"
#: PostgreSQL 14 and newer know it.
_NEVER_IDLE = """SELECT set_config(name, '0', false) FROM pg_settings
    WHERE name = 'idle_session_timeout'"""


class LockTimeoutError(CalistaError):
    """Another process kept the upgrade lock for longer than we were ready to wait."""


class LockLostError(CalistaError):
    """The server has ended the session that held the upgrade lock: others may begin."""

    def __init__(self, action: str) -> None:
        super().__init__(
            f"the connection that holds the upgrade lock was lost; the {action} stops here",
            f"the database is at a whole revision: run `calista db {action}` again",
        )


@contextmanager
def upgrade_lock(
    database: Database, action: str = "upgrade", *, waiting: Callable[[], None] = lambda: None
) -> Iterator[Callable[[], None]]:
    """Hold the one upgrade lock of this database.

    Args:
        database: The database that is about to be upgraded, backed up or restored.
        action: What is done to it: the last word of the command.
        waiting: Called once if another process holds the lock.

    Yields:
        A function that raises when the lock has been lost, to be called before what cannot be
        undone.

    Raises:
        LockTimeoutError: It could not be had within ``lock_timeout``.
        LockLostError: It was not ours any more at the end.
    """
    if database.is_sqlite:
        with _file_lock(database, waiting):
            yield lambda: None
    else:
        with _advisory_lock(database, action, waiting) as still_held:
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
def _advisory_lock(
    database: Database, action: str, waiting: Callable[[], None]
) -> Iterator[Callable[[], None]]:
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
        # It will say nothing for as long as a revision takes, and that must not end it.
        connection.execute(text(_NEVER_IDLE))
        query = text("SELECT pg_try_advisory_lock(:key)")
        _wait(lambda: bool(connection.scalar(query, key)), database, waiting)
        try:
            yield lambda: _assert_answer(connection, "SELECT true", {}, action)
        except BaseException:
            # Whatever it was, it is told; a lock that is lost as well is no news.
            with contextlib.suppress(LockLostError):
                _assert_answer(connection, _UNLOCK, key, action)
            raise
        _assert_answer(connection, _UNLOCK, key, action)


def _assert_answer(connection: Connection, query: str, values: dict[str, int], action: str) -> None:
    """Ask on the lock's connection what is true as long as it is held.

    Not only `DBAPIError`: asked once more, SQLAlchemy says that a lost connection must be rolled
    back first.
    """
    try:
        held = connection.scalar(text(query), values)
    except SQLAlchemyError as error:
        raise LockLostError(action) from error
    if not held:
        raise LockLostError(action)


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
