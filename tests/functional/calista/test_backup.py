"""`calista db backup` and `calista db restore`: whole files, all or nothing."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from calista.db import revisions
from calista.db.backups import programs
from calista.db.lock import upgrade_lock

FIRST, HEAD = next(iter(revisions.known())), revisions.head()
EVENT = """INSERT INTO event_store
    (stream_id, stream_type, version, event_id, event_type, payload) VALUES
    ('night-1', 'observation', {n}, '01ARZ3NDEKTSV4RRFFQ69G5FA{n}', 'started', '{{"n": {n}}}')"""
EVENTS = "SELECT * FROM event_store ORDER BY global_seq"


def fill(place: Any, *numbers: int) -> None:
    for number in numbers:
        place.execute(EVENT.format(n=number))


def test_a_restore_brings_back_rows_and_schema(calista: Any, place: Any) -> None:
    """Byte-equal rows and an equal catalog, after an upgrade and more events in between."""
    place.alembic(FIRST)
    fill(place, 1, 2)
    rows, catalog = place.rows(EVENTS), place.catalog()
    backup = calista("db", "backup").out.strip()
    assert calista("db", "upgrade", "--yes").code == 0
    fill(place, 3)
    assert place.catalog() != catalog

    result = calista("db", "restore", backup)

    assert result.code == 0, result.err
    assert (place.rows(EVENTS), place.catalog()) == (rows, catalog)
    assert "run `calista db upgrade`" in result.err
    assert calista("db", "current").out == f"{FIRST}\n"
    assert calista("db", "upgrade", "--yes").code == 0
    assert calista("db", "verify").code == 0
    fill(place, 4)


def test_a_restore_can_itself_be_undone(calista: Any, place: Any) -> None:
    calista("db", "upgrade", "--yes")
    fill(place, 1)
    early = calista("db", "backup").out.strip()
    fill(place, 2)
    rows = place.rows(EVENTS)
    said = calista("db", "restore", early).err
    assert len(place.rows(EVENTS)) == 1
    before = next(line for line in said.splitlines() if "what was there before" in line)
    assert calista("db", "restore", before.partition(" is in ")[2]).code == 0
    assert place.rows(EVENTS) == rows


def test_the_empty_state_can_be_restored(calista: Any, place: Any) -> None:
    calista("db", "upgrade", "--yes")
    (backup,) = place.backups()
    assert calista("db", "restore", str(backup)).code == 0
    assert place.catalog() == {}
    assert calista("db", "check").code == 3
    assert calista("db", "upgrade", "--yes").code == 0


def damage(path: Path, how: str) -> Path:
    content = path.read_bytes()
    if how == "renamed and cut off":
        path = path.with_name("mine")
    changed = {
        "cut off": content[: len(content) // 2],
        "renamed and cut off": content[: len(content) - 600],
        "changed": content[:-700] + b"?" + content[-699:],
        "empty": b"",
        "no backup": b"hello\n" * 100,
    }
    path.write_bytes(changed[how])
    return path


@pytest.mark.parametrize(
    "how", ["cut off", "renamed and cut off", "changed", "empty", "no backup", "missing"]
)
def test_a_file_that_is_not_whole_is_refused(calista: Any, place: Any, how: str) -> None:
    calista("db", "upgrade", "--yes", "--no-backup")
    fill(place, *range(1, 9))
    backup = Path(calista("db", "backup").out.strip())
    if how == "missing":
        backup.unlink()
    else:
        backup = damage(backup, how)
    rows, catalog, files = place.rows(EVENTS), place.catalog(), place.backups()

    result = calista("db", "restore", str(backup))

    assert result.code == 1, result.err
    assert str(backup) in result.err
    assert len(result.err.splitlines()) <= 2
    assert (place.rows(EVENTS), place.catalog(), place.backups()) == (rows, catalog, files)


def test_only_the_newest_are_kept(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALISTA_BACKUP_KEEP", "2")
    calista("db", "upgrade", "--yes", "--no-backup")
    place.backup_dir.mkdir()
    stranger = place.backup_dir / "holiday.sqlite"
    stranger.write_text("not ours")
    made = [Path(calista("db", "backup").out.strip()) for _ in range(4)]
    assert place.backups() == sorted([*made[2:], stranger])


def test_the_one_just_made_is_kept_when_the_clock_was_set_back(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALISTA_BACKUP_KEEP", "2")
    calista("db", "upgrade", "--yes", "--no-backup")
    for year in ("2998", "2999"):
        path = Path(calista("db", "backup").out.strip())
        path.rename(path.with_name(re.sub(r"-\d{4}(\d{4}T)", rf"-{year}\1", path.name)))
    made = Path(calista("db", "backup").out.strip())
    assert made in place.backups()
    assert [path.name for path in place.backups() if "-2998" in path.name] == []
    assert len(place.backups()) == 2


def test_a_folder_without_a_name_is_a_slip(calista: Any, place: Any) -> None:
    """`--backup-dir "$UNSET"` is not the working folder."""
    calista("db", "upgrade", "--yes", "--no-backup")
    before = sorted(place.folder.iterdir())
    result = calista("db", "backup", "--backup-dir", "")
    assert (result.code, result.out) == (2, "")
    assert "invalid folder value: ''" in result.err
    assert sorted(place.folder.iterdir()) == before


def test_backups_are_found_by_status(calista: Any, place: Any) -> None:
    import json

    calista("db", "upgrade", "--yes", "--no-backup")
    path = calista("db", "backup").out.strip()
    found = json.loads(calista("db", "status", "--json").out)["last_backup"]
    assert found["file"] == path
    assert found["revision"] == HEAD
    assert found["bytes"] == os.path.getsize(path)  # noqa: PTH202


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_still_in_the_write_ahead_log_is_backed_up(calista: Any, place: Any) -> None:
    calista("db", "upgrade", "--yes", "--no-backup")
    other = sqlite3.connect(place.database.path)
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("PRAGMA wal_autocheckpoint = 0")
    other.execute(EVENT.format(n=1))
    other.commit()
    backup = Path(calista("db", "backup").out.strip())
    copy = sqlite3.connect(backup)
    assert copy.execute("SELECT count(*) FROM event_store").fetchone() == (1,)
    copy.close()
    assert place.backups() == [backup]

    other.execute(EVENT.format(n=2))
    other.commit()
    other.close()
    assert calista("db", "restore", str(backup)).code == 0
    assert len(place.rows(EVENTS)) == 1
    assert place.rows("PRAGMA integrity_check") == [("ok",)]


def test_what_is_no_backup_of_calista(calista: Any, place: Any, tmp_path: Path) -> None:
    """Whole files all of them, but nothing that could stand in the database's place."""
    calista("db", "upgrade", "--yes")
    fill(place, 1)
    place.execute("CREATE TABLE public.theirs (x int)" if not place.is_sqlite else "SELECT 1")
    foreign = tmp_path / "foreign"
    if place.is_sqlite:
        other = sqlite3.connect(foreign)
        other.execute("CREATE TABLE theirs (x int)")
        other.close()
        refused = {str(foreign): "another program's", str(place.database.path): "itself"}
    else:
        using = programs.find(0, Path(place.environment["CALISTA_PG_BIN"]), os.environ)
        arguments = ["--format=custom", f"--file={foreign}", f"--dbname={programs.CONNINFO}"]
        using.run("pg_dump", arguments, place.database)
        refused = {str(foreign): "other schemas"}
    rows, files = place.rows(EVENTS), place.backups()
    for file, words in (refused | {str(tmp_path): "is a folder"}).items():
        result = calista("db", "restore", file)
        assert (result.code, result.out) == (1, "")
        assert words in result.err
        assert len(result.err.splitlines()) <= 2
    assert (place.rows(EVENTS), place.backups()) == (rows, files)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("option", ["--schema-only", "--exclude-table=calista.alembic_version"])
def test_an_archive_that_lacks_its_revision(
    calista: Any, place: Any, tmp_path: Path, option: str
) -> None:
    """It is of our schema and whole, and nobody could say what to do with the result."""
    calista("db", "upgrade", "--yes", "--no-backup")
    fill(place, 1)
    file = tmp_path / "some.dump"
    using = programs.find(0, Path(place.environment["CALISTA_PG_BIN"]), os.environ)
    words = ["--format=custom", "--schema=calista", option, f"--file={file}"]
    using.run("pg_dump", [*words, f"--dbname={programs.CONNINFO}"], place.database)
    result = calista("db", "restore", str(file))
    assert (result.code, result.out) == (1, "")
    assert "is not a backup of CALISTA's: it holds tables, but not the rows of" in result.err
    assert len(place.rows(EVENTS)) == 1
    assert place.backups() == []


def test_a_backup_of_a_newer_calista_is_put_back_with_a_word(calista: Any, place: Any) -> None:
    calista("db", "upgrade", "--yes", "--no-backup")
    schema = "" if place.is_sqlite else "calista."
    place.execute(f"UPDATE {schema}alembic_version SET version_num = 'ffffffffffff'")
    newer = calista("db", "backup").out.strip()
    place.execute(f"UPDATE {schema}alembic_version SET version_num = '{HEAD}'")
    result = calista("db", "restore", newer)
    assert result.code == 0
    assert "does not know that revision" in result.err
    assert calista("db", "check").code == 4


def test_it_bears_the_revision_that_an_upgrade_before_it_has_reached(
    calista: Any, place: Any
) -> None:
    place.alembic(FIRST)
    with upgrade_lock(place.database):
        waiting = subprocess.Popen(
            [sys.executable, "-m", "calista", "db", "backup"],
            env=os.environ | place.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert waiting.stderr is not None
        assert "waiting" in waiting.stderr.readline()
        place.alembic("head")
    path, _ = waiting.communicate()
    assert waiting.returncode == 0
    assert f"-{HEAD}-" in path


def test_while_somebody_reads(calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is torn from under a reader; who reads for too long is told about."""
    calista("db", "upgrade", "--yes", "--no-backup")
    backup = calista("db", "backup").out.strip()
    fill(place, 1)
    monkeypatch.setenv("CALISTA_LOCK_TIMEOUT", "0.2")
    with place.connect() as reader:
        assert len(reader.exec_driver_sql(EVENTS).all()) == 1
        result = calista("db", "restore", backup)
        assert (result.code, result.out) == (1, "")
        assert len(reader.exec_driver_sql(EVENTS).all()) == 1
    assert "the database is as it was" in result.err or "was not touched" in result.err
    assert len(place.rows(EVENTS)) == 1
    assert calista("db", "restore", backup).code == 0
    assert place.rows(EVENTS) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_empty_state_holds_nothing_of_others(calista: Any, place: Any) -> None:
    """What belongs to no schema would be in the archive, and in the way of a restore."""
    place.execute("CREATE PUBLICATION theirs FOR ALL TABLES")
    place.execute("SELECT lo_create(4711)")
    calista("db", "upgrade", "--yes")
    (empty,) = place.backups()
    result = calista("db", "restore", str(empty))
    assert result.code == 0, result.err
    assert place.catalog() == {}
    assert place.rows("SELECT pubname FROM pg_publication") == [("theirs",)]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW public.theirs AS SELECT * FROM calista.event_store",
        "CREATE TABLE public.theirs (seq bigint REFERENCES calista.event_store)",
        "CREATE FUNCTION public.theirs(calista.event_store) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_what_others_built_upon_it_is_not_dropped(calista: Any, place: Any, statement: str) -> None:
    calista("db", "upgrade", "--yes", "--no-backup")
    backup = calista("db", "backup").out.strip()
    place.execute(statement)
    result = calista("db", "restore", backup)
    assert result.code == 1
    assert "would drop what depends on the schema calista" in result.err
    assert "theirs" in result.err
    assert calista("db", "verify").code == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_role_that_owns_the_schema_alone(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administrator has made the schema for it: it upgrades and backs up, and is told the rest."""
    role = f"owner_{place.url.database}"
    place.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    place.execute(f"CREATE SCHEMA calista AUTHORIZATION {role}")
    try:
        url = place.url.set(username=role, password="secret")
        monkeypatch.setenv("CALISTA_DB_URL", url.render_as_string(hide_password=False))
        assert calista("db", "upgrade", "--yes").code == 0
        backup = calista("db", "backup").out.strip()
        fill(place, 1)
        for command_line in (("db", "verify"), ("db", "restore", backup)):
            result = calista(*command_line)
            assert (result.code, result.out) == (1, "")
            assert "this role may not create schemas" in result.err
            assert "GRANT CREATE ON DATABASE" in result.err
        assert len(place.rows(EVENTS)) == 1
        place.execute(f"GRANT CREATE ON DATABASE {place.url.database} TO {role}")
        assert calista("db", "restore", backup).code == 0
        assert calista("db", "verify").code == 0
        assert place.rows(EVENTS) == []
    finally:
        place.execute(f"DROP OWNED BY {role}")
        place.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_role_that_is_gone(calista: Any, place: Any) -> None:
    """Another server, or a reader that was dropped: nothing is restored without its rights."""
    calista("db", "upgrade", "--yes", "--no-backup")
    role = f"reader_{place.url.database}"
    place.execute(f"CREATE ROLE {role}")
    place.execute(f"GRANT SELECT ON calista.event_store TO {role}")
    backup = calista("db", "backup").out.strip()
    place.execute(f"DROP OWNED BY {role}")
    place.execute(f"DROP ROLE {role}")
    fill(place, 1)
    result = calista("db", "restore", backup)
    assert (result.code, result.out) == (1, "")
    assert f'role "{role}" does not exist; the database is as it was' in result.err
    assert "hint: make the role first (CREATE ROLE)" in result.err
    assert len(place.rows(EVENTS)) == 1
    place.execute(f"CREATE ROLE {role}")
    assert calista("db", "restore", backup).code == 0
    place.execute(f"DROP OWNED BY {role}")
    place.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_other_schemas_are_left_alone(calista: Any, place: Any) -> None:
    place.execute("CREATE TABLE public.theirs (x int)")
    calista("db", "upgrade", "--yes")
    backup = calista("db", "backup").out.strip()
    place.execute("INSERT INTO public.theirs VALUES (1)")
    assert calista("db", "restore", backup).code == 0
    assert place.rows("SELECT x FROM public.theirs") == [(1,)]
