"""SQLite scratch databases: files in a folder that goes away."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from sqlalchemy import URL

    from calista_tools.backends.scratch import ScratchDatabase

#: Seconds to wait for somebody who reads a database that is to be another one.
_PATIENCE = 0.2
#: What SQLite leaves beside a database that was not closed properly.
_COMPANIONS = ("-journal", "-wal", "-shm")


def _assert_going_on(status: int, remaining: int, total: int) -> None:
    """Python would try for ever where somebody else is at a database."""
    if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        raise sqlite3.OperationalError(f"locked, {remaining} of {total} pages remain")


class SqliteFolder:
    """Makes SQLite databases in a folder of its own; use it in a ``with`` block."""

    dialect = "sqlite"

    def __init__(self, drivername: str = "sqlite") -> None:
        self.drivername = drivername
        self._folder = tempfile.TemporaryDirectory(prefix="calista-", ignore_cleanup_errors=True)
        self._numbers = count(1)

    def __enter__(self) -> SqliteFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def server_version(self) -> str:
        """SQLite's version, as the library that Python links says it."""
        return f"SQLite {sqlite3.sqlite_version}"

    def create(self) -> SqliteDatabase:
        """Return a new, empty database."""
        path = Path(self._folder.name) / f"scratch{next(self._numbers)}.db"
        path.touch()
        return SqliteDatabase(path, self)

    def close(self) -> None:
        """Remove the folder with everything in it."""
        self._folder.cleanup()


class SqliteDatabase:
    """One file; see `ScratchDatabase`."""

    def __init__(self, path: Path, folder: SqliteFolder) -> None:
        self.roles: set[str] = set()
        self.path = path
        self._folder = folder

    @property
    def url(self) -> URL:
        """Where it is."""
        from sqlalchemy.engine import URL

        return URL.create(self._folder.drivername, database=str(self.path))

    def copy(self) -> SqliteDatabase:
        """Return a copy of it."""
        copied = self._folder.create()
        copied.replace_by(self)
        return copied

    def replace_by(self, other: ScratchDatabase | None) -> None:
        """Make it a copy of ``other``, or empty.

        Through the backup API, because the other file may be in WAL mode, where the file alone is
        not the database. In its place: an application that revisions import may keep a connection
        of its own, which a file put there instead would leave with the one that is gone.
        """
        assert other is None or isinstance(other, SqliteDatabase)
        try:
            self._overwrite(other)
        except sqlite3.Error:
            # Somebody reads it, or has broken it.
            self.drop()
            self._overwrite(other)

    def _overwrite(self, other: SqliteDatabase | None) -> None:
        with (
            contextlib.closing(sqlite3.connect(other.path if other else ":memory:")) as source,
            contextlib.closing(sqlite3.connect(self.path, timeout=_PATIENCE)) as target,
        ):
            target.execute("PRAGMA synchronous=OFF")
            source.backup(target, progress=_assert_going_on, sleep=_PATIENCE / 10)

    def drop(self) -> None:
        """Remove the file."""
        for suffix in ("", *_COMPANIONS):
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self.path}{suffix}").unlink()
