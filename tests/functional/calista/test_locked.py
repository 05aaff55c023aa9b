"""Who waits for a lock, and for how long?"""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from calista.db.lock import upgrade_lock
from calista.db.upgrade import upgrade
from tests.functional.calista.refusals import (
    FIRST,
    HEAD,
    assert_refused,
    assert_untouched,
    on_postgresql,
    on_sqlite,
    with_events,
)


@on_sqlite
def test_while_another_program_writes(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be read, and backed up; what would write waits, and then says what to do."""
    with_events(calista, place)
    event = place.folder / "event.jsonl"
    event.write_text('{"stream_id": "new", "stream_type": "t", "event_type": "x"}\n')
    monkeypatch.setenv("CALISTA_LOCK_TIMEOUT", "0.2")
    other = sqlite3.connect(place.database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    result = calista("db", "upgrade", "--yes")
    assert_refused(result, "failed and was undone: database is locked", FIRST)
    assert "hint: close the program that uses the database" in result.err
    other.execute("ROLLBACK")
    assert calista("db", "upgrade", "--yes").code == 0
    rows = place.rows("SELECT * FROM event_store")
    other.execute("BEGIN IMMEDIATE")
    assert_refused(calista("events", "append", str(event)), "database is locked")
    assert calista("events", "list").code == 0
    other.close()
    assert place.rows("SELECT * FROM event_store") == rows
    assert calista("events", "append", str(event)).code == 0


@on_sqlite
def test_locked_by_another_program(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALISTA_LOCK_TIMEOUT", "0.2")
    other = sqlite3.connect(place.database.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    for command_line in (("db", "upgrade", "--yes"), ("db", "status"), ("db", "backup")):
        result = calista(*command_line)
        assert result.code == 1
        assert "database is locked" in result.err + result.out
        assert "Traceback" not in result.err
    other.execute("ROLLBACK")
    other.close()
    assert_untouched(calista, place)


def test_another_upgrade_takes_too_long(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALISTA_LOCK_TIMEOUT", "0.2")
    with upgrade_lock(place.database):
        result = calista("db", "upgrade", "--yes")
    assert_refused(result, "another upgrade", "0.2 seconds")
    assert "another upgrade is running; waiting for it" in result.err
    assert_untouched(calista, place)


@on_postgresql
def test_a_table_in_use_is_waited_for_in_short_tries(calista: Any, place: Any) -> None:
    with_events(calista, place)

    class Watcher:
        tries = 0

        def waiting(self) -> None: ...
        def backed_up(self, backup: object) -> None: ...
        def begins(self, revision: str, summary: str) -> None: ...
        def applied(self, revision: str, seconds: float) -> None: ...
        def retries(self, revision: str) -> None:
            self.tries += 1
            blocker.rollback()

    watcher = Watcher()
    with place.connect() as blocker:
        blocker.exec_driver_sql("LOCK TABLE calista.alembic_version IN EXCLUSIVE MODE")
        outcome = upgrade(place.database, watcher)
    assert watcher.tries == 1
    assert outcome.applied[-1] == HEAD
    assert calista("db", "verify").code == 0


@on_postgresql
def test_a_table_in_use_is_not_waited_for_for_ever(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_events(calista, place)
    monkeypatch.setenv("CALISTA_LOCK_TIMEOUT", "0.5")
    with place.connect() as blocker:
        blocker.exec_driver_sql("LOCK TABLE calista.alembic_version IN EXCLUSIVE MODE")
        result = calista("db", "upgrade", "--yes")
    assert_refused(result, "lock timeout", FIRST)
    assert calista("db", "upgrade", "--yes").code == 0


@on_postgresql
def test_a_table_that_another_program_has_locked(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even the gate waits for ever; whoever holds the lock may be asleep."""
    with_events(calista, place)
    monkeypatch.setenv("CALISTA_LOCK_TIMEOUT", "0.2")
    with place.connect() as other:
        other.exec_driver_sql("LOCK TABLE calista.alembic_version IN ACCESS EXCLUSIVE MODE")
        for command_line in (("db", "upgrade", "--yes"), ("db", "check"), ("db", "backup")):
            result = calista(*command_line)
            assert_refused(result, "lock timeout")
            assert "set a longer lock_timeout" in result.err
        assert calista("db", "status").code == 1
    assert calista("db", "current").out == f"{FIRST}\n"
    assert place.backups() == []
    # More milliseconds than PostgreSQL can count.
    monkeypatch.setenv("CALISTA_LOCK_TIMEOUT", "99999999")
    assert calista("db", "upgrade", "--yes").code == 0
