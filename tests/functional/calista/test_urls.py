"""Which URLs name a database, and which are refused?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.functional.calista.refusals import (
    assert_refused,
    on_postgresql,
    on_sqlite,
    with_events,
)


@on_sqlite
def test_no_folder_for_the_database(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALISTA_DB_URL", f"sqlite:///{place.folder / 'no' / 'where.db'}")
    assert_refused(calista("db", "upgrade", "--yes"), "No such file or directory")


@on_sqlite
@pytest.mark.parametrize("spelling", ["sqlite:///{}?mode=ro", "sqlite:///file:{}?mode=ro&uri=true"])
def test_a_url_that_allows_reading_only(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    with_events(calista, place)
    backup = calista("db", "backup").out.strip()
    before = place.database.path.read_bytes()
    monkeypatch.setenv("CALISTA_DB_URL", spelling.format(place.database.path))
    assert calista("db", "status").code == 0
    for command_line in (("db", "upgrade", "--yes"), ("db", "restore", backup)):
        assert_refused(calista(*command_line), "may only be read")
    assert place.database.path.read_bytes() == before


@on_postgresql
@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_spellings_of_the_url(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    url = place.url.set(drivername=scheme).render_as_string(hide_password=False)
    monkeypatch.setenv("CALISTA_DB_URL", url)
    assert calista("db", "check").code == 3


@on_sqlite
@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"],
)
def test_a_database_in_memory_is_refused(
    calista: Any, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("CALISTA_DB_URL", url)
    assert_refused(calista("db", "upgrade", "--yes"), "in memory")


def test_no_url(calista: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALISTA_DB_URL")
    result = calista("db", "check")
    assert (result.code, result.out) == (1, "")
    assert result.err.splitlines() == [
        "error: no database URL",
        "hint: copy one of these two lines:",
        "export CALISTA_DB_URL=sqlite:///calista.db",
        "export CALISTA_DB_URL=postgresql://user:password@localhost:5432/calista",
    ]


@on_sqlite
@pytest.mark.parametrize("scheme", ["sqlite+aiosqlite", "postgresql+psycopg_async"])
def test_an_asynchronous_driver(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """What an application's own settings name; the commands here cannot wait for it."""
    calista("db", "upgrade", "--yes", "--no-backup")
    backup = calista("db", "backup").out.strip()
    monkeypatch.setenv("CALISTA_DB_URL", f"{scheme}:///some.db")
    for command_line in (
        *(("db", name) for name in ("check", "current", "backup", "verify")),
        *(("db", "upgrade", flag) for flag in ("--yes", "--sql")),
        ("db", "restore", backup),
        ("events", "list"),
        ("events", "list", "--auto-upgrade"),
    ):
        result = calista(*command_line)
        assert_refused(result, "asynchronous driver")
        assert f"hint: write {scheme.partition('+')[0]}:// alone" in result.err
    assert "asynchronous driver" in calista("db", "status").out
    assert not (place.folder / "some.db").exists()


@on_sqlite
@pytest.mark.parametrize(
    ("command_line", "usage", "unknown"),
    [
        (("db", "restore", "--yes", "some.sqlite"), "calista db restore", "--yes"),
        (("db", "check", "now"), "calista db check", "now"),
        (("events", "append", "a", "--all"), "calista events append", "--all"),
        (("db", "--yes", "upgrade"), "calista db", "--yes"),
        (("--yes", "db", "upgrade"), "calista", "--yes"),
    ],
)
def test_what_a_command_does_not_take(
    calista: Any, command_line: tuple[str, ...], usage: str, unknown: str
) -> None:
    code, out, err = calista(*command_line)
    assert (code, out) == (2, "")
    assert err.startswith(f"usage: {usage} [-h]")
    assert err.endswith(f"{usage}: error: unrecognized arguments: {unknown}\n")


@on_sqlite
def test_status_says_what_to_do_about_a_url(calista: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALISTA_DB_URL", "postgresql+nothing://ada:secret@localhost/some")
    shown = calista("db", "status")
    assert (shown.code, shown.err) == (1, "")
    assert shown.out.splitlines()[2:] == [
        "error        the driver of 'postgresql+nothing' is not installed",
        "hint         write postgresql:// alone",
    ]
    found = json.loads(calista("db", "status", "--json").out)
    assert found["hint"] == "write postgresql:// alone"
