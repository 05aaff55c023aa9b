"""`calista db upgrade`: what it says, what it leaves, and what it refuses."""

from __future__ import annotations

import io
import stat
import sys
from typing import Any

import pytest

from calista.db import revisions

HEAD = revisions.head()


def test_an_empty_database_comes_to_head_with_one_backup(calista: Any, place: Any) -> None:
    result = calista("db", "upgrade", "--yes")
    assert result.code == 0, result.err
    assert result.out == ""
    for known in revisions.known().values():
        assert f"{known.revision}  {known.summary}" in result.err
    assert result.err.endswith(f"upgraded to {HEAD}\n")
    assert calista("db", "current").out == f"{HEAD} (head)\n"
    (backup,) = place.backups()
    assert "-empty-" in backup.name
    if sys.platform != "win32":
        assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_a_second_upgrade_has_nothing_to_do_and_makes_no_backup(calista: Any, place: Any) -> None:
    calista("db", "upgrade", "--yes")
    result = calista("db", "upgrade")
    assert (result.code, result.out) == (0, "")
    assert "nothing to do" in result.err
    assert len(place.backups()) == 1


def test_each_revision_is_logged_with_its_backup(calista: Any, place: Any) -> None:
    calista("db", "upgrade", "--yes")
    (backup,) = place.backups()
    rows = place.rows("SELECT revision, backup_file FROM upgrade_log ORDER BY entry")
    assert rows == [(revision, backup.name) for revision in revisions.known()]


def test_without_a_backup_it_says_so(calista: Any, place: Any) -> None:
    result = calista("db", "upgrade", "--yes", "--no-backup")
    assert result.code == 0
    assert "no backup was made" in result.err
    assert place.backups() == []


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("no\n", 1), ("", 1)])
def test_it_asks_first(
    calista: Any, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    result = calista("db", "upgrade")
    assert result.code == code
    assert "apply them? [y/N]" in result.err
    assert calista("db", "check").code == (3 if code else 0)


def test_sql_is_printed_and_nothing_done(calista: Any, place: Any) -> None:
    result = calista("db", "upgrade", "--sql")
    assert result.code == 0
    assert "CREATE TABLE event_store" in result.out
    assert calista("db", "check").code == 3
    assert place.backups() == []


def test_sql_is_what_an_upgrade_does(calista: Any, place: Any) -> None:
    script = calista("db", "upgrade", "--sql").out
    with place.connect() as connection:
        dbapi = connection.connection.dbapi_connection
        if place.is_sqlite:
            dbapi.executescript(script)
        else:
            dbapi.autocommit = True
            dbapi.execute(script)
    assert calista("db", "check").code == 0
    assert calista("db", "verify").out == ""


def test_a_database_made_by_hand_is_not_overwritten(calista: Any, place: Any) -> None:
    if not place.is_sqlite:
        place.execute("CREATE SCHEMA calista")
    place.execute("CREATE TABLE event_store (mine int)")
    result = calista("db", "upgrade", "--yes")
    assert result.code == 4, "tables of ours at no revision: nobody can tell which"
    assert "this database has tables of CALISTA" in result.err
    assert "nothing was touched" in result.err
    assert place.rows("SELECT mine FROM event_store") == []
    assert calista("db", "current").out == ""


def test_the_upgrade_after_a_plain_alembic_upgrade_goes_on(calista: Any, place: Any) -> None:
    first = next(iter(revisions.known()))
    place.alembic(first)
    assert calista("db", "check").code == 3
    result = calista("db", "upgrade", "--yes")
    assert result.code == 0, result.err
    assert first not in {row[0] for row in place.rows("SELECT revision FROM upgrade_log")}
    assert calista("db", "verify").code == 0
