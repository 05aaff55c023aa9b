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
    print(f"{found['points']} points, {found['killed']} of {found['attempts']} attempts killed")
    return found


def test_killed_at_some_points(place: Any) -> None:
    found = kill(place, 31 if place.is_sqlite else 151)
    assert found["faults"] == {}
    assert found["killed"] > 0


def test_killed_at_some_points_with_events_in_the_store(place: Any) -> None:
    found = kill(place, 37 if place.is_sqlite else 211, "--from-revision", FIRST)
    assert found["faults"] == {}
    assert found["killed"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("start", [(), ("--from-revision", FIRST)], ids=["empty", "with events"])
def test_killed_at_every_point(
    place: Any, start: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    found = kill(place, 1, *start)
    with capsys.disabled():
        print(f"\n{place.url.get_backend_name()}: {found['points']} kill points", *start)
    assert found["faults"] == {}
    assert found["killed"] >= found["points"]
