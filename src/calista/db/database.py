"""Which database does a command work on, and how does it get a connection to it?"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError, PendingRollbackError

from calista.db import engine as engines
from calista.db import same_file
from calista.errors import CalistaError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from calista.settings import Settings


class DatabaseMissingError(CalistaError):
    """There is no SQLite file where the URL says."""


@dataclass(frozen=True)
class Database:
    """One database and the settings that hold for it."""

    url: URL
    settings: Settings

    @classmethod
    def of(cls, settings: Settings) -> Database:
        """Return the database that the settings name.

        Raises:
            CalistaError: There is no URL, or none that CALISTA can use.
        """
        database = cls(engines.parse_url(settings.required_url()), settings)
        if database.is_sqlite and (
            database.url.database in (None, "", ":memory:", "file::memory:")
            or database.url.query.get("mode") == "memory"
        ):
            raise engines.DatabaseURLError(
                "a database in memory ends with the command", "name a file: sqlite:///calista.db"
            )
        return database

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a SQLite file; else it is a PostgreSQL database."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def shown(self) -> str:
        """The URL for people: without a password."""
        return engines.shown(self.url)

    @property
    def name(self) -> Path:
        """The SQLite file as the URL names it."""
        name = self.url.database or ""
        if name.startswith("file:"):
            name = unquote(urlsplit(name).path)
        return Path(name)

    @cached_property
    def path(self) -> Path:
        """The SQLite file, with links followed: two names of one file are one database."""
        return Path(os.path.realpath(self.name))

    @property
    def label(self) -> str:
        """A name for files about this database: readable, unique, without anything secret."""
        if self.is_sqlite:
            name, where = self.path.stem, str(self.path)
        else:
            name = self.url.database or "postgresql"
            host = self.url.host or self.url.query.get("host")
            where = f"{host}:{self.url.port or 5432}/{name}"
        plain = "".join(letter if letter.isalnum() else "_" for letter in name)[:40]
        return f"{plain}-{hashlib.sha256(where.encode()).hexdigest()[:6]}"

    @property
    def backup_dir(self) -> Path:
        """Where this database's backups go."""
        if self.settings.backup_dir is not None:
            return self.settings.backup_dir
        return self.path.parent / "backups" if self.is_sqlite else _data_folder() / "backups"

    @property
    def exists(self) -> bool:
        """Whether there is something to connect to; always so for a server."""
        return not self.is_sqlite or self.path.exists()

    def engine(self, *, create: bool = False) -> Engine:
        """Return an engine; on SQLite only ``create`` makes a file that is not there."""
        if not self.is_sqlite:
            return engines.make_engine(self.url, lock_timeout=self.settings.lock_timeout)
        url = URL.create(
            self.url.drivername,
            database=self.path.as_uri(),
            query={
                **self.url.query,
                "mode": self._mode or ("rwc" if create else "rw"),
                "uri": "true",
                "timeout": str(self.settings.lock_timeout),
            },
        )
        return engines.make_engine(url)

    def assert_usable(self) -> None:
        """Raise if no connection could ever be made: what is no file yet is not asked.

        Raises:
            DatabaseURLError: The driver is not installed, or an asynchronous one.
        """
        self.engine().dispose()

    def assert_there(self) -> None:
        """Raise if there is nothing to connect to.

        Raises:
            DatabaseMissingError: The SQLite file is not there.
            DatabaseURLError: It could not be used if it were there.
        """
        if not self.exists:
            self.assert_usable()
            raise DatabaseMissingError(
                f"there is no database at {self.path}", "`calista db upgrade` makes one"
            )

    def assert_writable(self) -> None:
        """Raise if the URL allows reading only.

        Raises:
            DatabaseURLError: It says ``mode=ro``.
        """
        if self.is_sqlite and self._mode == "ro":
            raise engines.DatabaseURLError(
                f"{self.shown} may only be read: the URL says mode=ro",
                "leave mode=ro out of CALISTA_DB_URL for commands that write",
            )

    @property
    def _mode(self) -> str:
        mode = self.url.query.get("mode", "")
        return mode if isinstance(mode, str) else mode[-1]

    @contextmanager
    def connect(self, *, create: bool = False) -> Iterator[Connection]:
        """Open a connection for one command.

        Raises:
            DatabaseMissingError: The SQLite file is not there, and ``create`` was not asked for.
            DatabaseUnreachableError: The database does not let us in, or goes away.
        """
        if not create:
            self.assert_there()
        # Before it is opened; one that is made has no number yet.
        there = self.is_sqlite and self.exists
        opened = same_file.Opened(self.name, self.path) if there else None
        with self.errors(), self.engine(create=create).connect() as connection:
            if self.is_sqlite:
                connection.info[same_file.OPENED] = opened or same_file.Opened(self.name, self.path)
                cursor = connection.connection.cursor()
                cursor.execute("PRAGMA foreign_keys = ON")
                cursor.close()
            yield connection

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn what the driver says into an error that a user can act on."""
        try:
            yield
        except (DBAPIError, PendingRollbackError) as error:
            raise engines.unreachable(self.url, error) from error
        except Exception as error:
            # What we asked of the driver itself, past SQLAlchemy.
            if not engines.is_of_driver(error):
                raise
            raise engines.unreachable(self.url, error) from error


def _data_folder() -> Path:
    """Return the folder where the platform wants an application's data of this user."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "calista"
