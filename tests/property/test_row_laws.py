"""Laws of sample rows: any table gets rows, nothing differs from itself, every change is found."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL

from calista_tools.roundtrip.rows.compare import compare
from calista_tools.roundtrip.rows.table_model import Content
from tests.integration.roundtrip.rows.conftest import open_database

VALUES = st.none() | st.integers() | st.text(max_size=5) | st.booleans() | st.binary(max_size=3)
CONTENTS = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(VALUES, min_size=width, max_size=width).map(tuple), min_size=1, max_size=6
    ).map(lambda rows: Content(tuple(f"c{at}" for at in range(width)), tuple(rows)))
)


@given(CONTENTS, st.randoms(use_true_random=False))
def test_nothing_differs_from_itself_in_another_order(content: Content, random: Any) -> None:
    order = list(range(len(content.columns)))
    rows = list(content.rows)
    random.shuffle(order)
    random.shuffle(rows)
    shuffled = Content(
        tuple(content.columns[at] for at in order),
        tuple(tuple(row[at] for at in order) for row in rows),
    )
    assert not compare(content, shuffled)
    assert not compare(content, shuffled, content.columns[:1])


@given(CONTENTS, st.data())
def test_a_missing_row_and_a_new_one_are_found(content: Content, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(content.rows) - 1))
    less = Content(content.columns, content.rows[:at] + content.rows[at + 1 :])
    assert len(compare(content, less).lost) == 1
    assert len(compare(less, content).added) == 1


@given(CONTENTS, st.data())
def test_a_changed_value_is_found(content: Content, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(content.rows) - 1))
    column = data.draw(st.integers(0, len(content.columns) - 1))
    rows = [list(row) for row in content.rows]
    rows[at][column] = "another value"
    assert compare(content, Content(content.columns, tuple(map(tuple, rows))))


COLUMNS: st.SearchStrategy[tuple[str, list[str]]] = st.sampled_from(
    [
        ("INTEGER", ["{c} > 3", "{c} BETWEEN 10 AND 12", "{c} IN (2, 4, 8)", "{c} <> 0"]),
        ("VARCHAR(12)", ["length({c}) = 5", "{c} IN ('a', 'b c')", "{c} LIKE 'x%'", "{c} <> ''"]),
        ("NUMERIC(6, 2)", ["{c} >= 0", "{c} < 1.5"]),
        ("DATE", ["{c} > '2020-05-01'"]),
        ("TEXT", ["{c} = lower({c})", "upper({c}) = {c}", "length({c}) <= 3"]),
        ("BOOLEAN", []),
        ("TIMESTAMP", []),
    ]
)
NAMES = st.sampled_from(["c{}", '"C {}"'])
REQUIRED = st.sampled_from(["", " NOT NULL"])


@st.composite
def tables(draw: st.DrawFn) -> str:
    """Source of a table that can hold rows."""
    parts = ["id INTEGER PRIMARY KEY"]
    for number in range(draw(st.integers(1, 5))):
        kind, checks = draw(COLUMNS)
        name = draw(NAMES).format(number)
        column = f"{name} {kind}{draw(REQUIRED)}"
        if checks and (check := draw(st.none() | st.sampled_from(checks))):
            column += f" CHECK ({check.format(c=name)})"
        parts.append(column)
    return f"CREATE TABLE t ({', '.join(parts)})"


FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def every_table_gets_rows(url: URL, create: str) -> None:
    with open_database(url) as database:
        database.step("DROP TABLE IF EXISTS t")
        state = database.fill(create)
        [content] = state.contents.values()
        assert len(content.rows) >= 2, (create, database.samples.unfilled)
        for at, name in enumerate(content.columns):
            assert any(row[at] is not None for row in content.rows), (create, name)


@FEW
@given(create=tables())
def test_every_table_gets_rows_on_sqlite(create: str, sqlite_url: URL) -> None:
    every_table_gets_rows(sqlite_url, create)


@FEW
@given(create=tables())
def test_every_table_gets_rows_on_postgresql(create: str, postgresql_url: URL) -> None:
    every_table_gets_rows(postgresql_url, create)
