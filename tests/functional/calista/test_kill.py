"""Wherever `calista db upgrade` is killed, the database is at a whole revision."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from calista.db import revisions

PROGRAM = Path(__file__).with_name("killing.py")
FIRST = next(iter(revisions.known()))

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no fork and no SIGKILL"
)


def kill(place: Any, step: int, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [
            sys.executable,
            str(PROGRAM),
            place.url.render_as_string(hide_password=False),
            str(place.folder),
            str(step),
            *arguments,
        ],
        env=os.environ | place.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    print(f"{found['points']} points, {found['ended']} of {found['attempts']} attempts ended")
    return found


#: How it is ended, and a step for each dialect that leaves a handful of points.
WAYS = {
    "upgrade from nothing": ((), 31, 211),
    "upgrade with events": (("--start", FIRST), 37, 211),
    "upgrade interrupted": (("--start", FIRST, "--signal", "INT"), 37, 211),
    "restore": (("--action", "restore"), 61, 367),
}


@pytest.mark.parametrize("way", WAYS)
def test_ended_at_some_points(place: Any, way: str) -> None:
    arguments, on_sqlite, on_postgresql = WAYS[way]
    found = kill(place, on_sqlite if place.is_sqlite else on_postgresql, *arguments)
    assert found["faults"] == {}
    assert found["ended"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_ended_at_every_point(place: Any, way: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = kill(place, 1, *WAYS[way][0])
    with capsys.disabled():
        backend = place.url.get_backend_name()
        print(f"\n{backend}, {way}: {found['points']} points, {found['ended']} ended")
    assert found["faults"] == {}
