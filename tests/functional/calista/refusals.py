"""What must be so when a command refuses to go on, and the databases that it refuses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from calista.db import revisions
from tests.servers import client_programs

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


def hear_signals() -> None:
    """Undo in a new process what makes tests deaf: a shell without job control, or `nohup`."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def with_events(calista: Any, place: Any, count: int = 60) -> list[Any]:
    """Put a database at its first revision, with more events than a small disk can hold."""
    place.alembic(FIRST)
    with place.connect() as connection:
        for number in range(100, 100 + count):
            connection.exec_driver_sql(
                "INSERT INTO event_store"
                " (stream_id, stream_type, version, event_id, event_type, payload) VALUES"
                f" ('s', 't', {number}, '01ARZ3NDEKTSV4RRFFQ69G{number:04}', 'x',"
                f' \'{{"noise": "{os.urandom(1500).hex()}"}}\')'
            )
        connection.commit()
    found: list[Any] = place.rows("SELECT * FROM event_store ORDER BY global_seq")
    return found


def pretend(folder: Path, **programs: str) -> Path:
    """Make a folder of PostgreSQL programs, some of them not what they should be."""
    folder.mkdir()
    real = client_programs()
    for name in ("pg_dump", "pg_restore"):
        script = programs.get(name, f'exec "{real / name}" "$@"')
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return folder
