"""The database that is attacked: brought back to its start, and looked at afterwards."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import make_url
from sqlalchemy.pool import NullPool

from calista.cli import main
from calista.db import backups, catalog, gate, revisions
from calista.db.backups import files
from calista.db.database import Database
from calista.db.upgrade import standing_of
from calista.settings import Settings

FIRST = next(iter(revisions.known()))
INSERT = """INSERT INTO event_store
    (stream_id, stream_type, version, event_id, event_type, payload) VALUES """
EVENTS = f"""{INSERT}
    ('night-1', 'observation', 1, '01ARZ3NDEKTSV4RRFFQ69G5FA1', 'started', '{{"a": 1}}'),
    ('night-1', 'observation', 2, '01ARZ3NDEKTSV4RRFFQ69G5FA2', 'stopped', '{{"b": null}}')"""
MORE_EVENTS = f"""{INSERT}
    ('night-1', 'observation', 3, '01ARZ3NDEKTSV4RRFFQ69G5FA3', 'started', '{{}}')"""


class Site:
    """A database that `CALISTA_DB_URL` names, with its start and what may come of it.

    Args:
        folder: Where the backups go; nothing else may be in it.
        action: What is attacked: "upgrade" from nothing, "upgrade with events" that are there at
            the first revision, or "restore" of a backup of that, over a later revision.
    """

    def __init__(self, folder: Path, action: str) -> None:
        self.folder = folder
        self.url = make_url(os.environ["CALISTA_DB_URL"])
        os.environ["CALISTA_BACKUP_DIR"] = str(folder / "backups")
        self.database = Database.of(Settings.read(os.environ, folder=folder))
        self.template = folder / "start.sqlite"
        self.server = None if self.database.is_sqlite else self._maintenance()
        self.snapshots: dict[str, catalog.Catalog] = {"": {}}
        for revision in revisions.known():
            self.clear()
            self._alembic(revision)
            self.snapshots[revision] = self._objects()
        self.clear()
        self.rows_after_restore: list[Any] = []
        self.command = ["db", "upgrade", "--yes"]
        if action == "restore":
            self._prepare_restore()
        elif action == "upgrade with events":
            self._alembic(FIRST)
            self.execute(EVENTS)
        self.rows_before = None if action == "upgrade" else self._rows()
        self._keep()

    def _prepare_restore(self) -> None:
        """Take a backup of the first revision with events, and go on from there."""
        self._alembic(FIRST)
        self.execute(EVENTS)
        self.rows_after_restore = self._rows()
        assert quiet(main, ["db", "backup"]) == 0
        (made,) = backups.existing(self.database)
        saved = made.path.rename(self.folder / made.path.name)
        assert quiet(main, ["db", "upgrade", "--yes", "--no-backup"]) == 0
        self.execute(MORE_EVENTS)
        self.command = ["db", "restore", str(saved)]

    def execute(self, *statements: str) -> None:
        with self.database.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
            connection.commit()

    def _maintenance(self) -> sa.Connection:
        """Connect to the server for good: logging in takes as long as copying a database."""
        engine = sa.create_engine(
            self.url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool
        )
        return engine.connect()

    def _make(self, name: str, template: str) -> None:
        assert self.server is not None
        self.server.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        # On a scratch server without fsync, copying files is the faster way.
        version = self.server.dialect.server_version_info or ()
        strategy = "STRATEGY file_copy" if version >= (15,) else ""
        self.server.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template} {strategy}")

    def clear(self) -> None:
        """Leave an empty database and no backup."""
        self._remove_files()
        if not self.database.is_sqlite:
            self._make(str(self.url.database), "template0")

    def _remove_files(self) -> None:
        for path in (self.folder / "backups").glob("*"):
            path.unlink()
        if self.database.is_sqlite:
            for path in self.folder.glob(f"{self.database.path.name}*"):
                path.unlink()

    def _keep(self) -> None:
        if not self.database.is_sqlite:
            self._make(f"{self.url.database}_start", str(self.url.database))
        elif self.database.exists:
            shutil.copy(self.database.path, self.template)

    def reset(self) -> None:
        """Go back to the start."""
        self._remove_files()
        if not self.database.is_sqlite:
            self._make(str(self.url.database), f"{self.url.database}_start")
        elif self.template.exists():
            shutil.copy(self.template, self.database.path)

    def close(self) -> None:
        """Leave nothing on the server that was not there before."""
        if self.server is not None:
            name = f"{self.url.database}_start"
            self.server.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            self.server.close()

    def _alembic(self, revision: str) -> None:
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(revisions.migrations_folder()))
        command.upgrade(config, revision)

    def _objects(self, connection: sa.Connection | None = None) -> catalog.Catalog:
        """What is in the schema, but for Alembic's own table."""
        if connection is None:
            if not self.database.exists:
                return {}
            with self.database.connect() as new:
                return self._objects(new)
        found = catalog.read(connection)
        return {key: value for key, value in found.items() if "alembic_version" not in key[1]}

    def _rows(self, connection: sa.Connection | None = None) -> list[Any]:
        if connection is None:
            with self.database.connect() as new:
                return self._rows(new)
        query = "SELECT * FROM event_store ORDER BY 1"
        return [tuple(row) for row in connection.exec_driver_sql(query)]

    def _wait_for_server(self, connection: sa.Connection) -> None:
        """A statement that was under way when its client died may still be running."""
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        while connection.exec_driver_sql(query).scalar():
            connection.rollback()

    def faults(self) -> list[str]:
        """Look for everything that must not be, after a kill."""
        found = []
        if self.database.exists:
            with self.database.connect() as connection:
                if not self.database.is_sqlite:
                    self._wait_for_server(connection)
                standing = gate.look(connection)
                objects = self._objects(connection)
                rows = None if self.rows_before is None else self._rows(connection)
        else:
            standing, objects, rows = standing_of(self.database), {}, None
        if objects != self.snapshots.get(",".join(standing.current)):
            found.append(f"at {standing.current or 'base'}, but the schema is another")
        if rows not in (self.rows_before, self.rows_after_restore):
            found.append("events are missing")
        whole = {backup.path for backup in backups.existing(self.database)}
        for path in (self.folder / "backups").glob("*"):
            if path in whole:
                backups.assert_whole(self.database, path)
            elif files.PARTIAL not in path.name:
                found.append(f"{path.name} looks like a backup")
        return found

    def recover(self) -> list[str]:
        """Do it again, which must succeed and, with a backup at the latest, clear away the rest."""
        if quiet(main, self.command) or (self._left() and quiet(main, ["db", "backup"])):
            return ["the next attempt failed"]
        restored = self.command[1] == "restore"
        wanted = FIRST if restored else revisions.head()
        with self.database.connect() as connection:
            objects = self._objects(connection)
            events = None if self.rows_before is None else self._rows(connection)
        found = []
        if objects != self.snapshots[wanted]:
            found.append(f"after the next attempt the schema is not that of {wanted}")
        if left := self._left():
            found.append(f"left behind: {left}")
        if events != (self.rows_after_restore if restored else self.rows_before):
            found.append("events are missing after the next attempt")
        return found

    def _left(self) -> list[str]:
        left = [path.name for path in (self.folder / "backups").glob(f"*{files.PARTIAL}*")]
        return left + [path.name for path in self.folder.glob("*.upgrade-lock")]


def quiet(function: Callable[..., int], *arguments: Any) -> int:
    """Call with nothing printed."""
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere), redirect_stdout(nowhere):
        return function(*arguments)
