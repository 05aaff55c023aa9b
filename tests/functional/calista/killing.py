"""Ends `calista db upgrade` or `restore` at chosen points and looks at what is left; a program.

A point is a statement sent to the database (before and after it), a commit, or a line of the code
that locks, backs up, upgrades and restores. Each attempt is a fork that ends itself with SIGKILL,
so that nothing of Python's or SQLAlchemy's own cleaning up takes place; or with SIGINT, as Ctrl-C
does. Some more attempts are ended by a timer, in the middle of a system call if so it happens.

    python killing.py URL FOLDER STEP [--start REV] [--action restore] [--signal INT]

STEP 1 tries every point, 7 every seventh. Prints a JSON report.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine, event, make_url
from sqlalchemy.pool import NullPool

import calista.db
from calista.cli import main
from calista.db import backups, catalog, revisions
from calista.db.backups import files
from calista.db.database import Database
from calista.db.upgrade import standing_of
from calista.settings import Settings

CODE = Path(calista.db.__file__).parent
TRACED = {
    str(CODE / name) for name in ("lock.py", "upgrade.py", "upgrade_log.py", "restore.py")
} | {str(path) for path in (CODE / "backups").glob("*.py")}
EVENTS = """INSERT INTO event_store
    (stream_id, stream_type, version, event_id, event_type, payload) VALUES
    ('night-1', 'observation', 1, '01ARZ3NDEKTSV4RRFFQ69G5FA1', 'started', '{"a": 1}'),
    ('night-1', 'observation', 2, '01ARZ3NDEKTSV4RRFFQ69G5FA2', 'stopped', '{"b": null}')"""
MORE_EVENTS = """INSERT INTO event_store
    (stream_id, stream_type, version, event_id, event_type, payload) VALUES
    ('night-1', 'observation', 3, '01ARZ3NDEKTSV4RRFFQ69G5FA3', 'started', '{}')"""


class Points:
    """Counts the points that a run passes, and ends the process at one of them."""

    def __init__(self, deadly: int = 0, how: signal.Signals = signal.SIGKILL) -> None:
        self.deadly = deadly
        self.how = how
        self.count = 0

    def pass_one(self, *_: Any) -> None:
        self.count += 1
        if self.count == self.deadly:
            os.kill(os.getpid(), self.how)

    def trace(self, frame: Any, kind: str, _argument: Any) -> Any:
        if frame.f_code.co_filename not in TRACED:
            return None
        if kind == "line":
            self.pass_one()
        return self.trace

    @contextmanager
    def watching(self) -> Iterator[None]:
        names = ("before_cursor_execute", "after_cursor_execute", "commit")
        for name in names:
            event.listen(Engine, name, self.pass_one)
        sys.settrace(self.trace)
        try:
            yield
        finally:
            sys.settrace(None)
            for name in names:
                event.remove(Engine, name, self.pass_one)


class Site:
    """The database that is attacked, brought back to its start before each attempt."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.url = make_url(options.url)
        self.folder: Path = options.folder
        self.start: str | None = options.start
        self.signal = signal.Signals[f"SIG{options.signal}"]
        os.environ["CALISTA_DB_URL"] = options.url
        os.environ["CALISTA_BACKUP_DIR"] = str(self.folder / "backups")
        self.database = Database.of(Settings.read(os.environ, folder=self.folder))
        self.template = self.folder / "start.sqlite"
        self.snapshots: dict[str, catalog.Catalog] = {"": {}}
        for revision in revisions.known():
            self.clear()
            self._alembic(revision)
            self.snapshots[revision] = self.objects()
        self.clear()
        self.rows_after_restore: list[Any] = []
        self.command = ["db", "upgrade", "--yes"]
        if options.action == "restore":
            self._prepare_restore()
        elif self.start:
            self._alembic(self.start)
            self._execute(EVENTS)
        self.rows_before = self.rows() if self.start or options.action == "restore" else None
        self._keep()

    def _prepare_restore(self) -> None:
        """Take a backup of the first revision with events, and go on from there."""
        self._alembic(next(iter(revisions.known())))
        self._execute(EVENTS)
        self.rows_after_restore = self.rows()
        assert quiet(main, ["db", "backup"]) == 0
        (made,) = backups.existing(self.database)
        saved = made.path.rename(self.folder / made.path.name)
        assert quiet(main, ["db", "upgrade", "--yes", "--no-backup"]) == 0
        self._execute(MORE_EVENTS)
        self.command = ["db", "restore", str(saved)]

    def _execute(self, statement: str) -> None:
        with self.database.connect() as connection:
            connection.exec_driver_sql(statement)
            connection.commit()

    def _server(self, *statements: str) -> None:
        engine = sa.create_engine(
            self.url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool
        )
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement.format(name=self.url.database))

    def clear(self) -> None:
        """Leave an empty database and no backup."""
        for path in (self.folder / "backups").glob("*"):
            path.unlink()
        if self.database.is_sqlite:
            for path in self.folder.glob(f"{self.database.path.name}*"):
                path.unlink()
        else:
            self._server("DROP DATABASE IF EXISTS {name} WITH (FORCE)", "CREATE DATABASE {name}")

    def _keep(self) -> None:
        if not self.database.is_sqlite:
            self._server(
                "DROP DATABASE IF EXISTS {name}_start WITH (FORCE)",
                "CREATE DATABASE {name}_start TEMPLATE {name}",
            )
        elif self.database.exists:
            shutil.copy(self.database.path, self.template)

    def reset(self) -> None:
        """Go back to the start."""
        self.clear()
        if not self.database.is_sqlite:
            self._server("DROP DATABASE {name}", "CREATE DATABASE {name} TEMPLATE {name}_start")
        elif self.template.exists():
            shutil.copy(self.template, self.database.path)

    def close(self) -> None:
        """Leave nothing on the server that was not there before."""
        if not self.database.is_sqlite:
            self._server("DROP DATABASE IF EXISTS {name}_start WITH (FORCE)")

    def _alembic(self, revision: str) -> None:
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(revisions.migrations_folder()))
        command.upgrade(config, revision)

    def objects(self) -> catalog.Catalog:
        """What is in the schema, but for Alembic's own table."""
        if not self.database.exists:
            return {}
        with self.database.connect() as connection:
            found = catalog.read(connection)
        return {key: value for key, value in found.items() if "alembic_version" not in key[1]}

    def rows(self) -> list[Any]:
        with self.database.connect() as connection:
            return [
                tuple(row)
                for row in connection.exec_driver_sql("SELECT * FROM event_store ORDER BY 1")
            ]

    def wait_for_server(self) -> None:
        """A statement that was under way when its client died may still be running."""
        if self.database.is_sqlite:
            return
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            " AND application_name <> 'pg_dump'"
        )
        with self.database.connect() as connection:
            while connection.exec_driver_sql(query).scalar():
                connection.rollback()

    def faults(self) -> list[str]:
        """Look for everything that must not be, after a kill."""
        self.wait_for_server()
        found = []
        standing = standing_of(self.database)
        if self.objects() != self.snapshots.get(",".join(standing.current)):
            found.append(f"at {standing.current or 'base'}, but the schema is another")
        if self.rows_before is not None and self.rows() not in (
            self.rows_before,
            self.rows_after_restore,
        ):
            found.append("events are missing")
        whole = {backup.path for backup in backups.existing(self.database)}
        for path in (self.folder / "backups").glob("*"):
            if path in whole:
                backups.assert_whole(self.database, path)
            elif files.PARTIAL not in path.name:
                found.append(f"{path.name} looks like a backup")
        return found

    def recover(self) -> list[str]:
        """Do it again, which must succeed, and a backup, which clears away the rest."""
        if quiet(main, self.command) or quiet(main, ["db", "backup"]):
            return ["the next attempt failed"]
        restored = self.command[1] == "restore"
        wanted = next(iter(revisions.known())) if restored else revisions.head()
        found = []
        if self.objects() != self.snapshots[wanted]:
            found.append(f"after the next attempt the schema is not that of {wanted}")
        left = [path.name for path in (self.folder / "backups").glob(f"*{files.PARTIAL}*")]
        left += [path.name for path in self.folder.glob("*.upgrade-lock")]
        if left:
            found.append(f"left behind: {left}")
        rows = self.rows_after_restore if restored else self.rows_before
        if rows is not None and self.rows() != rows:
            found.append("events are missing after the next attempt")
        return found

    def attack(self, deadly: int) -> int:
        with Points(deadly, self.signal).watching():
            return quiet(main, self.command)

    def attack_at_a_moment(self, seconds: float) -> int:
        """End the process wherever it is then, in the middle of a system call if so it happens."""
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        return quiet(main, self.command)


def quiet(function: Callable[..., int], *arguments: Any) -> int:
    """Call with nothing printed."""
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere), redirect_stdout(nowhere):
        return function(*arguments)


def in_a_fork(function: Callable[[], int]) -> bool:
    """Run in a child process; returns whether it was ended before it was done."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = function()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return status != 0


def report(site: Site, step: int) -> dict[str, Any]:
    site.reset()
    points = Points()
    began = time.monotonic()
    with points.watching():
        assert quiet(main, site.command) == 0
    duration = time.monotonic() - began
    chance = random.Random(points.count)
    attempts: dict[str, Callable[[], int]] = {
        f"point {number}": partial(site.attack, number)
        for number in range(1, points.count + 1, step)
    }
    for _ in range(max(3, 40 // step)):
        moment = chance.uniform(0.001, duration)
        attempts[f"after {moment:.4f} s"] = partial(site.attack_at_a_moment, moment)
    ended, faults = 0, {}
    for name, attempt in attempts.items():
        site.reset()
        ended += in_a_fork(attempt)
        found = site.faults() + site.recover()
        if found:
            faults[name] = found
    return {"points": points.count, "attempts": len(attempts), "ended": ended, "faults": faults}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("step", type=int)
    parser.add_argument("--start")
    parser.add_argument("--action", choices=["upgrade", "restore"], default="upgrade")
    parser.add_argument("--signal", choices=["KILL", "INT"], default="KILL")
    return parser.parse_args()


if __name__ == "__main__":
    options = parse()
    site = Site(options)
    try:
        print(json.dumps(report(site, options.step)))
    finally:
        site.close()
