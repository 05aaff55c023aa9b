"""Kills `calista db upgrade` at chosen points and looks at what is left; run as a program.

A point is a statement sent to the database (before and after it), a commit, or a line of the code
that locks, backs up and upgrades. Each attempt is a fork that ends itself with SIGKILL, so that
nothing of Python's or SQLAlchemy's own cleaning up takes place.

    python killing.py URL FOLDER STEP [--from-revision REV]

STEP 1 kills at every point, 7 at every seventh. Prints a JSON report.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
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
TRACED = {str(CODE / name) for name in ("lock.py", "upgrade.py", "upgrade_log.py")} | {
    str(path) for path in (CODE / "backups").glob("*.py")
}
EVENTS = """INSERT INTO event_store
    (stream_id, stream_type, version, event_id, event_type, payload) VALUES
    ('night-1', 'observation', 1, '01ARZ3NDEKTSV4RRFFQ69G5FA1', 'started', '{"a": 1}'),
    ('night-1', 'observation', 2, '01ARZ3NDEKTSV4RRFFQ69G5FA2', 'stopped', '{"b": null}')"""


class Points:
    """Counts the points that a run passes, and ends the process at one of them."""

    def __init__(self, deadly: int = 0) -> None:
        self.deadly = deadly
        self.count = 0

    def pass_one(self, *_: Any) -> None:
        self.count += 1
        if self.count == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)

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

    def __init__(self, url: str, folder: Path, start: str | None) -> None:
        self.url = make_url(url)
        self.folder = folder
        self.start = start
        os.environ["CALISTA_DB_URL"] = url
        os.environ["CALISTA_BACKUP_DIR"] = str(folder / "backups")
        self.database = Database.of(Settings.read(os.environ, folder=folder))
        self.snapshots: dict[str, catalog.Catalog] = {"": {}}
        self.snapshots |= {item: self._made_by(item) for item in revisions.known()}

    def reset(self) -> None:
        for path in (self.folder / "backups").glob("*"):
            path.unlink()
        if self.database.is_sqlite:
            for path in self.folder.glob(f"{self.database.path.name}*"):
                path.unlink()
        else:
            name = self.url.database
            server = sa.create_engine(
                self.url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool
            )
            with server.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
        if self.start:
            self._alembic(self.start)
            with self.database.connect() as connection:
                connection.exec_driver_sql(EVENTS.replace("%", "%%"))
                connection.commit()

    def _alembic(self, revision: str) -> None:
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(revisions.migrations_folder()))
        command.upgrade(config, revision)

    def _made_by(self, revision: str) -> catalog.Catalog:
        self.start, wanted = None, self.start
        self.reset()
        self._alembic(revision)
        self.start = wanted
        return self.objects()

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
        if self.start and len(self.rows()) != 2:
            found.append("events are missing")
        whole = {backup.path for backup in backups.existing(self.database)}
        for path in (self.folder / "backups").glob("*"):
            if path in whole:
                backups.assert_whole(self.database, path)
            elif files.PARTIAL not in path.name:
                found.append(f"{path.name} looks like a backup")
        return found

    def recover(self) -> list[str]:
        """Run the next upgrade, which must succeed, and a backup, which clears away the rest."""
        if quiet(main, ["db", "upgrade", "--yes"]) or quiet(main, ["db", "backup"]):
            return ["the next upgrade failed"]
        found = [] if self.objects() == self.snapshots[revisions.head()] else ["head is not head"]
        left = [path.name for path in (self.folder / "backups").glob(f"*{files.PARTIAL}*")]
        left += [path.name for path in self.folder.glob("*.upgrade-lock")]
        if left:
            found.append(f"left behind: {left}")
        if self.start and len(self.rows()) != 2:
            found.append("events are missing after the next upgrade")
        return found


def quiet(function: Callable[..., int], *arguments: Any) -> int:
    """Call with nothing printed."""
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere), redirect_stdout(nowhere):
        return function(*arguments)


def in_a_fork(function: Callable[[], None]) -> int:
    """Run in a child process; returns the signal that ended it, 0 if none did."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            function()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def attack(deadly: int) -> None:
    with Points(deadly).watching():
        quiet(main, ["db", "upgrade", "--yes"])


def attack_at_a_moment(seconds: float) -> None:
    """End the process wherever it is then, in the middle of a system call if so it happens."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    quiet(main, ["db", "upgrade", "--yes"])


def report(site: Site, step: int) -> dict[str, Any]:
    site.reset()
    points = Points()
    began = time.monotonic()
    with points.watching():
        quiet(main, ["db", "upgrade", "--yes"])
    duration = time.monotonic() - began
    chance = random.Random(points.count)
    attempts: list[tuple[str, Callable[[], None]]] = [
        (f"point {number}", lambda number=number: attack(number))  # type: ignore[misc]
        for number in range(1, points.count + 1, step)
    ]
    for _ in range(max(3, 40 // step)):
        moment = chance.uniform(0.001, duration)
        attempts.append(
            (f"after {moment:.3f} s", lambda moment=moment: attack_at_a_moment(moment))  # type: ignore[misc]
        )
    killed, faults = 0, {}
    for name, attempt in attempts:
        site.reset()
        killed += in_a_fork(attempt) != 0
        found = site.faults() + site.recover()
        if found:
            faults[name] = found
    return {"points": points.count, "attempts": len(attempts), "killed": killed, "faults": faults}


if __name__ == "__main__":
    start = sys.argv[5] if len(sys.argv) > 5 else None
    print(json.dumps(report(Site(sys.argv[1], Path(sys.argv[2]), start), int(sys.argv[3]))))
