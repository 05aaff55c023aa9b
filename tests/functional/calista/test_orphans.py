"""`calista` is killed while a program of PostgreSQL runs: the program does not go on without it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from calista.db.lock import upgrade_lock
from tests.functional.calista.refusals import on_postgresql, pretend
from tests.functional.calista.test_backup import EVENTS, fill
from tests.servers import client_programs

pytestmark = [
    on_postgresql,
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it ends with its pipe"),
]


def is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def wait_for(path: Path) -> int:
    while not (path.exists() and path.read_text().strip()):
        time.sleep(0.01)
    return int(path.read_text())


@pytest.mark.parametrize(
    ("name", "action"), [("pg_dump", "backup"), ("pg_restore", "backup"), ("pg_restore", "restore")]
)
def test_it_dies_with_us(calista: Any, place: Any, name: str, action: str) -> None:
    assert calista("db", "upgrade", "--yes", "--no-backup").code == 0
    backup = calista("db", "backup").out.strip()
    fill(place, 1)
    rows, catalog = place.rows(EVENTS), place.catalog()
    number = place.folder / "number"
    real = client_programs() / name
    # A restore lists, tries and backs up first; what is killed has begun to replace the schema.
    script = (
        f'case "$*" in *--version*|*--list*) exec {real} "$@" ;; esac\n'
        f"echo x >> '{place.folder}/runs'\n"
        f"if [ $(wc -l < '{place.folder}/runs') -lt {3 if action == 'restore' else 1} ]; then"
        f' exec {real} "$@"; fi\n'
        f"echo $$ > '{number}'; exec sleep 600"
    )
    folder = pretend(place.folder / "bin", **{name: script})
    words = ["db", action, *([backup] if action == "restore" else [])]
    running = subprocess.Popen(
        [sys.executable, "-m", "calista", *words],
        env=os.environ | place.environment | {"CALISTA_PG_BIN": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    child = wait_for(number)
    running.send_signal(signal.SIGKILL)
    running.wait()
    while is_alive(child):
        time.sleep(0.01)
    # The server has ended our sessions by then, or is about to: the lock and the schema are free.
    with upgrade_lock(place.database):
        assert (place.rows(EVENTS), place.catalog()) == (rows, catalog)
    assert calista("db", "restore", backup).code == 0
    assert [path.name for path in place.backups() if ".partial" in path.name] == []


def test_it_ends_when_what_it_says_is_not_wanted_any_more(calista: Any, place: Any) -> None:
    """An error in the middle of a restore does not wait for the rest of the backup."""
    assert calista("db", "upgrade", "--yes", "--no-backup").code == 0
    backup = calista("db", "backup").out.strip()
    number = place.folder / "number"
    script = (
        f'case "$*" in *--version*|*--list*) exec {client_programs()}/pg_restore "$@" ;; esac\n'
        f"echo $$ > '{number}'; echo 'DO $$x$$;'; exec sleep 600"
    )
    folder = pretend(place.folder / "bin", pg_restore=script)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CALISTA_PG_BIN", str(folder))
        result = calista("db", "restore", backup)
    assert (result.code, result.out) == (1, "")
    assert "it says what no backup does: DO" in result.err
    assert not is_alive(wait_for(number))
