"""`calista db restore` of what is no backup of this database, under the name of one."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from calista.db.backups import files, programs
from calista_tools.backends import PostgresServer
from tests.functional.calista.conftest import Place
from tests.functional.calista.refusals import (
    FIRST,
    HEAD,
    assert_refused,
    on_postgresql,
    on_sqlite,
    with_events,
)
from tests.functional.calista.test_backup import EVENTS, fill

INSERT = """INSERT INTO event_store
    (stream_id, stream_type, version, event_id, event_type, payload) VALUES
    ('{stream}', 'observation', 1, '{id}', 'started', '{{}}')"""


def forged(place: Any, content: Path, revision: str = HEAD) -> Path:
    """Give a file the name that a backup with its content would have."""
    place.backup_dir.mkdir(exist_ok=True, mode=0o700)
    suffix = "sqlite" if place.is_sqlite else "dump"
    name = f"{place.database.label}-20260101T000000000Z-{revision}-{files.digest(content)}.{suffix}"
    return Path(shutil.copy(content, place.backup_dir / name))


def dump(place: Any, *options: str) -> Path:
    """Dump with pg_dump itself."""
    target: Path = place.folder / "some.dump"
    using = programs.find(0, Path(place.environment["CALISTA_PG_BIN"]), os.environ)
    words = ["--format=custom", f"--file={target}", *options, f"--dbname={programs.CONNINFO}"]
    using.run("pg_dump", words, place.database)
    return target


def assert_nothing_happened(calista: Any, place: Any, file: Path, *words: str) -> None:
    rows, catalog, there = place.rows(EVENTS), place.catalog(), place.backups()
    result = calista("db", "restore", str(file))
    assert_refused(result, str(file), *words)
    assert len(result.err.splitlines()) <= 2
    assert (place.rows(EVENTS), place.catalog(), place.backups()) == (rows, catalog, there)


@on_sqlite
@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ("CREATE TABLE theirs (x)", "it is another program's database"),
        (
            "CREATE TABLE alembic_version (version_num); INSERT INTO alembic_version VALUES ('abc')",
            "another database",
        ),
        (
            (
                "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                f"INSERT INTO alembic_version VALUES ('{HEAD}'); CREATE TABLE event_store (mine)"
            ),
            f"another schema than {HEAD} makes: ",
        ),
    ],
)
def test_a_foreign_file(calista: Any, place: Any, statements: str, words: str) -> None:
    calista("db", "upgrade", "--yes", "--no-backup")
    fill(place, 1)
    foreign = place.folder / "foreign"
    with sqlite3.connect(foreign) as other:
        other.executescript(statements)
    other.close()
    path = forged(place, foreign)
    if "schema" in words:
        # The content tells nothing, and so the name is believed; the schema is not.
        assert_nothing_happened(calista, place, path, words)
    else:
        path = path.rename(path.with_name(path.name.replace("test-", "other-")))
        assert_nothing_happened(calista, place, path, words)


@on_sqlite
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "CREATE TRIGGER mine BEFORE INSERT ON event_store BEGIN SELECT RAISE(IGNORE); END",
            "trigger mine on event_store is not of ours",
        ),
        ("DROP TRIGGER event_store_forbid_update", "trigger event_store_forbid_update"),
        ("ALTER TABLE upgrade_log ADD COLUMN mine", "column upgrade_log.mine is not of ours"),
    ],
)
def test_a_file_with_another_schema(calista: Any, place: Any, statement: str, words: str) -> None:
    """A backup of this very database, changed and named anew."""
    calista("db", "upgrade", "--yes", "--no-backup")
    fill(place, 1)
    content = Path(calista("db", "backup").out.strip())
    changed = Path(shutil.copy(content, place.folder / "changed"))
    with sqlite3.connect(changed) as other:
        other.execute(statement)
    other.close()
    path = forged(place, changed)
    assert_nothing_happened(calista, place, path, words)
    assert calista("db", "restore", str(path), "--accept-differences").code == 0
    assert words in calista("db", "verify").out


@on_postgresql
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            (
                "CREATE FUNCTION calista.mine() RETURNS int LANGUAGE sql AS 'SELECT 1';"
                "CREATE MATERIALIZED VIEW calista.mine AS SELECT calista.mine() AS x;"
                "CREATE UNIQUE INDEX mine_x ON calista.mine (x)"
            ),
            "materialized view mine is not of ours",
        ),
        ("CREATE VIEW calista.mine AS SELECT 1 AS x", "view mine is not of ours"),
        ("CREATE TABLE calista.mine (x int)", "table mine is not of ours"),
        ("CREATE TYPE calista.mine AS ENUM ('a')", "type mine is not of ours"),
        (
            'CREATE COLLATION calista.mine FROM "C"',
            "collation mine is not of ours",
        ),
        (
            (
                "CREATE OR REPLACE FUNCTION calista.event_store_forbid_mod() RETURNS trigger"
                " LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
            ),
            "function event_store_forbid_mod() is",
        ),
        (
            "ALTER TABLE calista.event_store DISABLE TRIGGER event_store_forbid_mod",
            "trigger event_store_forbid_mod on event_store is",
        ),
        ("DROP TABLE calista.upgrade_log", "upgrade_log"),
    ],
)
def test_an_archive_with_another_schema(
    calista: Any, place: Any, statement: str, words: str
) -> None:
    calista("db", "upgrade", "--yes", "--no-backup")
    fill(place, 1)
    start = calista("db", "backup").out.strip()
    place.execute(statement)
    path = forged(place, dump(place, "--schema=calista"))
    place.execute("DROP SCHEMA calista CASCADE")
    assert calista("db", "restore", start).code == 0
    assert calista("db", "verify").code == 0
    assert_nothing_happened(calista, place, path, f"another schema than {HEAD} makes: ", words)
    assert calista("db", "restore", str(path), "--accept-differences").code == 0
    assert words in calista("db", "verify").out
    assert len(place.rows(EVENTS)) == 1


@on_postgresql
def test_an_archive_with_an_event_trigger(calista: Any, place: Any) -> None:
    """It would run whenever anybody makes a table; and it belongs to no schema."""
    calista("db", "upgrade", "--yes", "--no-backup")
    fill(place, 1)
    place.execute(
        "CREATE FUNCTION calista.mine() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        "CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION calista.mine()"
    )
    path = forged(place, dump(place))
    place.execute("DROP EVENT TRIGGER mine; DROP FUNCTION calista.mine()")
    assert_nothing_happened(calista, place, path, "EVENT TRIGGER")
    assert calista("db", "restore", str(path), "--accept-differences").code == 1


@on_postgresql
def test_what_an_archive_would_run(calista: Any, place: Any) -> None:
    """pg_restore is made to say what no backup does; neither a shell nor the server obeys."""
    calista("db", "upgrade", "--yes", "--no-backup")
    backup = calista("db", "backup").out.strip()
    witness = place.folder / "witness"
    real = Path(place.environment["CALISTA_PG_BIN"])
    folder = place.folder / "bin"
    folder.mkdir()
    (folder / "pg_dump").symlink_to(real / "pg_dump")
    for line in (
        f"\\\\! touch {witness}",
        f"SELECT 1 \\\\g |touch {witness}",
        f"COPY (SELECT 1) TO PROGRAM $$touch {witness}$$;",
        f"COPY calista.event_store (payload) FROM PROGRAM $$touch {witness}$$;",
        f"DO $x$ BEGIN COPY (SELECT 1) TO PROGRAM $$touch {witness}$$; END $x$;",
        "CREATE TABLE calista.x AS SELECT pg_read_file($$/etc/passwd$$);",
        "CREATE ROLE mine SUPERUSER;",
    ):
        script = f"#!/bin/sh\ncase $* in *--list*) ;; *) echo '{line}' ;; esac\nexec '{real}/pg_restore' \"$@\"\n"
        (folder / "pg_restore").write_text(script)
        (folder / "pg_restore").chmod(0o755)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CALISTA_PG_BIN", str(folder))
            for options in ((), ("--accept-differences", "--from-other")):
                result = calista("db", "restore", backup, *options)
                assert_refused(result, "which no backup does" if "\\" in line else "what no backup")
        assert not witness.exists()
    assert place.rows("SELECT 1 FROM pg_roles WHERE rolname = 'mine'") == []
    assert calista("db", "restore", backup).code == 0


@pytest.fixture
def other(place: Any, postgres_scratch: PostgresServer, tmp_path: Path) -> Iterator[Place]:
    """A second database beside the test's."""
    folder = tmp_path / "other"
    folder.mkdir()
    if place.is_sqlite:
        yield Place(place.url.set(database=str(folder / "test.db")), folder)
        return
    database = postgres_scratch.create()
    yield Place(database.url, folder)
    database.drop()


def on(place: Place, calista: Any, *arguments: str) -> Any:
    """Run on another database, with the backups of the test's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CALISTA_DB_URL", place.environment["CALISTA_DB_URL"])
        return calista(*arguments)


@pytest.mark.parametrize("events", ["none", "the same ids", "others"])
def test_a_backup_of_another_database(calista: Any, place: Any, other: Place, events: str) -> None:
    for item in (place, other):
        assert on(item, calista, "db", "upgrade", "--yes", "--no-backup").code == 0
    if events != "none":
        fill(place, 1)
        if events == "others":
            other.execute(INSERT.format(stream="s", id="01ARZ3NDEKTSV4RRFFQ69G5FB1"))
        else:
            fill(other, 1)
    backup = on(other, calista, "db", "backup").out.strip()
    theirs = other.rows(EVENTS)
    assert_nothing_happened(calista, place, Path(backup), "is a backup of another database")
    result = calista("db", "restore", backup)
    assert "hint: to put it in this one's place all the same: --from-other" in result.err
    assert calista("db", "restore", backup, "--from-other").code == 0
    assert place.rows(EVENTS) == theirs
    assert calista("db", "verify").code == 0


def test_a_database_that_is_empty_takes_every_backup(
    calista: Any, place: Any, other: Place
) -> None:
    """A new server, after the loss of the old one."""
    with_events(calista, other, 2)
    assert on(other, calista, "db", "upgrade", "--yes", "--no-backup").code == 0
    backup = on(other, calista, "db", "backup").out.strip()
    assert calista("db", "restore", backup).code == 0
    assert place.rows(EVENTS) == other.rows(EVENTS)
    # And from then on it is the same database, whatever it is called.
    place.execute(INSERT.format(stream="t", id="01ARZ3NDEKTSV4RRFFQ69G5FB2"))
    assert calista("db", "restore", backup).code == 0
    assert on(other, calista, "db", "restore", calista("db", "backup").out.strip()).code == 0


def test_an_empty_backup_is_told_by_its_name(calista: Any, place: Any, other: Place) -> None:
    assert on(other, calista, "db", "upgrade", "--yes").code == 0
    assert calista("db", "upgrade", "--yes").code == 0
    fill(place, 1)
    mine = [path for path in place.backups() if path.name.startswith(place.database.label)]
    (theirs,) = set(place.backups()) - set(mine)
    assert_nothing_happened(calista, place, theirs, "another database")
    assert calista("db", "restore", str(mine[0])).code == 0
    assert place.catalog() == {}


def test_an_unknown_revision_of_nobody_knows_what(calista: Any, place: Any, other: Place) -> None:
    """A newer CALISTA's backup of this database is put back; others cannot be checked."""
    assert on(other, calista, "db", "upgrade", "--yes", "--no-backup").code == 0
    schema = "" if other.is_sqlite else "calista."
    other.execute(f"UPDATE {schema}alembic_version SET version_num = 'ffffffffffff'")
    backup = on(other, calista, "db", "backup").out.strip()
    place.alembic(FIRST)
    place.execute(INSERT.format(stream="t", id="01ARZ3NDEKTSV4RRFFQ69G5FB2"))
    assert calista("db", "restore", backup).code == 1
    result = calista("db", "restore", backup, "--from-other")
    assert_refused(result, "ffffffffffff, which this version of CALISTA does not know")
    assert len(place.rows(EVENTS)) == 1
