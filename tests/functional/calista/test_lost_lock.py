"""The server ends the session that holds the upgrade lock: one message, and no step without it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from calista_tools.backends import PostgresServer
from tests.functional.calista.refusals import FIRST, HEAD, assert_refused, on_postgresql
from tests.servers import need_major

#: Of the holder alone: other sessions of ours go on.
END = """SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database d ON d.oid = database
    WHERE locktype = 'advisory' AND datname = current_database()"""
LOST = "the connection that holds the upgrade lock was lost"

pytestmark = on_postgresql


@contextmanager
def ending(place: Any, moment: str) -> Iterator[list[str]]:
    """End the holder's session before a statement, or before the last of the commits."""
    done: list[str] = []

    def at_statement(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if moment in statement and not done:
            done.append(statement)
            place.execute(END)

    def at_commit(connection: Any) -> None:
        if moment == "commit" and not done:
            there = connection.exec_driver_sql("SELECT to_regclass('calista.alembic_version')")
            query = "SELECT version_num FROM calista.alembic_version"
            if there.scalar() and connection.exec_driver_sql(query).scalar() == HEAD:
                done.append(moment)
                place.execute(END)

    event.listen(Engine, "before_cursor_execute", at_statement)
    event.listen(Engine, "commit", at_commit)
    try:
        yield done
    finally:
        event.remove(Engine, "before_cursor_execute", at_statement)
        event.remove(Engine, "commit", at_commit)


@pytest.mark.parametrize(
    ("moment", "reached"),
    [
        ("pg_table_size", ""),
        ("CREATE SCHEMA", ""),
        ("CREATE TABLE event_store", ""),
        ("INSERT INTO calista.alembic_version", ""),
        ("CREATE TABLE upgrade_log", FIRST),
        ("UPDATE calista.alembic_version", FIRST),
        ("commit", HEAD),
        ("pg_advisory_unlock", HEAD),
    ],
)
def test_in_an_upgrade(calista: Any, place: Any, moment: str, reached: str) -> None:
    """What is not committed is undone, and the next attempt goes on from there."""
    options = [] if moment == "pg_table_size" else ["--no-backup"]
    with ending(place, moment) as done:
        result = calista("db", "upgrade", "--yes", *options)
    assert done
    assert_refused(result, f"{LOST}; the upgrade stops here")
    assert "hint: the database is at a whole revision: run `calista db upgrade`" in result.err
    assert calista("db", "current").out.split()[:1] == ([reached] if reached else [])
    assert calista("db", "upgrade", "--yes", "--no-backup").code == 0
    assert calista("db", "verify").code == 0


@pytest.mark.parametrize("moment", ["pg_table_size", "pg_advisory_unlock"])
def test_in_a_backup(calista: Any, place: Any, moment: str) -> None:
    assert calista("db", "upgrade", "--yes", "--no-backup").code == 0
    with ending(place, moment):
        result = calista("db", "backup")
    assert_refused(result, f"{LOST}; the backup stops here")
    assert "hint: the database is at a whole revision: run `calista db backup`" in result.err
    assert len(place.backups()) == (1 if "unlock" in moment else 0)


def test_in_a_restore(calista: Any, place: Any) -> None:
    assert calista("db", "upgrade", "--yes", "--no-backup").code == 0
    backup = calista("db", "backup").out.strip()
    with ending(place, "pg_advisory_unlock"):
        result = calista("db", "restore", backup)
    assert_refused(result, f"{LOST}; the restore stops here")
    assert calista("db", "verify").code == 0


def test_as_a_process_it_leaves_no_traceback(place: Any) -> None:
    """What is logged by SQLAlchemy's pool is shown where nobody has set logging up."""
    program = (
        "import sys, sqlalchemy\n"
        "def end(connection, cursor, statement, *_):\n"
        "    if 'CREATE TABLE upgrade_log' in statement:\n"
        f"        with sqlalchemy.create_engine({str(place.url.drivername)!r} + sys.argv[1]).connect() as c:\n"
        f"            c.exec_driver_sql({END!r})\n"
        "sqlalchemy.event.listen(sqlalchemy.Engine, 'before_cursor_execute', end)\n"
        "from calista.cli import main\n"
        "sys.exit(main(['db', 'upgrade', '--yes', '--no-backup']))"
    )
    rest = place.url.render_as_string(hide_password=False).removeprefix(place.url.drivername)
    done = subprocess.run(
        [sys.executable, "-c", program, rest],
        env=os.environ | place.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert_refused((done.returncode, done.stdout, done.stderr), LOST)


def test_a_server_that_ends_idle_sessions(
    calista: Any, place: Any, postgres_scratch: PostgresServer
) -> None:
    """The lock's has nothing to say for as long as a backup takes."""
    need_major(postgres_scratch, 14, "idle_session_timeout")
    place.execute(f"ALTER DATABASE {place.url.database} SET idle_session_timeout = '1h'")
    found = []

    def ask(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement == "SELECT true":
            found.append(connection.exec_driver_sql("SHOW idle_session_timeout").scalar())

    event.listen(Engine, "before_cursor_execute", ask)
    try:
        assert calista("db", "upgrade", "--yes", "--no-backup").code == 0
    finally:
        event.remove(Engine, "before_cursor_execute", ask)
    assert set(found) == {"0"}
