"""`calista db backup` and `calista db restore`: whole files, all or nothing."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from calista.db import revisions

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


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_other_schemas_are_left_alone(calista: Any, place: Any) -> None:
    place.execute("CREATE TABLE public.theirs (x int)")
    calista("db", "upgrade", "--yes")
    backup = calista("db", "backup").out.strip()
    place.execute("INSERT INTO public.theirs VALUES (1)")
    assert calista("db", "restore", backup).code == 0
    assert place.rows("SELECT x FROM public.theirs") == [(1,)]
