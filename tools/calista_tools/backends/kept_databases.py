"""Where are databases kept from one run to the next? Beside the others, under a name of theirs."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING, Protocol

from calista_tools.backends.account import kept_folder
from calista_tools.backends.postgresql import PostgresDatabase, PostgresServer
from calista_tools.backends.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from pathlib import Path

    from calista_tools.backends.scratch import ScratchDatabase


class KeptDatabases(Protocol):
    """Keeps scratch databases by name; the caller holds a lock meanwhile.

    Attributes:
        home: What has these databases, and no others.
    """

    home: str

    def keep(self, name: str, database: ScratchDatabase) -> None:
        """Keep a database, which is ours no longer."""

    def take(self, name: str, database: ScratchDatabase) -> bool:
        """Make a database a copy of a kept one; tell whether that was there."""

    def forget(self, name: str) -> None:
        """Remove a kept database, if it is there."""


class KeptSqlite:
    """Keeps SQLite files in a folder."""

    home = "sqlite"

    def __init__(self) -> None:
        self._folder = kept_folder()

    def keep(self, name: str, database: ScratchDatabase) -> None:
        """Keep a database, which is ours no longer."""
        assert isinstance(database, SqliteDatabase)
        part = self._path(name).with_suffix(".part.db")
        shutil.move(database.path, part)
        part.replace(self._path(name))

    def take(self, name: str, database: ScratchDatabase) -> bool:
        """Make a database a copy of a kept one; tell whether that was there."""
        assert isinstance(database, SqliteDatabase)
        try:
            shutil.copyfile(self._path(name), database.path)
        except FileNotFoundError:
            return False
        return True

    def forget(self, name: str) -> None:
        """Remove a kept database, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            self._path(name).unlink()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.db"


class KeptPostgres:
    """Keeps databases in a server of ours, whose files outlive it; never in a user's."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self.home = server.server_version

    def keep(self, name: str, database: ScratchDatabase) -> None:
        """Keep a database, which is ours no longer."""
        assert isinstance(database, PostgresDatabase)
        self._server.keep(_name(name), database.name)

    def take(self, name: str, database: ScratchDatabase) -> bool:
        """Make a database a copy of a kept one; tell whether that was there."""
        assert isinstance(database, PostgresDatabase)
        return self._server.take(_name(name), database.name)

    def forget(self, name: str) -> None:
        """Remove a kept database, if it is there."""
        self._server.unkeep(_name(name))


def _name(name: str) -> str:
    return f"calista_proven_{name.replace('-', '_')}"
