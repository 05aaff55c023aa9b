"""What if there is no fitting pg_dump, or it does not live to the end?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.functional.calista.refusals import (
    assert_refused,
    assert_untouched,
    hear_signals,
    on_posix,
    on_postgresql,
    pretend,
)
from tests.servers import client_programs


@on_posix
@on_postgresql
@pytest.mark.parametrize(
    ("script", "words"),
    [
        (None, "pg_dump was not found in {folder}, and without it"),
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
        pretend(folder, pg_dump=script.format(real=client_programs() / "pg_dump"))
    monkeypatch.setenv("CALISTA_PG_BIN", str(folder))
    assert_refused(calista("db", "upgrade", "--yes"), words.format(folder=folder))
    monkeypatch.setenv("CALISTA_PG_BIN", str(client_programs()))
    assert_untouched(calista, place)


@on_posix
@on_postgresql
@pytest.mark.parametrize("name", ["INT", "TERM"])
def test_ended_while_pg_dump_runs(calista: Any, place: Any, name: str) -> None:
    """The program ends, too, and does not write on into what nobody will call a backup."""
    alive = place.folder / "alive"
    real = client_programs() / "pg_dump"
    script = (
        f'[ "$1" = --version ] && exec {real} "$@"\n'
        f"kill -{name} $PPID; sleep 3; echo yes > '{alive}'"
    )
    folder = pretend(place.folder / "bin", pg_dump=script)
    environment = os.environ | place.environment | {"CALISTA_PG_BIN": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "calista", "db", "upgrade", "--yes"],
        env=environment,
        preexec_fn=hear_signals,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 128 + signal.Signals[f"SIG{name}"], done.stderr
    assert not alive.exists()
    assert_untouched(calista, place)


@on_posix
@on_postgresql
def test_an_archive_that_is_newer_than_pg_restore(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is whole, and to say that it is not would have people throw it away."""
    calista("db", "upgrade", "--yes", "--no-backup")
    backup = Path(calista("db", "backup").out.strip())
    content = backup.read_bytes()
    # The archive's version stands behind the five letters that it begins with.
    newer = place.folder / "newer.dump"
    newer.write_bytes(content[:5] + bytes([content[5], content[6] + 50]) + content[7:])
    assert_refused(calista("db", "restore", str(newer)), "was made by a newer pg_dump")
    assert calista("db", "verify").code == 0
