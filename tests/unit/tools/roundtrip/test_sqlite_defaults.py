"""One default is one default, by whatever hand it was written."""

import sqlite3

import pytest

from calista_tools.roundtrip.snapshot import differences
from calista_tools.roundtrip.snapshot.read_sqlite import SqliteReader


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("-1", "'-1'", True),
        ("-1", "(-1)", True),
        ("false", "0", True),
        ("TRUE", "'1'", True),
        ("-1", "1", False),
        ("false", "1", False),
    ],
)
def test_a_default_in_two_spellings(one: str, other: str, same: bool) -> None:
    found = []
    for default in (one, other):
        database = sqlite3.connect(":memory:")
        database.execute(f"CREATE TABLE t (id INTEGER, n INTEGER DEFAULT {default})")

        def query(sql: str, database: sqlite3.Connection = database) -> list[tuple[object, ...]]:
            return database.execute(sql).fetchall()

        found.append(SqliteReader(query, []).read_all())
        database.close()
    assert (differences(*found) == []) is same
