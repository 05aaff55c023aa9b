"""What becomes of a SQLite scratch database that is made another one while somebody is connected?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from calista_tools.backends import SqliteFolder


@pytest.fixture
def folder() -> Iterator[SqliteFolder]:
    with SqliteFolder() as made:
        yield made


def connect(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(path, isolation_level=None))


def tables(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM sqlite_master ORDER BY 1")]


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_connection_that_was_there_before_sees_what_came_instead(
    folder: SqliteFolder, mode: str
) -> None:
    database = folder.create()
    with connect(database.path) as ours:
        ours.execute(f"PRAGMA journal_mode={mode}")
        ours.execute("CREATE TABLE first (id INTEGER)")
        copied = database.copy()
        ours.execute("CREATE TABLE second (id INTEGER)")
        database.replace_by(copied)
        assert tables(ours) == ["first"]
        database.replace_by(None)
        assert tables(ours) == []
        ours.execute("CREATE TABLE third (id INTEGER)")
        assert tables(ours) == ["third"]


def test_a_reader_is_left_with_the_file_that_it_reads(folder: SqliteFolder) -> None:
    database, other = folder.create(), folder.create()
    with connect(database.path) as ours, connect(other.path) as theirs:
        theirs.execute("CREATE TABLE other (id INTEGER)")
        ours.execute("CREATE TABLE first (id INTEGER)")
        ours.execute("BEGIN")
        assert tables(ours) == ["first"]
        database.replace_by(other)
        assert tables(ours) == ["first"]
    with connect(database.path) as later:
        assert tables(later) == ["other"]


def test_what_is_no_database_any_more_is_replaced(folder: SqliteFolder) -> None:
    database = folder.create()
    database.path.write_bytes(b"not a database at all" * 100)
    database.replace_by(None)
    with connect(database.path) as ours:
        assert tables(ours) == []
