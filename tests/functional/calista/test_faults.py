"""What goes wrong around an upgrade: one clear message, exit 1, and a database as it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

from tests.functional.calista.refusals import (
    FIRST,
    HEAD,
    assert_refused,
    assert_untouched,
    hear_signals,
    on_posix,
    on_postgresql,
    on_sqlite,
    with_events,
)


@on_sqlite
def test_a_file_that_is_no_database(calista: Any, place: Any) -> None:
    place.database.path.write_bytes(b"not a database, but longer than a hundred bytes " * 10)
    before = place.database.path.read_bytes()
    assert_refused(calista("db", "upgrade", "--yes"), "file is not a database")
    assert place.database.path.read_bytes() == before


@on_postgresql
def test_wrong_password(calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = place.url.set(password="s3cret-and-wrong")
    try:
        sa.create_engine(wrong).connect()
        pytest.skip("this server asks for no password")
    except DBAPIError:
        pass
    monkeypatch.setenv("CALISTA_DB_URL", wrong.render_as_string(hide_password=False))
    for command_line in (("db", "upgrade", "--yes"), ("events", "list"), ("db", "backup")):
        result = calista(*command_line)
        assert_refused(result, "password authentication failed")
        assert "s3cret" not in result.err
    monkeypatch.setenv("CALISTA_DB_URL", place.url.render_as_string(hide_password=False))
    assert_untouched(calista, place)


@on_postgresql
def test_database_missing(calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = place.url.set(database="calista_is_not_here")
    monkeypatch.setenv("CALISTA_DB_URL", nowhere.render_as_string(hide_password=False))
    assert_refused(calista("db", "upgrade", "--yes"), '"calista_is_not_here" does not exist')


@on_postgresql
def test_no_server(calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = place.url.set(host="127.0.0.1", port=1)
    monkeypatch.setenv("CALISTA_DB_URL", nowhere.render_as_string(hide_password=False))
    assert_refused(calista("db", "upgrade", "--yes"), "cannot use the database")
    status = calista("db", "status", "--json")
    assert status.code == 1
    found = json.loads(status.out)
    assert found["reachable"] is False
    # What is known without a server.
    assert (found["backend"], found["head"]) == ("postgresql", HEAD)


@on_postgresql
@pytest.mark.parametrize(
    "moment", ["CREATE FUNCTION event_store", "CREATE TRIGGER upgrade_log", "INSERT INTO calista"]
)
def test_server_gone_in_the_middle(calista: Any, place: Any, moment: str) -> None:
    def hang_up(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if moment in statement:
            event.remove(Engine, "before_cursor_execute", hang_up)
            place.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    event.listen(Engine, "before_cursor_execute", hang_up)
    result = calista("db", "upgrade", "--yes")
    assert_refused(result, "failed and was undone")
    current = calista("db", "current").out.strip()
    assert current == (FIRST if "upgrade_log" in moment else "")
    assert calista("db", "upgrade", "--yes").code == 0
    assert calista("db", "verify").code == 0


@on_sqlite
def test_a_damaged_database_gives_way_to_its_backup(calista: Any, place: Any) -> None:
    with_events(calista, place)
    backup = calista("db", "backup").out.strip()
    content = place.database.path.read_bytes()
    place.database.path.write_bytes(content[:4096] + b"?" * 8192 + content[12288:])
    for command_line in (("db", "check"), ("db", "upgrade", "--yes"), ("db", "restore", backup)):
        result = calista(*command_line)
        assert_refused(result, "malformed")
        assert "hint: move the file away" in result.err
    place.database.path.rename(place.folder / "damaged")
    assert calista("db", "restore", backup).code == 0
    assert place.database.path.read_bytes()[24:] != b""
    assert calista("db", "current").out == f"{FIRST}\n"


@on_posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_ended_by_a_signal_it_leaves_nothing(
    calista: Any, place: Any, tmp_path: Path, name: str
) -> None:
    """`docker stop` and a closed terminal clean up as Ctrl-C does: no lock file, no half backup."""
    number = signal.Signals[name]
    program = (
        "import os, sys, sqlalchemy\n"
        "def end(*words):\n"
        "    if 'CREATE TABLE event_store' in ' '.join(words[2].split()):\n"
        f"        os.kill(os.getpid(), {int(number)})\n"
        "sqlalchemy.event.listen(sqlalchemy.Engine, 'after_cursor_execute', end)\n"
        "from calista.cli import main\n"
        "sys.exit(main(['db', 'upgrade', '--yes']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | place.environment,
        preexec_fn=hear_signals,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 128 + number, done.stderr
    assert done.stderr.splitlines()[-1].startswith("interrupted; ")
    assert [path.name for path in tmp_path.glob("*.upgrade-lock")] == []
    assert place.catalog() == {}
    (backup,) = place.backups()
    assert not backup.name.endswith(".partial")
    assert calista("db", "upgrade", "--yes").code == 0
