"""`calista events`: JSON Lines in and out, all or none."""

from __future__ import annotations

import gc
import io
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from calista.events import jsonl, statements
from calista.events.jsonl import Event
from calista.events.store import PIECE


@pytest.fixture
def events(calista: Any, place: Any) -> Any:
    """Runs `calista events` on an upgraded database; a list of events is its input."""
    assert calista("db", "upgrade", "--yes", "--no-backup").code == 0

    def run(*arguments: str, lines: list[Any] | None = None, text: str | bytes = "") -> Any:
        if lines is not None:
            text = "".join(json.dumps(line) + "\n" for line in lines)
        if arguments[0] == "append" and len(arguments) == 1:
            path = place.folder / "input.jsonl"
            path.write_bytes(
                text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
            )
            arguments = (*arguments, str(path))
        return calista("events", *arguments)

    return run


def made(stream: str = "night-1", **more: Any) -> dict[str, Any]:
    return {"stream_id": stream, "stream_type": "observation", "event_type": "started"} | more


def stored(result: Any) -> list[Any]:
    assert result.code == 0, result.err
    return [json.loads(line) for line in result.out.splitlines()]


def test_appended_events_are_listed_as_they_were_answered(events: Any) -> None:
    payload = {"é": ["☄", 1.5, None, True], "big": 2**60, "quote": "'\"\\%s:x"}
    answer = stored(
        events("append", lines=[made(payload=payload), made(metadata={"who": "me"}), made("n2")])
    )
    assert stored(events("list")) == answer
    assert [event["version"] for event in answer] == [1, 2, 1]
    assert [event["global_seq"] for event in answer] == [1, 2, 3]
    assert answer[0]["payload"] == payload
    assert (answer[1]["payload"], answer[1]["metadata"]) == ({}, {"who": "me"})
    assert all(event["recorded_at"].endswith("Z") for event in answer)
    ids = [event["event_id"] for event in answer]
    assert ids == sorted(set(ids))
    assert events("verify").code == 0


def test_times_are_in_utc_to_the_microsecond(events: Any, place: Any) -> None:
    answer = stored(events("append", lines=[made(), made()]))
    (first, second) = (datetime.fromisoformat(event["recorded_at"]) for event in answer)
    assert first == second
    assert abs((datetime.now(UTC) - first).total_seconds()) < 600
    query = "SELECT to_char(recorded_at, 'HH24:MI:SS.US') FROM event_store"
    if place.is_sqlite:
        query = "SELECT substr(recorded_at, 12) FROM event_store"
    for (written,) in place.rows(query):
        assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{6}", written)


def test_lists_can_be_narrowed(events: Any) -> None:
    events("append", lines=[made(), made("n2"), made(event_type="stopped"), made()])
    assert [event["global_seq"] for event in stored(events("list", "--stream", "night-1"))] == [
        1,
        3,
        4,
    ]
    assert len(stored(events("list", "--type", "stopped"))) == 1
    assert [event["global_seq"] for event in stored(events("list", "--after", "2"))] == [3, 4]
    assert len(stored(events("list", "--limit", "3"))) == 3


@pytest.mark.parametrize("version", [1, 3, 4])
def test_a_version_that_is_not_the_next_is_a_conflict(events: Any, version: int) -> None:
    stored(events("append", lines=[made(version=1)]))
    result = events("append", lines=[made("other"), made(version=version)])
    assert (result.code, result.out) == (1, "")
    assert "line 2: stream 'night-1' is at version 1" in result.err
    assert len(stored(events("list"))) == 1


def test_a_stream_keeps_its_type(events: Any) -> None:
    """Else `events verify` would find fault with what `events append` has stored."""
    stored(events("append", lines=[made()]))
    other = made(stream_type="other")
    for lines in ([other], [made("n2"), made("n2", stream_type="other")]):
        result = events("append", lines=lines)
        assert (result.code, result.out) == (1, "")
        assert f"line {len(lines)}: stream" in result.err
        assert "is of type 'observation', not 'other'; no event was stored" in result.err
    assert len(stored(events("list"))) == 1


@pytest.mark.parametrize("count", [1, 2, 3, 5, PIECE])
def test_any_number_of_streams_goes_on_where_it_is(events: Any, count: int) -> None:
    names = [f"night-{number}" for number in range(count)]
    for version in (1, 2):
        answer = stored(events("append", lines=[made(name) for name in names]))
        assert [(event["stream_id"], event["version"]) for event in answer] == [
            (name, version) for name in names
        ]


def test_to_append_reads_no_more_of_a_longer_stream(events: Any, place: Any) -> None:
    """A plan that reads all of a stream's events makes a million of them endless."""
    with place.connect() as connection:
        if place.is_sqlite:
            query = statements.ends_on_sqlite(1)
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", ("x",))
            steps = [row[3] for row in plan if "event_store" in row[3]]
            assert steps
            assert all(" USING " in step and "(stream_id=?" in step for step in steps), steps
        else:
            connection.exec_driver_sql(
                "INSERT INTO event_store"
                " (stream_id, stream_type, version, event_id, event_type, payload)"
                " SELECT 'x', 't', n, lpad(n::text, 26, '0'), 'x', '{}' FROM generate_series(1, 5000) n"
            )
            connection.exec_driver_sql("ANALYZE event_store")
            query = statements.ENDS_ON_POSTGRESQL.replace("%b", "ARRAY['x']")
            plan = connection.exec_driver_sql(f"EXPLAIN {query}")
            text = "\n".join(row[0] for row in plan)
            assert "Limit" in text, text
            assert "Index Scan Backward using uq_event_store_stream_id_version" in text


def test_an_id_that_is_taken_is_a_conflict(events: Any) -> None:
    (first,) = stored(events("append", lines=[made()]))
    result = events("append", lines=[made("other", event_id=first["event_id"])])
    assert result.code == 1
    assert "an event with one of these ids is stored already" in result.err
    assert len(stored(events("list"))) == 1


def test_garbage_is_collected_as_ever_while_events_stream(
    events: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only imports go without: a million events leave cycles that would pile up."""
    usual, seen = gc.get_threshold(), []
    read_events = jsonl.read_events

    def noting(lines: Any) -> Any:
        seen.append(gc.get_threshold())
        return read_events(lines)

    monkeypatch.setattr(jsonl, "read_events", noting)
    stored(events("append", lines=[made()]))
    assert seen == [usual]


def test_versions_go_on_over_pieces(events: Any) -> None:
    count = 2 * PIECE + 1
    answer = stored(events("append", lines=[made(payload={"n": n}) for n in range(count)]))
    assert [event["version"] for event in answer] == list(range(1, count + 1))
    assert [event["payload"]["n"] for event in stored(events("list"))] == list(range(count))


def test_a_bad_line_late_in_the_input_undoes_the_rest(events: Any) -> None:
    text = (json.dumps(made()) + "\n") * (PIECE + 1) + "{"
    result = events("append", text=text)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"error: line {PIECE + 2}: ")
    assert stored(events("list")) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("[]", "not a JSON object"),
        ("hello", "error: line 1: Expecting value at column 1; no event"),
        (
            '{"a": 1,\n',
            "error: line 1: Expecting property name enclosed in double quotes at column",
        ),
        ('{"stream_id": "x"}', "'stream_type' must be a text of 1 to 100 characters"),
        (json.dumps(made() | {"stream_idd": 1}), "did you mean 'stream_id'?"),
        (
            json.dumps(made() | {"foo": 1}),
            "unknown key 'foo'; there are stream_id, stream_type, event_type, payload, metadata,",
        ),
        (json.dumps(made("x" * 201)), "'stream_id' must be a text of 1 to 200 characters"),
        (json.dumps(made(version=0)), "'version' must be a whole number from 1"),
        (json.dumps(made(version=True)), "'version' must be"),
        (json.dumps(made(version=2**31)), "'version' must be"),
        (json.dumps(made(event_id="short")), "'event_id' must be a ULID"),
        (json.dumps(made(payload={"x": "\0"})), "U+0000"),
        (json.dumps(made(payload={"x": "\ud800"})), "surrogate"),
        (json.dumps(made(payload=1.5)), "'payload' must not be a number"),
        (json.dumps(made(metadata=3)), "'metadata' must not be a number"),
        (json.dumps(made(payload={"x": 1})).replace("1}", "1" * 5000 + "}"), "too many digits"),
        ('{"stream_id": NaN}', "NaN is not JSON"),
        (json.dumps(made(payload={"x": 1})).replace("1}", "1e999}"), "1e999 is too big"),
        ("[" * 100_000, "nested too deeply"),
        (b"{\xff}", "line 1: byte 2 is not UTF-8"),
    ],
)
def test_what_is_no_event_is_refused(events: Any, line: str | bytes, words: str) -> None:
    result = events("append", text=line)
    assert result.code == 1
    assert words in result.err
    assert len(result.err.splitlines()) == 2
    assert stored(events("list")) == []


def test_two_writers_of_one_stream(events: Any, place: Any) -> None:
    """The one that comes second is refused by the database itself, however close they are."""
    from calista.events import store

    stored(events("append", lines=[made()]))
    with place.connect() as first, place.connect() as second:
        if place.is_sqlite:
            first = first.execution_options(calista_begin="IMMEDIATE")
            with first.begin():
                assert len(list(store.append(first, [_ready()]))) == 1
            with pytest.raises(store.ConflictError), second.begin():
                list(store.append(second, [_ready()]))
        else:
            import threading

            with first.begin():
                list(store.append(first, [_ready()]))
                refused: list[Exception] = []

                def append() -> None:
                    try:
                        with second.begin():
                            list(store.append(second, [_ready()]))
                    except store.ConflictError as error:
                        refused.append(error)

                other = threading.Thread(target=append)
                other.start()
            other.join()
            assert len(refused) == 1
    assert [event["version"] for event in stored(events("list"))] == [1, 2]


def _ready() -> Event:
    return Event(1, "night-1", "observation", "started", version=2)


def test_times_have_six_digits_whatever_they_are(events: Any, place: Any) -> None:
    """Texts of one length sort as their times do."""
    columns = "stream_id, stream_type, version, event_id, event_type, payload, recorded_at"
    at = "2026-01-02 03:04:05" + ("" if place.is_sqlite else "+00")
    place.execute(
        f"INSERT INTO event_store ({columns}) VALUES"
        f" ('s', 't', 1, '01ARZ3NDEKTSV4RRFFQ69G5FAV', 'x', '{{}}', '{at}')"
    )
    (event,) = stored(events("list"))
    assert event["recorded_at"] == "2026-01-02T03:04:05.000000Z"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_bare_number_of_another_program_is_listed(events: Any, place: Any) -> None:
    """SQLite's numeric affinity has made a number of the text, which JSON's reader refuses."""
    columns = "stream_id, stream_type, version, event_id, event_type, payload"
    values = "'s', 't', 1, '01ARZ3NDEKTSV4RRFFQ69G5FAV', 'x', '12'"
    place.execute(f"INSERT INTO event_store ({columns}) VALUES ({values})")
    assert stored(events("list"))[0]["payload"] == 12


def test_from_a_pipe_and_into_a_pipe_that_closes(events: Any, place: Any) -> None:
    text = (json.dumps(made()) + "\n") * 2000
    program = [sys.executable, "-m", "calista", "events"]
    environment = os.environ | place.environment
    done = subprocess.run(
        [*program, "append"], input=text, env=environment, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "2000 events stored\n"
    listing = subprocess.Popen(
        [*program, "list"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert listing.stdout is not None
    assert listing.stderr is not None
    listing.stdout.readline()
    listing.stdout.close()
    assert listing.stderr.read() == b""
    assert listing.wait() == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk at hand")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("output", ["full", "closed"])
def test_when_the_answer_cannot_be_written(events: Any, place: Any, output: str) -> None:
    path = place.folder / "one.jsonl"
    path.write_text(json.dumps(made()) + "\n")
    redirection = "> /dev/full" if output == "full" else ">&-"
    done = subprocess.run(
        [
            "/bin/sh",
            "-c",
            f'exec "$0" -m calista events append "$1" {redirection}',
            sys.executable,
            str(path),
        ],
        env=os.environ | place.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stderr.splitlines()
    assert lines[0] == "1 event stored"
    if output == "full":
        assert lines[1:] == ["error: cannot write the output: No space left on device"]
    assert done.returncode == (1 if output == "full" else 0)
    assert len(stored(events("list"))) == 1


@pytest.mark.parametrize("number", ["-1", "x", str(2**63), "9" * 5000])
def test_numbers_that_no_database_can_compare(events: Any, number: str) -> None:
    for option in ("--after", "--limit"):
        result = events("list", option, number)
        assert (result.code, result.out) == (2, "")


@pytest.mark.skipif(sys.platform == "win32", reason="arguments are text there")
def test_an_argument_that_is_no_text(events: Any) -> None:
    for option in ("--stream", "--type"):
        result = events("list", option, "night-\udcff")
        assert (result.code, result.out) == (2, "")
        assert f"argument {option}: invalid text value" in result.err


def given(place: Any, *rows: tuple[int, str, int]) -> None:
    """Store events with numbers given by hand, as before there was a trigger against it."""
    trigger = "event_store_forbid_number"
    place.execute(f"DROP TRIGGER {trigger}{'' if place.is_sqlite else ' ON event_store'}")
    columns = "global_seq, stream_id, stream_type, version, event_id, event_type, payload"
    override = "" if place.is_sqlite else " OVERRIDING SYSTEM VALUE"
    for number, stream, version in rows:
        event_id = f"01ARZ3NDEKTSV4RRFFQ69{stream[0].upper()}{version:04}"
        place.execute(
            f"INSERT INTO event_store ({columns}){override}"
            f" VALUES ({number}, '{stream}', 'observation', {version}, '{event_id}', 'x', '{{}}')"
        )


def test_verify_finds_an_event_that_lies_before_an_earlier_one(events: Any, place: Any) -> None:
    given(place, (5, "s", 1), (2, "s", 2), (7, "s", 3), (1, "z", 1), (3, "z", 2), (4, "z", 3))
    found = events("verify")
    assert found.code == 1
    assert found.out.splitlines()[0] == (
        "event 2: it is version 2 of stream 's', and the one before has the higher global_seq 5"
    )
    rest = found.out.splitlines()[1:]
    if place.is_sqlite:
        assert rest == ["event 7: 1 number is missing before its global_seq"]
    else:
        assert rest == [
            "event 7: the database has not given out its global_seq, but only numbers up to 0"
        ]


def test_verify_finds_the_highest_number(events: Any, place: Any) -> None:
    """The next event would lie before it, on SQLite wherever chance has it."""
    stored(events("append", lines=[made(), made()]))
    given(place, (2**63 - 1, "s", 1))
    found = events("verify").out.splitlines()
    assert found[0] == f"event {2**63 - 1}: {2**63 - 4} numbers are missing before its global_seq"
    after = stored(events("append", lines=[made(), made("s")]))
    assert [(event["stream_id"], event["version"]) for event in after] == [("night-1", 3), ("s", 2)]
    found = events("verify").out
    assert "is version 2 of stream 's', and the one before has the higher global_seq" in found


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_gaps_of_what_was_undone_are_none(events: Any, place: Any) -> None:
    """PostgreSQL's sequence goes on; and a role that may not look at it is not told of it."""
    stored(events("append", lines=[made()]))
    assert events("append", lines=[made()] * PIECE + [made(version=1)]).code == 1
    stored(events("append", lines=[made()]))
    assert place.rows("SELECT max(global_seq) FROM event_store")[0][0] > 2
    assert events("verify")[:2] == (0, "")


def test_verify_finds_gaps_and_bad_ids(events: Any, place: Any) -> None:
    columns = "stream_id, stream_type, version, event_id, event_type, payload"
    bad = "lower-case-and-not-a-ulid!"
    place.execute(
        f"INSERT INTO event_store ({columns}) VALUES ('gap', 't', 2, '{bad}', 'x', '{{}}')"
    )
    result = events("verify")
    assert result.code == 1
    assert result.out.splitlines() == [
        "stream 'gap': 1 events have versions from 2 to 2",
        f"event 1: its id {bad!r} is no ULID",
    ]
    assert result.err == "2 problems found\n"


def test_stdin_is_read_by_default(
    calista: Any, events: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(json.dumps(made()).encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert len(stored(calista("events", "append"))) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_document_that_somebody_else_has_spoilt_is_found(events: Any, place: Any) -> None:
    columns = "stream_id, stream_type, version, event_id, event_type, payload"
    values = "'x', 't', 1, '01ARZ3NDEKTSV4RRFFQ69G5FAV', 'x', '{\"n\": 1e999}'"
    place.execute(f"INSERT INTO event_store ({columns}) VALUES ({values})")
    found = events("verify")
    assert (found.code, found.out) == (
        1,
        "event 1: its payload cannot be read: the number 1e999 is too big\n",
    )
    listing = events("list")
    assert (listing.code, listing.out) == (1, "")
    assert listing.err.startswith("error: an event cannot be read: the number 1e999 is too big\n")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("command", [["append"], ["list"]])
def test_output_is_utf_8_whatever_the_terminal_is(
    events: Any, place: Any, command: list[str]
) -> None:
    line = json.dumps(made("é☄"), ensure_ascii=False)
    environment = os.environ | place.environment | {"PYTHONIOENCODING": "ascii"}
    program = [sys.executable, "-m", "calista", "events"]
    if command == ["list"]:
        stored(events("append", text=line))
    done = subprocess.run(
        [*program, *command], input=line.encode(), env=environment, capture_output=True
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
    assert json.loads(done.stdout.decode())["stream_id"] == "é☄"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_count_is_never_negative(calista: Any) -> None:
    for option in (["--limit", "-1"], ["--limit", "many"], ["--after", "-1"]):
        result = calista("events", "list", *option)
        assert result.code == 2
        assert f"argument {option[0]}: {option[1]!r} is no whole number from 0" in result.err
