"""`calista` through PgBouncer: what needs a session of its own is refused where there is none."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from sqlalchemy import URL, create_engine

from calista.db import revisions
from tests.functional.calista.conftest import Place
from tests.functional.calista.refusals import assert_refused, on_postgresql
from tests.pooler import pooler

pytestmark = [
    on_postgresql,
    pytest.mark.skipif(sys.platform == "win32", reason="there is no PgBouncer for it"),
]
WORDS = "hands sessions on after each transaction"
EVENT = '{"stream_id": "night-1", "stream_type": "t", "event_type": "started", "payload": {}}\n'


def address(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def test_a_pooler_in_transaction_mode_is_not_upgraded_through(
    calista: Any, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pooler(place.url, "transaction") as url:
        monkeypatch.setenv("CALISTA_DB_URL", address(url))
        for command in (["upgrade", "--yes"], ["upgrade", "--yes", "--no-backup"], ["backup"]):
            result = calista("db", *command)
            assert_refused(result, WORDS)
            assert "or of a pooler in session mode" in result.err
            assert str(url.password) not in result.err
    assert place.catalog() == {}
    assert place.backups() == []


def test_what_runs_in_one_transaction_works_there_and_leaves_nothing_in_others_sessions(
    calista: Any, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert calista("db", "upgrade", "--yes", "--no-backup").code == 0
    with pooler(place.url, "transaction") as url:
        monkeypatch.setenv("CALISTA_DB_URL", address(url))
        assert calista("db", "check").code == 0
        assert calista("db", "verify").code == 0
        # So many that psycopg would prepare what it repeats.
        events = place.folder / "events.jsonl"
        events.write_text(EVENT * 20)
        assert calista("events", "append", str(events)).code == 0
        assert len(calista("events", "list").out.splitlines()) == 20
        engine = create_engine(url)
        with engine.connect() as other:
            for name, usual in (("search_path", '"$user", public'), ("lock_timeout", "0")):
                assert other.exec_driver_sql(f"SHOW {name}").scalar() == usual
        engine.dispose()


def test_a_pooler_in_session_mode_is_as_good_as_the_server(
    calista: Any, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pooler(place.url, "session") as url:
        monkeypatch.setenv("CALISTA_DB_URL", address(url))
        assert calista("db", "upgrade", "--yes").code == 0
        assert len(place.backups()) == 1
        assert calista("db", "restore", str(place.backups()[0])).code == 0
        assert calista("db", "current").out == ""
        assert calista("db", "upgrade", "--yes").code == 0
        assert revisions.head() in calista("db", "current").out
