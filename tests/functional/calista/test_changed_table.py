"""A table that somebody has changed by hand: one line, exit 1, and what to ask next."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.functional.calista.refusals import on_postgresql, on_sqlite

LINE = json.dumps({"stream_id": "n", "stream_type": "observation", "event_type": "started"}) + "\n"
HINT = "hint: `calista db verify` says what differs from the schema that its revisions make"

#: By what happened: the change, and what is said of it.
ON_POSTGRESQL = {
    "lost default": (
        "ALTER TABLE event_store ALTER recorded_at DROP DEFAULT",
        "column recorded_at has the default none, not CURRENT_TIMESTAMP",
    ),
    "lost default and may be empty": (
        "ALTER TABLE event_store ALTER recorded_at DROP DEFAULT, ALTER recorded_at DROP NOT NULL",
        "column recorded_at is not NOT NULL",
    ),
    "another default": (
        "ALTER TABLE event_store ALTER recorded_at SET DEFAULT '2020-01-01'",
        "column recorded_at has the default '2020-01-01",
    ),
    "lost number": (
        "ALTER TABLE event_store ALTER global_seq DROP IDENTITY",
        "column global_seq is not numbered by the database",
    ),
    "lost column": ("ALTER TABLE event_store DROP metadata", "column metadata is missing"),
    "renamed column": (
        "ALTER TABLE event_store RENAME event_type TO kind",
        "column event_type is missing",
    ),
    "time as text": (
        "ALTER TABLE event_store ALTER recorded_at DROP DEFAULT, ALTER recorded_at TYPE text",
        "column recorded_at is of type text, not timestamp with time zone",
    ),
    "time without its zone": (
        "ALTER TABLE event_store ALTER recorded_at TYPE timestamp",
        "column recorded_at is of type timestamp without time zone",
    ),
    "document as text": (
        (
            "DROP INDEX ix_event_store_event_store_payload;"
            "ALTER TABLE event_store ALTER payload TYPE text"
        ),
        "column payload is of type text, not jsonb",
    ),
    "version as text": (
        (
            "ALTER TABLE event_store DROP CONSTRAINT ck_event_store_positive_version;"
            "ALTER TABLE event_store ALTER version TYPE text"
        ),
        "column version is of type text, not integer",
    ),
    "one column more": (
        "ALTER TABLE event_store ADD extra text NOT NULL",
        "column extra is NOT NULL and not of ours",
    ),
    "no empty metadata": (
        "ALTER TABLE event_store ALTER metadata SET NOT NULL",
        "column metadata is NOT NULL",
    ),
    "lost table": ("DROP TABLE event_store", "it is missing"),
    "a view for a table": (
        (
            "ALTER TABLE event_store RENAME TO hidden;"
            "CREATE VIEW event_store AS SELECT global_seq, stream_id FROM hidden"
        ),
        "column global_seq is not NOT NULL",
    ),
}
#: The same in the text of the table, which SQLite keeps: what stands there, and what then.
ON_SQLITE = {
    "lost default": (
        " DEFAULT CURRENT_TIMESTAMP",
        "",
        "column recorded_at has the default none, not CURRENT_TIMESTAMP",
    ),
    "lost default and may be empty": (
        "DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL",
        "DATETIME",
        "column recorded_at is not NOT NULL",
    ),
    "lost number": ("CONSTRAINT pk_event_store PRIMARY KEY (global_seq), ", "", "not numbered"),
    "lost column": ("metadata JSON, ", "", "column metadata is missing"),
    "time as text": ("recorded_at DATETIME", "recorded_at TEXT", "is of type text, not datetime"),
    "time of no type": ("recorded_at DATETIME", "recorded_at", "is of type none, not datetime"),
    "document as a number": ("payload JSON", "payload INTEGER", "is of type integer, not json"),
    "one column more": (
        "metadata JSON",
        "extra TEXT NOT NULL, metadata JSON",
        "column extra is NOT",
    ),
    "no empty metadata": ("metadata JSON", "metadata JSON NOT NULL", "column metadata is NOT NULL"),
}


def change_on_sqlite(place: Any, before: str, after: str) -> None:
    """Edit the text of the table, of which no trigger is told."""
    with place.connect() as connection:
        connection.exec_driver_sql("PRAGMA writable_schema = ON")
        query = "SELECT sql FROM sqlite_master WHERE name = 'event_store'"
        text = " ".join(connection.exec_driver_sql(query).scalar_one().split())
        assert before in text, text
        connection.exec_driver_sql(
            "UPDATE sqlite_master SET sql = ? WHERE name = 'event_store'",
            (text.replace(before, after),),
        )
        connection.commit()


def assert_refused(calista: Any, place: Any, words: str) -> None:
    source = place.folder / "input.jsonl"
    source.write_text(LINE)
    commands = (
        ["append", str(source)],
        ["append", "--commit-every", "1", "--skip-known", str(source)],
        ["list"],
        ["verify"],
    )
    for command in commands:
        result = calista("events", *command)
        assert (result.code, result.out) == (1, ""), command
        error, hint = result.err.splitlines()
        assert error.startswith("error: table event_store is not as this version needs it: ")
        assert words in error
        assert hint == HINT
        assert error.endswith("; no event was stored") == (command[0] == "append")


@on_postgresql
@pytest.mark.parametrize("change", ON_POSTGRESQL)
def test_on_postgresql(calista: Any, place: Any, change: str) -> None:
    place.alembic("head")
    statement, words = ON_POSTGRESQL[change]
    place.execute(statement)
    assert_refused(calista, place, words)
    verdict = calista("db", "verify")
    assert verdict.code == 1
    assert "Traceback" not in verdict.err


@on_sqlite
@pytest.mark.parametrize("change", ON_SQLITE)
def test_on_sqlite(calista: Any, place: Any, change: str) -> None:
    place.alembic("head")
    before, after, words = ON_SQLITE[change]
    change_on_sqlite(place, before, after)
    assert_refused(calista, place, words)
    verdict = calista("db", "verify")
    assert verdict.code == 1
    assert "Traceback" not in verdict.err


@on_sqlite
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DROP TABLE event_store", "it is missing"),
        ("ALTER TABLE event_store RENAME COLUMN event_type TO kind", "event_type is missing"),
        ("ALTER TABLE event_store DROP COLUMN metadata", "column metadata is missing"),
        ("ALTER TABLE event_store RENAME TO other", "it is missing"),
    ],
)
def test_by_a_statement_on_sqlite(calista: Any, place: Any, statement: str, words: str) -> None:
    place.alembic("head")
    place.execute(statement)
    assert_refused(calista, place, words)


def test_what_is_in_nobodys_way_is_let_be(calista: Any, place: Any) -> None:
    """A column of the site's own, which may be empty or has a default."""
    place.alembic("head")
    place.execute("ALTER TABLE event_store ADD COLUMN note TEXT")
    place.execute("ALTER TABLE event_store ADD COLUMN site TEXT NOT NULL DEFAULT 'here'")
    source = place.folder / "input.jsonl"
    source.write_text(LINE)
    assert calista("events", "append", str(source)).code == 0
    assert len(calista("events", "list").out.splitlines()) == 1
    assert calista("events", "verify").code == 0


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE event_store ADD CONSTRAINT mine CHECK (event_type <> 'started')",
        (
            "CREATE TABLE other (id varchar(200) PRIMARY KEY);"
            "ALTER TABLE event_store ADD CONSTRAINT mine FOREIGN KEY (event_type) REFERENCES other"
        ),
    ],
)
@on_postgresql
def test_what_only_an_event_shows(calista: Any, place: Any, statement: str) -> None:
    place.alembic("head")
    place.execute(statement)
    source = place.folder / "input.jsonl"
    source.write_text(LINE)
    result = calista("events", "append", str(source))
    assert (result.code, result.out) == (1, "")
    error, hint = result.err.splitlines()
    assert "mine" in error
    assert error.endswith("; no event was stored")
    assert hint == HINT


@on_sqlite
@pytest.mark.parametrize("time", ["'once upon a time'", "12", "x'00'", "''"])
def test_a_time_that_is_none(calista: Any, place: Any, time: str) -> None:
    """SQLite stores anything anywhere."""
    place.alembic("head")
    place.execute(
        "INSERT INTO event_store"
        " (stream_id, stream_type, version, event_id, event_type, payload, recorded_at)"
        f" VALUES ('s', 't', 1, '01ARZ3NDEKTSV4RRFFQ69G5FAV', 'x', '{{}}', {time})"
    )
    listing = calista("events", "list")
    assert (listing.code, listing.out) == (1, "")
    assert listing.err.startswith("error: an event cannot be read: ")
    assert len(listing.err.splitlines()) == 2
    assert calista("events", "verify").code == 1


@on_sqlite
@pytest.mark.parametrize("column", ["stream_id", "stream_type", "event_type"])
def test_a_text_that_is_none(calista: Any, place: Any, column: str) -> None:
    place.alembic("head")
    place.execute(
        "INSERT INTO event_store"
        " (stream_id, stream_type, version, event_id, event_type, payload)"
        f" SELECT s, t, 1, '01ARZ3NDEKTSV4RRFFQ69G5FAV', x, '{{}}' FROM (SELECT"
        f" {', '.join(f'''{value} AS {letter}''' for letter, value in values(column).items())})"
    )
    listing = calista("events", "list")
    assert (listing.code, listing.out) == (1, "")
    assert listing.err.startswith("error: an event cannot be read: ")
    verdict = calista("events", "verify")
    assert verdict.code == 1
    assert "Traceback" not in verdict.err


def values(blob: str) -> dict[str, str]:
    letters = {"stream_id": "s", "stream_type": "t", "event_type": "x"}
    return {
        letter: "x'6162'" if name == blob else f"'{letter}'" for name, letter in letters.items()
    }
