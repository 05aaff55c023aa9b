from __future__ import annotations

from decimal import Decimal

import pytest

from calista_tools.roundtrip.rows.compare import compare, same
from calista_tools.roundtrip.rows.table_model import Content


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (True, 1),
        (True, "true"),
        (7, "7"),
        (Decimal("1.50"), Decimal("1.5")),
        (Decimal("1.5"), "1.50"),
        ("ab", "ab   "),
        ("2024-02-29", "2024-02-29 00:00:00"),
        ("2024-02-29 23:59:59.120000", "2024-02-29T23:59:59.12+00:00"),
        ({"a": [1, None]}, '{"a": [1, null]}'),
        ({"a": Decimal("1.0"), "b": 2}, {"b": 2, "a": 1}),
        ("f93c305a-88f6-49de-834c-327cf9265011", "f93c305a88f649de834c327cf9265011"),
        ("-2 days -03:04:05.000006", "-3 days +20:55:54.999994"),
        ("1 day", "24:00:00"),
    ],
)
def test_a_value_is_the_same_in_another_type(one: object, other: object) -> None:
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (None, ""),
        (None, 0),
        (1, 2),
        ("a", "A"),
        ("1 day", "2 days"),
        ("03:00:00", "-03:00:00"),
        ("1 mon", "30 days"),
        ("ab", "a"),
        (Decimal("1.25"), Decimal("1.2")),
        (9007199254740993, 9007199254740992.0),
        ("2024-02-29 23:59:59.123456", "2024-02-29 23:59:59.123"),
        ("2024-02-29 23:59:59", "2024-02-29 00:00:00"),
        ({"a": 1}, {"a": 2}),
        ("001", "1x"),
        ("007", "7"),
        ("1.10", "1.1"),
    ],
)
def test_another_value_is_not(one: object, other: object) -> None:
    assert not same(one, other)
    assert not same(other, one)


BEFORE = Content(("id", "a", "b"), ((1, "x", None), (2, "y", 5), (3, "z", 6)))


def test_order_of_rows_and_columns_does_not_matter() -> None:
    after = Content(("b", "id", "a", "new"), ((6, 3, "z", 0), (None, 1, "x", 0), (5, 2, "y", 0)))
    assert not compare(BEFORE, after, ("id",))
    assert not compare(BEFORE, after)


def test_rows_are_told_apart_by_key() -> None:
    after = Content(("id", "a", "b"), ((1, "x", None), (2, "other", 50), (4, "z", 6)))
    found = compare(BEFORE, after, ("id",))
    assert [(c.column, c.before[0], c.old, c.new) for c in found.changed] == [
        ("a", 2, "y", "other"),
        ("b", 2, 5, 50),
        ("id", 3, 3, 4),
    ]
    assert not found.lost
    assert not found.added


def test_lost_and_added_rows() -> None:
    after = Content(("id", "a", "b"), ((1, "x", None), (9, "new", 0)))
    found = compare(BEFORE, after, ("id",))
    assert found.lost == [(2, "y", 5), (3, "z", 6)]
    assert found.added == [(9, "new", 0)]


def test_equal_rows_are_counted() -> None:
    before = Content(("a",), (("x",), ("x",), ("y",)))
    found = compare(before, Content(("a",), (("x",), ("y",))))
    assert found.lost == [("x",)]


def test_dropped_columns_are_no_change() -> None:
    after = Content(("id", "a"), ((1, "x"), (2, "y"), (3, "z")))
    assert not compare(BEFORE, after)


def test_nothing_in_common_is_all_lost() -> None:
    assert len(compare(BEFORE, Content(("q",), ((1,),))).lost) == 3
