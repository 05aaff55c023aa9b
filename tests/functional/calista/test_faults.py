"""What goes wrong around an upgrade: one clear message, exit 1, and a database as it was."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

from calista.db import revisions
from calista.db.lock import upgrade_lock
from calista.db.upgrade import upgrade
from calista_tools.backends.programs import find_programs

HEAD = revisions.head()
FIRST = next(iter(revisions.known()))

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
on_posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits and permissions")


def assert_refused(result: Any, *words: str) -> None:
    code, out, err = result
    assert (code, out) == (1, ""), err
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, err
    assert "Traceback" not in err
    for word in words:
        assert word in errors[0]


def assert_untouched(calista: Any, place: Any) -> None:
    """Nothing is there but an empty database, and the next upgrade succeeds."""
    assert place.backups() == []
    assert calista("db", "check").code == 3
    assert place.catalog() == {}
    assert calista("db", "upgrade", "--yes").code == 0


def run(place: Any, *arguments: str, **options: Any) -> tuple[int, str, str]:
    """Run `calista` as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "calista", *arguments],
        env=os.environ | place.environment,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    return done.returncode, done.stdout, done.stderr


def write_no_more_than(size: int) -> Any:
    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def with_events(calista: Any, place: Any) -> list[Any]:
    """Put a database at its first revision, with more events than a small disk can hold."""
    place.alembic(FIRST)
    with place.connect() as connection:
        for number in range(100, 160):
            connection.exec_driver_sql(
                "INSERT INTO event_store"
                " (stream_id, stream_type, version, event_id, event_type, payload) VALUES"
                f" ('s', 't', {number}, '01ARZ3NDEKTSV4RRFFQ69G5{number}', 'x',"
                f' \'{{"noise": "{os.urandom(1500).hex()}"}}\')'
            )
        connection.commit()
    found: list[Any] = place.rows("SELECT * FROM event_store ORDER BY global_seq")
    return found


@on_posix
def test_disk_full_while_backing_up(calista: Any, place: Any) -> None:
    rows, catalog = with_events(calista, place), place.catalog()
    result = run(place, "db", "upgrade", "--yes", preexec_fn=write_no_more_than(65536))
    assert_refused(result)
    assert place.backups() == []
    assert place.catalog() == catalog
    assert place.rows("SELECT * FROM event_store ORDER BY global_seq") == rows
    assert calista("db", "current").out == f"{FIRST}\n"
    assert calista("db", "upgrade", "--yes").code == 0


@on_posix
@on_sqlite
def test_disk_full_while_upgrading(calista: Any, place: Any) -> None:
    rows, catalog = with_events(calista, place), place.catalog()
    size = place.database.path.stat().st_size
    limit = write_no_more_than(size)
    result = run(place, "db", "upgrade", "--yes", "--no-backup", preexec_fn=limit)
    assert_refused(result, "failed and was undone", FIRST)
    assert place.catalog() == catalog
    assert place.rows("SELECT * FROM event_store ORDER BY global_seq") == rows
    assert calista("db", "upgrade", "--yes").code == 0


def obey_permissions() -> None:
    """Take from root what lets it write where nobody may (Linux: CAP_DAC_OVERRIDE)."""
    if os.geteuid() == 0:
        drop_from_bounding_set, dac_override = 24, 1
        ctypes.CDLL(None).prctl(drop_from_bounding_set, dac_override, 0, 0, 0)


def permissions_can_be_obeyed(folder: Path) -> bool:
    done = subprocess.run(
        [sys.executable, "-c", f"open({str(folder / 'probe')!r}, 'w')"],
        preexec_fn=obey_permissions,
        capture_output=True,
        check=False,
    )
    return done.returncode != 0


@on_posix
def test_read_only_folder_for_backups(calista: Any, place: Any) -> None:
    place.backup_dir.mkdir()
    upgrade_with_read_only(place.backup_dir, calista, place)


@on_posix
@on_sqlite
def test_read_only_folder_of_the_database(calista: Any, place: Any) -> None:
    upgrade_with_read_only(place.folder, calista, place)


def upgrade_with_read_only(folder: Path, calista: Any, place: Any) -> None:
    folder.chmod(0o555)
    try:
        if not permissions_can_be_obeyed(folder):
            pytest.skip("this user writes where nobody may")
        result = run(place, "db", "upgrade", "--yes", preexec_fn=obey_permissions)
    finally:
        folder.chmod(0o755)
    assert_refused(result, "Permission denied", str(folder))
    assert_untouched(calista, place)


def test_the_folder_for_backups_is_a_file(calista: Any, place: Any) -> None:
    blocker = place.folder / "a-file"
    blocker.write_text("")
    result = calista("db", "upgrade", "--yes", "--backup-dir", str(blocker / "deeper"))
    assert_refused(result, str(blocker))
    assert_untouched(calista, place)


@on_sqlite
def test_no_folder_for_the_database(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALISTA_DB_URL", f"sqlite:///{place.folder / 'no' / 'where.db'}")
    assert_refused(calista("db", "upgrade", "--yes"), "No such file or directory")


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


@on_sqlite
def test_a_file_that_is_no_database(calista: Any, place: Any) -> None:
    place.database.path.write_bytes(b"not a database, but longer than a hundred bytes " * 10)
    before = place.database.path.read_bytes()
    assert_refused(calista("db", "upgrade", "--yes"), "file is not a database")
    assert place.database.path.read_bytes() == before


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


def pretend(folder: Path, **programs: str) -> Path:
    """Make a folder of PostgreSQL programs, some of them not what they should be."""
    folder.mkdir()
    real = find_programs().folder
    for name in ("pg_dump", "pg_restore", "psql"):
        script = programs.get(name, f'exec "{real / name}" "$@"')
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return folder


@on_posix
@on_postgresql
@pytest.mark.parametrize(
    ("script", "words"),
    [
        (None, "pg_dump was not found"),
        ('echo "pg_dump (PostgreSQL) 12.22"', "older than the server"),
        ('[ "$1" = --version ] && exec {real} "$@"; kill -9 $$', "killed by signal 9"),
        (
            '[ "$1" = --version ] && exec {real} "$@"; echo "pg_dump: error: no luck" >&2; exit 1',
            "no luck",
        ),
    ],
    ids=["missing", "old", "killed", "failing"],
)
def test_pg_dump(
    calista: Any,
    place: Any,
    monkeypatch: pytest.MonkeyPatch,
    script: str | None,
    words: str,
) -> None:
    folder = place.folder / "bin"
    if script is None:
        folder.mkdir()
    else:
        pretend(folder, pg_dump=script.format(real=find_programs().folder / "pg_dump"))
    monkeypatch.setenv("CALISTA_PG_BIN", str(folder))
    assert_refused(calista("db", "upgrade", "--yes"), words)
    monkeypatch.setenv("CALISTA_PG_BIN", str(find_programs().folder))
    assert_untouched(calista, place)


@on_posix
@on_postgresql
@pytest.mark.parametrize("name", ["INT", "TERM"])
def test_ended_while_pg_dump_runs(calista: Any, place: Any, name: str) -> None:
    """The program ends, too, and does not write on into what nobody will call a backup."""
    alive = place.folder / "alive"
    real = find_programs().folder / "pg_dump"
    script = (
        f'[ "$1" = --version ] && exec {real} "$@"\n'
        f"kill -{name} $PPID; sleep 3; echo yes > '{alive}'"
    )
    folder = pretend(place.folder / "bin", pg_dump=script)
    environment = os.environ | place.environment | {"CALISTA_PG_BIN": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "calista", "db", "upgrade", "--yes"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 128 + signal.Signals[f"SIG{name}"], done.stderr
    assert not alive.exists()
    assert_untouched(calista, place)


@on_posix
@on_postgresql
def test_no_program_is_told_the_password_on_its_command_line(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = place.folder / "seen"
    real = find_programs().folder
    programs = {
        name: f'echo "$0 $@" >> "{seen}"; env | grep CALISTA_DB_URL >> "{seen}"\n'
        f'exec "{real / name}" "$@"'
        for name in ("pg_dump", "pg_restore", "psql")
    }
    monkeypatch.setenv("CALISTA_PG_BIN", str(pretend(place.folder / "bin", **programs)))
    assert calista("db", "upgrade", "--yes").code == 0
    backup = calista("db", "backup").out.strip()
    assert calista("db", "restore", backup).code == 0
    words = seen.read_text()
    assert "psql" in words
    assert str(place.url.password) not in words
    assert "CALISTA_DB_URL" not in words
    assert str(place.url.password) not in "".join(path.name for path in place.backups())


@on_posix
@on_postgresql
def test_a_password_in_the_query_is_used_and_not_shown(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = place.url.set(password=None).update_query_dict({"password": place.url.password})
    monkeypatch.setenv("CALISTA_DB_URL", url.render_as_string(hide_password=False))
    backup = calista("db", "backup").out.strip()
    assert calista("db", "restore", backup).code == 0
    real = find_programs().folder / "pg_dump"
    script = f'[ "$1" = --version ] && exec {real} "$@"; echo "error: <$PGPASSWORD>" >&2; exit 1'
    folder = pretend(place.folder / "bin", pg_dump=script)
    monkeypatch.setenv("CALISTA_PG_BIN", str(folder))
    result = calista("db", "backup")
    assert_refused(result, "<***>")
    assert str(place.url.password) not in result.err


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


def test_bad_urls_do_not_show_their_password(calista: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    urls = ["mysql://me:s3cret@host/db", "postgresql://me:s3cret@host:port/db", "s3cret"]
    # An @ that should be %40: what follows it would be taken for a host, and told.
    urls += ["postgresql://me:very@s3cret@127.0.0.1:1/db", "postgresql+pg8000://me:s3cret@h/db"]
    urls += ["postgresql://127.0.0.1:1/db?user=me&password=s3cret"]
    urls += ["postgresql://me:s3cret@127.0.0.1:1/db?nonsense=1", "postgresql://me:s3cret@%00/db"]
    for url in urls:
        monkeypatch.setenv("CALISTA_DB_URL", url)
        for command_line in (("db", "status"), ("db", "upgrade", "--yes"), ("config",)):
            result = calista(*command_line)
            assert result.code == (0 if result.out.startswith("url ") else 1)
            assert "s3cret" not in result.err + result.out
            assert "Traceback" not in result.err


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
