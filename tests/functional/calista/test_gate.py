"""The gate: who is let through to the database, and how cheaply."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from calista.db import gate, revisions

HEAD = revisions.head()
FIRST = next(iter(revisions.known()))


def stamp(place: Any, *ids: str, log: tuple[str, ...] = ()) -> None:
    schema = "" if place.is_sqlite else "calista."
    place.execute(f"DELETE FROM {schema}alembic_version")
    for item in ids:
        place.execute(f"INSERT INTO {schema}alembic_version VALUES ('{item}')")
    for item in log:
        place.execute(
            "INSERT INTO upgrade_log (revision, calista_version, seconds)"
            f" VALUES ('{item}', '9.9', 0)"
        )


@pytest.mark.parametrize(
    ("ids", "log", "state", "code"),
    [
        ((HEAD,), (), "current", 0),
        ((FIRST,), (), "behind", 3),
        ((), (), "unknown", 4),
        (("ffffffffffff",), (), "unknown", 4),
        (("ffffffffffff",), (HEAD,), "ahead", 4),
        (("ffffffffffff",), (FIRST,), "diverged", 4),
        (("ffffffffffff", FIRST), (), "diverged", 4),
        ((FIRST, HEAD), (), "diverged", 4),
    ],
)
def test_states(
    calista: Any, place: Any, ids: tuple[str, ...], log: tuple[str, ...], state: str, code: int
) -> None:
    place.alembic("head")
    stamp(place, *ids, log=log)
    before = place.catalog()
    with place.connect() as connection:
        assert gate.look(connection).state == state
        assert not connection.in_transaction()
    assert calista("db", "check").code == code
    result = calista("events", "list")
    assert (result.code, result.out) == (code, "")
    if code == 3:
        assert "hint: run `calista db upgrade`" in result.err
    if code == 4:
        for command_line in (("db", "upgrade", "--yes"), ("--auto-upgrade", "events", "list")):
            refused = calista(*command_line)
            assert refused.code == 4
            assert "nothing was touched" in refused.err
        assert place.backups() == []
    if not ids:
        assert "tables of CALISTA, and alembic_version records no revision" in result.err
    elif state in ("ahead", "unknown"):
        assert "this database was upgraded by a newer CALISTA" in result.err
    assert place.catalog() == before


def test_a_version_that_is_null_is_none_that_we_know(calista: Any, place: Any) -> None:
    schema = "" if place.is_sqlite else "calista."
    place.alembic("head")
    place.execute(f"DROP TABLE {schema}alembic_version")
    place.execute(f"CREATE TABLE {schema}alembic_version (version_num varchar(32))")
    place.execute(f"INSERT INTO {schema}alembic_version VALUES (NULL)")
    assert calista("db", "check").code == 4
    assert calista("db", "upgrade", "--yes").code == 4


def test_a_version_table_without_a_revision_is_empty(calista: Any, place: Any) -> None:
    schema = "" if place.is_sqlite else "calista."
    if not place.is_sqlite:
        place.execute("CREATE SCHEMA calista")
    place.execute(f"CREATE TABLE {schema}alembic_version (version_num varchar(32) PRIMARY KEY)")
    assert calista("db", "check").code == 3
    assert calista("db", "upgrade", "--yes").code == 0


def test_a_version_table_of_another_make(calista: Any, place: Any) -> None:
    if not place.is_sqlite:
        place.execute("CREATE SCHEMA calista")
    place.execute("CREATE TABLE alembic_version (mine int)")
    for command_line in (("db", "check"), ("db", "upgrade", "--yes"), ("events", "list")):
        code, out, err = calista(*command_line)
        assert (code, out) == (1, "")
        assert "version_num" in err
        assert "LINE 1" not in err
    assert place.backups() == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_may_only_read_may_ask_and_list(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calista("db", "upgrade", "--yes", "--no-backup")
    role, password = f"reader_{place.url.database}", "p@ss%w/rd"
    place.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password.replace('%', '%%')}'")
    try:
        place.execute(f"GRANT USAGE ON SCHEMA calista TO {role}")
        place.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA calista TO {role}")
        url = place.url.set(username=role, password=password)
        monkeypatch.setenv("CALISTA_DB_URL", url.render_as_string(hide_password=False))
        assert calista("db", "check").code == 0
        assert calista("events", "list").code == 0
        stamp(place, FIRST)
        assert calista("events", "list").code == 3
        for command_line in (("db", "upgrade", "--yes"), ("--auto-upgrade", "events", "list")):
            code, out, err = calista(*command_line)
            assert (code, out) == (1, "")
            assert password not in err
        place.execute(f"REVOKE SELECT ON ALL TABLES IN SCHEMA calista FROM {role}")
        assert "permission denied" in calista("db", "check").err
        assert place.backups() == []
    finally:
        place.execute(f"DROP OWNED BY {role}")
        place.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize(
    ("flag", "variable", "file", "upgrades"),
    [
        (None, None, None, False),
        (None, None, "true", True),
        (None, "0", "true", False),
        (None, "1", "false", True),
        ("--no-auto-upgrade", "1", "true", False),
        ("--auto-upgrade", "0", "false", True),
    ],
)
def test_automatic_upgrades_by_the_nearest_word(
    calista: Any,
    place: Any,
    monkeypatch: pytest.MonkeyPatch,
    flag: str | None,
    variable: str | None,
    file: str | None,
    upgrades: bool,
) -> None:
    if variable is not None:
        monkeypatch.setenv("CALISTA_AUTO_UPGRADE", variable)
    if file is not None:
        (place.folder / "calista.toml").write_text(f"[db]\nauto_upgrade = {file}\n")
    result = calista(*([flag] if flag else []), "events", "list")
    assert result.code == (0 if upgrades else 3)
    assert len(place.backups()) == (1 if upgrades else 0)


def test_one_query_on_the_connection_there_is(calista: Any, place: Any) -> None:
    calista("db", "upgrade", "--yes", "--no-backup")
    sent: list[str] = []
    with place.connect() as connection:
        event.listen(
            connection, "before_cursor_execute", lambda *arguments: sent.append(arguments[2])
        )
        gate.require_current(connection)
    assert len(sent) == 1


def test_inside_a_transaction_it_stays_open_and_whole(place: Any) -> None:
    with place.connect() as connection, connection.begin():
        connection.exec_driver_sql("CREATE TABLE mine (x int)")
        assert gate.look(connection).state is gate.State.EMPTY
        connection.exec_driver_sql("INSERT INTO mine VALUES (1)")
    assert place.rows("SELECT x FROM mine") == [(1,)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_looking_never_makes_a_file(calista: Any, place: Any) -> None:
    for command_line in (("db", "check"), ("db", "status"), ("events", "list"), ("db", "backup")):
        calista(*command_line)
        assert list(place.folder.iterdir()) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_another_applications_version_table_is_not_ours(calista: Any, place: Any) -> None:
    place.execute("CREATE TABLE public.alembic_version (version_num varchar(32))")
    place.execute("INSERT INTO public.alembic_version VALUES ('theirs')")
    assert calista("db", "check").code == 3
    assert calista("db", "upgrade", "--yes").code == 0
    assert place.rows("SELECT * FROM public.alembic_version") == [("theirs",)]


def imported(program: str, *names: str) -> list[str]:
    """Which of these modules does a program import?"""
    program += f"\nimport sys; print(*[n for n in {names!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1].split() if done.stdout.strip() else []


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_import_nothing_that_takes_time(flag: str) -> None:
    program = (
        f"from calista.cli import main\ntry: main([{flag!r}])\nexcept SystemExit: pass\nprint()"
    )
    assert imported(program, "sqlalchemy", "alembic", "psycopg", "sqlite3", "tomllib") == []


def test_the_gate_imports_no_alembic(tmp_path: Path) -> None:
    program = f"""
import sqlalchemy
from calista.db import gate
with sqlalchemy.create_engine('sqlite:///{(tmp_path / "x.db").as_posix()}').connect() as c:
    assert gate.look(c).state == 'empty'
"""
    assert imported(program, "alembic", "calista.db.upgrade") == []
