"""Where nothing more can be written: one clear message, exit 1, and a database as it was."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.functional.calista.refusals import (
    FIRST,
    assert_refused,
    assert_untouched,
    on_posix,
    on_postgresql,
    on_sqlite,
    run,
    with_events,
)


def write_no_more_than(size: int) -> Any:
    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="a tmpfs in a namespace of its own")
EVENTS = "SELECT * FROM event_store ORDER BY global_seq"


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


def on_a_small_disk(place: Any, size: str, script: str) -> tuple[int, str, str]:
    """Run a shell script in which ``small-disk`` is a tmpfs of this size, seen by nobody else."""
    apart = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "-r", "--mount"]
    disk = place.folder / "small-disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size={size},mode=700 tmpfs '{disk}'"
    if (
        shutil.which("unshare") is None
        or subprocess.run([*apart, "/bin/sh", "-c", mount]).returncode
    ):
        pytest.skip("this user may not mount a tmpfs")
    done = subprocess.run(
        [*apart, "/bin/sh", "-c", f"{mount} && {script}"],
        cwd=place.folder,
        env=os.environ | place.environment | {"CALISTA": f"{sys.executable} -m calista"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@on_linux
def test_a_disk_too_small_for_the_backup(calista: Any, place: Any) -> None:
    """What cannot fit is not begun."""
    rows, catalog = with_events(calista, place), place.catalog()
    script = "$CALISTA db upgrade --yes --backup-dir small-disk/backups; code=$?; ls small-disk/*; exit $code"
    code, out, err = on_a_small_disk(place, "256k", script)
    assert_refused((code, "", err), "no room for a backup")
    assert out.split() == [], "no file of any name is left"
    assert (place.rows(EVENTS), place.catalog()) == (rows, catalog)
    assert calista("db", "upgrade", "--yes").code == 0


@on_linux
@on_postgresql
def test_a_disk_that_is_full_before_pg_dump_is_done(calista: Any, place: Any) -> None:
    """Nobody knows beforehand how well an archive is compressed."""
    rows, catalog = with_events(calista, place, count=1500), place.catalog()
    script = (
        "$CALISTA db upgrade --yes --backup-dir small-disk; code=$?; ls -A small-disk; exit $code"
    )
    code, out, err = on_a_small_disk(place, "2200k", script)
    assert_refused((code, out, err), "pg_dump failed", "No space left on device")
    assert (place.rows(EVENTS), place.catalog()) == (rows, catalog)
    assert calista("db", "upgrade", "--yes").code == 0


@on_linux
@on_sqlite
def test_a_disk_that_is_full_while_upgrading(calista: Any, place: Any) -> None:
    rows, catalog = with_events(calista, place), place.catalog()
    script = f"""
        cp '{place.database.path}' small-disk/ && export CALISTA_DB_URL=sqlite:///small-disk/test.db
        dd if=/dev/zero of=small-disk/filler bs=4k 2>/dev/null
        $CALISTA db upgrade --yes --no-backup; code=$?
        rm small-disk/filler && ls -A small-disk && cp small-disk/test.db '{place.database.path}'
        exit $code"""
    code, out, err = on_a_small_disk(place, "1m", script)
    assert_refused((code, "", err), "failed and was undone", "disk is full", FIRST)
    assert out.split() == ["test.db"], "neither a journal nor a lock is left"
    assert (place.rows(EVENTS), place.catalog()) == (rows, catalog)
    assert calista("db", "upgrade", "--yes").code == 0


@on_linux
@on_sqlite
@pytest.mark.parametrize(
    ("limit", "words"),
    [("", "no room to restore it in"), ("ulimit -f 64;", "could not be restored: disk I/O error")],
)
def test_a_disk_too_small_for_what_is_restored(
    calista: Any, place: Any, limit: str, words: str
) -> None:
    with_events(calista, place)
    backup = calista("db", "backup").out.strip()
    script = f"""
        export CALISTA_DB_URL=sqlite:///small-disk/test.db; {limit}
        $CALISTA db restore '{backup}'; code=$?; ls -A small-disk; exit $code"""
    size = "4m" if limit else "256k"
    code, out, err = on_a_small_disk(place, size, script)
    assert_refused((code, "", err), words, "small-disk")
    assert "--backup-dir" not in err
    assert out.split() == [], "no database is made of what could not be restored"


@on_linux
@on_sqlite
def test_a_disk_too_small_for_the_answer_to_an_append(calista: Any, place: Any) -> None:
    """It waits in a temporary file until all events are stored."""
    assert calista("db", "upgrade", "--yes", "--no-backup").code == 0
    line = '{"stream_id": "s", "stream_type": "t", "event_type": "x"}\n'
    (place.folder / "many.jsonl").write_text(line * 8000)
    script = "export TMPDIR=small-disk; $CALISTA events append many.jsonl"
    result = on_a_small_disk(place, "256k", script)
    assert_refused(
        result, "cannot be kept in", "small-disk", "No space left", "no event was stored"
    )
    assert place.rows(EVENTS) == []


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
