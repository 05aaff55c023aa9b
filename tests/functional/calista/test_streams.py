"""Whoever starts `calista` may have closed its streams: nothing breaks, nothing goes astray."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes them"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


def run(place: Any, arguments: str, redirection: str) -> tuple[int, str, str]:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -m calista {arguments} {redirection}', sys.executable],
        env=os.environ | place.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_nobody_to_ask(place: Any) -> None:
    code, out, err = run(place, "db upgrade", "<&-")
    assert (code, out) == (1, "")
    assert "error: not upgraded: nobody said yes" in err
    assert "Traceback" not in err
    assert not place.database.exists


def test_no_events_to_read(calista: Any, place: Any) -> None:
    calista("db", "upgrade", "--yes", "--no-backup")
    assert run(place, "events append", "<&-") == (0, "", "0 events stored\n")


def test_nobody_to_tell(calista: Any, place: Any) -> None:
    """What was for stderr is not written to stdout instead, where results are."""
    assert run(place, "db check", "2>&-") == (3, "", "")
    assert run(place, "db upgrade --yes", "2>&-") == (0, "", "")
    assert calista("db", "check").code == 0


def test_nowhere_to_print(calista: Any, place: Any) -> None:
    calista("db", "upgrade", "--yes", "--no-backup")
    assert run(place, "db current", ">&-") == (0, "", "")
