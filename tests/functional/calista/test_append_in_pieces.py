"""`calista events append` under load: pieces, slow pipes, signals, and lines that come twice."""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from calista.events.store import PIECE
from tests.functional.calista.refusals import on_posix, on_sqlite


def made(number: int, **more: Any) -> dict[str, Any]:
    known = {"event_id": f"01ARZ3NDEKTSV4RRFFQ69G{number:04}", "payload": {"n": number}}
    base = {"stream_id": "night-1", "stream_type": "observation", "event_type": "started"}
    return base | known | more


def lines(events: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


@pytest.fixture
def append(calista: Any, place: Any) -> Callable[..., Any]:
    """Appends events that lie in a file."""
    place.alembic("head")

    def run(events: list[dict[str, Any]], *options: str) -> Any:
        source = place.folder / "input.jsonl"
        source.write_text(lines(events))
        return calista("events", "append", *options, str(source))

    return run


def numbers(place: Any) -> list[int]:
    query = "SELECT payload FROM event_store ORDER BY global_seq"
    found = (document for (document,) in place.rows(query))
    return [(json.loads(item) if isinstance(item, str) else item)["n"] for item in found]


def answered(result: Any) -> list[int]:
    return [json.loads(line)["payload"]["n"] for line in result.out.splitlines()]


# -- pieces ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["1", "3", "7"])
def test_pieces_of_any_size_store_the_same(append: Any, place: Any, size: str) -> None:
    result = append([made(number) for number in range(7)], "--commit-every", size)
    assert (result.code, answered(result)) == (0, list(range(7))), result.err
    assert result.err == "7 events stored\n"
    assert numbers(place) == list(range(7))


def test_each_piece_is_a_transaction(append: Any, place: Any) -> None:
    """What went before the one that fails stays, and is said to."""
    events = [made(number) for number in range(5)] + [made(5, version=9), made(6)]
    result = append(events, "--commit-every", "2")
    assert (result.code, answered(result)) == (1, [0, 1, 2, 3])
    assert "line 6: stream 'night-1' is at version 5" in result.err
    assert "; 4 events stored before it\n" in result.err
    assert numbers(place) == [0, 1, 2, 3]


def test_a_bad_line_in_a_later_piece(append: Any, place: Any) -> None:
    result = append([made(0), made(1), made(2, stream_type=7)], "--commit-every", "1")
    assert (result.code, answered(result)) == (1, [0, 1])
    assert result.err.startswith("error: line 3: ")
    assert "; 2 events stored before it\n" in result.err
    assert numbers(place) == [0, 1]


def test_empty_lines_are_counted_and_no_events(append: Any, calista: Any, place: Any) -> None:
    source = place.folder / "holes.jsonl"
    source.write_text("\n\n" + lines([made(0)]) + "  \n" + lines([made(1), made(2)]) + "\nx\n")
    result = calista("events", "append", "--commit-every", "2", str(source))
    assert (result.code, answered(result)) == (1, [0, 1])
    assert result.err.startswith("error: line 8: ")


@on_sqlite
def test_a_piece_has_at_least_one_event(append: Any) -> None:
    for size in ("0", "-1", "x", "1.5", ""):
        result = append([made(0)], "--commit-every", size)
        assert (result.code, result.out) == (2, "")
        assert f"argument --commit-every: {size!r} is no whole number from" in result.err


# -- lines that come twice ------------------------------------------------------------------------


def test_what_is_known_is_passed_over(append: Any, place: Any) -> None:
    append([made(number) for number in range(3)])
    result = append([made(number) for number in range(5)], "--skip-known")
    assert (result.code, answered(result)) == (0, [3, 4])
    assert result.err == "2 events stored, 3 known before\n"
    again = append([made(number) for number in range(5)], "--skip-known", "--commit-every", "2")
    assert (again.code, again.out) == (0, "")
    assert again.err == "0 events stored, 5 known before\n"
    assert numbers(place) == list(range(5))


@pytest.mark.parametrize("options", [[], ["--commit-every", "1"], ["--commit-every", "2"]])
def test_the_same_line_twice_in_one_input(append: Any, place: Any, options: list[str]) -> None:
    result = append([made(0), made(1), made(1), made(0), made(2)], "--skip-known", *options)
    assert (result.code, answered(result)) == (0, [0, 1, 2]), result.err
    assert numbers(place) == [0, 1, 2]


def test_known_over_more_than_a_piece_in_memory(append: Any, place: Any) -> None:
    count = PIECE + 10
    append([made(number) for number in range(0, count, 2)])
    result = append([made(number) for number in range(count)], "--skip-known")
    assert (result.code, answered(result)) == (0, list(range(1, count, 2)))
    assert len(numbers(place)) == count


def test_another_content_is_no_known_event(append: Any, place: Any) -> None:
    append([made(1)])
    changes: list[dict[str, Any]] = [
        {"payload": {"n": 2}},
        {"payload": {"n": True}},
        {"payload": {"n": "1"}},
        {"payload": {"n": 1, "more": None}},
        {"payload": []},
        {"metadata": {}},
        {"event_type": "stopped"},
        {"stream_id": "night-2"},
        {"version": 2},
    ]
    for change in changes:
        result = append([made(0, stream_id="x"), made(1, **change)], "--skip-known")
        assert (result.code, result.out) == (1, "")
        said = f"error: line 2: event {made(1)['event_id']} is there with another "
        assert result.err.startswith(f"{said}{next(iter(change))}; no event was stored\n")
    assert numbers(place) == [1]


def test_the_same_content_written_otherwise(append: Any, place: Any) -> None:
    """Keys in another order, numbers by their value: JSONB keeps neither as it was written."""
    document = {
        "n": 1,
        "a": [1.5, {"x": None, "y": True}],
        "big": 2**70,
        "f": 1e23,
        "s": 1e-7,
        "é": "☄",
    }
    stored = made(1, payload=document, metadata=None)
    assert append([stored]).code == 0
    turned = dict(reversed(document.items())) | {"n": 1.0}
    result = append([made(1, payload=turned, version=1)], "--skip-known")
    assert (result.code, result.err) == (0, "0 events stored, 1 known before\n")


def test_what_has_no_id_cannot_be_known(append: Any, place: Any) -> None:
    """Else it would be stored twice without a word."""
    nameless = {key: value for key, value in made(1).items() if key != "event_id"}
    result = append([made(0), nameless], "--skip-known")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: line 2: no 'event_id', by which `--skip-known`")
    assert numbers(place) == []


def test_versions_go_on_behind_what_is_known(append: Any, place: Any) -> None:
    append([made(0, version=1), made(1, version=2)])
    events = [made(number, version=number + 1) for number in range(4)]
    result = append(events, "--skip-known")
    assert (result.code, answered(result)) == (0, [2, 3])


# -- pipes ----------------------------------------------------------------------------------------


class Pipe(io.RawIOBase):
    """An input that comes a line at a time; ``between`` is called before each but the first."""

    def __init__(self, text: str, between: Callable[[], object]) -> None:
        self.lines = text.encode().splitlines(keepends=True)
        self.between = between
        self.first = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self.first:
            self.between()
        self.first = False
        line = self.lines.pop(0) if self.lines else b""
        buffer[: len(line)] = line
        return len(line)


@pytest.mark.parametrize("options", [[], ["--commit-every", "1"], ["--commit-every", "2"]])
def test_a_slow_pipe_stops_nobody(
    append: Any, calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    """No transaction is open, and no lock is held, while the next line is waited for."""
    looked = []

    def look() -> None:
        looked.append(1)
        if place.is_sqlite:
            with sqlite3.connect(place.database.path, timeout=0, isolation_level=None) as other:
                other.execute("BEGIN EXCLUSIVE")
                other.execute("ROLLBACK")
            other.close()
            return
        query = (
            "SELECT state FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            " AND xact_start IS NOT NULL"
        )
        assert place.rows(query) == []

    pipe = Pipe(lines([made(number) for number in range(5)]), look)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(pipe)))
    result = calista("events", "append", *options)
    assert (result.code, answered(result)) == (0, list(range(5))), result.err
    assert len(looked) >= 5


@on_sqlite
def test_an_upgrade_between_two_pieces_is_noticed(
    append: Any, calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def upgrade() -> None:
        place.execute("UPDATE alembic_version SET version_num = 'from_the_future'")

    pipe = Pipe(lines([made(0), made(1)]), upgrade)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(pipe)))
    result = calista("events", "append", "--commit-every", "1")
    assert (result.code, answered(result)) == (4, [0])
    assert "1 event stored before it" in result.err
    assert numbers(place) == [0]


@on_sqlite
def test_an_input_that_cannot_be_read(
    append: Any, calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError(5, "Input/output error")

    pipe = Pipe(lines([made(0)]), fail)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(pipe)))
    result = calista("events", "append", "--commit-every", "1")
    assert (result.code, answered(result)) == (1, [0])
    said = "error: the input cannot be read: Input/output error; 1 event stored before it\n"
    assert result.err == said


# -- signals --------------------------------------------------------------------------------------


@on_posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_while_events_are_committed(
    append: Any, place: Any, at_commit: list[Any], name: str
) -> None:
    """What is stored is acknowledged, then the command ends."""
    number = getattr(signal, name)
    at_commit.append(lambda: os.kill(os.getpid(), number))
    result = append([made(0), made(1), made(2)], "--commit-every", "2")
    assert (result.code, answered(result)) == (128 + number, [0, 1])
    assert numbers(place) == [0, 1]
    assert result.err.startswith("2 events stored\n")


@on_posix
@on_sqlite
def test_a_second_signal_is_not_held_back(append: Any, place: Any, at_commit: list[Any]) -> None:
    def twice() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)

    at_commit.append(twice)
    result = append([made(0)])
    assert (result.code, result.out) == (128 + signal.SIGTERM, "")
    assert numbers(place) == []


def start(place: Any, size: str) -> subprocess.Popen[str]:
    program = [sys.executable, "-m", "calista", "events", "append", "--commit-every", size]
    return subprocess.Popen(
        program,
        env=os.environ | place.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@on_posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_killed_and_fed_again(append: Any, calista: Any, place: Any, name: str) -> None:
    """What was acknowledged is there and nothing else; the second time adds only the rest."""
    number = getattr(signal, name)
    process = start(place, "2")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(lines([made(number) for number in range(5)]))
    process.stdin.flush()
    seen = [json.loads(process.stdout.readline())["payload"]["n"] for _ in range(4)]
    assert seen == numbers(place) == [0, 1, 2, 3]
    process.send_signal(number)
    rest, words = process.communicate()
    assert rest == ""
    if name == "SIGTERM":
        assert process.returncode == 128 + number
        assert words.startswith("4 events stored\ninterrupted;")
    assert numbers(place) == [0, 1, 2, 3]
    again = append([made(number) for number in range(6)], "--skip-known", "--commit-every", "2")
    assert (again.code, answered(again)) == (0, [4, 5])
    assert calista("events", "verify").code == 0


@on_posix
@on_sqlite
def test_an_answer_that_nobody_reads_ends_it(append: Any, place: Any) -> None:
    """Appending on would acknowledge nothing any more."""
    process = start(place, "1")
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stdin.write(lines([made(number) for number in range(3)]))
    process.stdin.close()
    words = process.stderr.read()
    assert process.wait() == 1
    assert words.startswith(
        "error: nobody reads the answer, so no more events are appended; 1 event"
    )
    assert numbers(place) == [0]
