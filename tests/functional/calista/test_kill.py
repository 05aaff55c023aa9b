"""Wherever `calista db upgrade` or `restore` is ended, the database is at a whole revision."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from calista.db import gate, revisions
from calista.db.upgrade import write_sql

ROOT = Path(__file__).parents[3]
FIRST, HEAD = next(iter(revisions.known())), revisions.head()
#: Parts of a complete run, for the cores that there are.
PARTS = 4

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no fork and no SIGKILL"
)


class Way(NamedTuple):
    """What is ended and by whom, and steps that leave a handful of points to the normal suite.

    SQLite has neither sessions nor programs; no step there means not to try.
    """

    action: str
    by: str
    on_sqlite: int
    on_postgresql: int


WAYS = {
    "upgrade from nothing": Way("upgrade", "KILL", 29, 131),
    "upgrade with events": Way("upgrade with events", "KILL", 31, 113),
    "upgrade interrupted": Way("upgrade with events", "INT", 43, 173),
    "upgrade without its session": Way("upgrade with events", "session", 0, 7),
    "upgrade without its programs": Way("upgrade with events", "program", 0, 5),
    "restore": Way("restore", "KILL", 53, 211),
    "restore without its session": Way("restore", "session", 0, 17),
    "restore without its programs": Way("restore", "program", 0, 13),
}

on_each_dialect = pytest.mark.parametrize(
    ("database_url", "way"),
    [("sqlite", name) for name, way in WAYS.items() if way.on_sqlite]
    + [("postgresql", name) for name in WAYS],
    indirect=["database_url"],
)


def kill(place: Any, name: str, step: int, first: int = 1) -> dict[str, Any]:
    """Make the attempts of one way and check what must be so whichever points were chosen."""
    way = WAYS[name]
    options = [f"--step={step}", f"--first={first}", f"--action={way.action}", f"--by={way.by}"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.functional.calista.killing", str(place.folder), *options],
        cwd=ROOT,
        env=os.environ | place.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["faults"] == {}
    assert found["points"]["statements"] >= fewest_statements(place, way)
    if way.by in ("KILL", "INT"):
        # A moment may come too late, but a process that passes its point is no test of it.
        assert [name for name in found["survived"] if name.startswith("point")] == []
        assert found["points"]["lines"] > 100
    if way.by == "session":
        assert found["survived"] == []
    return found


def fewest_statements(place: Any, way: Way) -> int:
    """Return how many points there must be at least, by the SQL of the revisions."""
    if way.by == "program":
        return 3  # pg_dump --version, pg_dump, pg_restore
    if way.action == "restore" and way.by != "session":
        return 2  # SQLite's backup API and psycopg send the rest
    current = (FIRST,) if way.action == "upgrade with events" else ()
    output = io.StringIO()
    write_sql(place.database, gate.Standing(gate.State.BEHIND, current, HEAD), output)
    statements = [words.strip() for words in output.getvalue().split(";\n\n") if words.strip()]
    if way.by == "session":
        return sum(words.startswith(("CREATE", "ALTER", "COMMENT")) for words in statements) // 2
    return 2 * sum(not words.startswith(("BEGIN", "COMMIT")) for words in statements)


@on_each_dialect
def test_ended_at_some_points(place: Any, way: str) -> None:
    found = kill(place, way, WAYS[way].on_sqlite if place.is_sqlite else WAYS[way].on_postgresql)
    assert len(found["survived"]) < found["attempts"]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
@on_each_dialect
def test_ended_at_every_point(
    place: Any, way: str, part: int, record_property: Callable[[str, object], None]
) -> None:
    found = kill(place, way, PARTS, part + 1)
    assert found["attempts"] >= sum(found["points"].values()) // PARTS
    points = " and ".join(f"{count} {kind}" for kind, count in found["points"].items())
    record_property(
        "said",
        f"{place.url.get_backend_name()}, {way}: {points}, part {part + 1} of {PARTS}:"
        f" {found['attempts'] - len(found['survived'])} of {found['attempts']} attempts ended",
    )
