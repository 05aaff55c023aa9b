"""Ids of events: unique, rising, and what everybody else takes for a ULID."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from calista.events.ulid import Generator, is_ulid


def test_ids_rise() -> None:
    new = Generator()
    ids = [new() for _ in range(5000)]
    assert ids == sorted(set(ids))
    assert all(is_ulid(item) for item in ids)


def test_the_time_is_in_front() -> None:
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    milliseconds = 0
    for letter in Generator()()[:10]:
        milliseconds = milliseconds * 32 + letters.index(letter)
    assert abs(milliseconds / 1000 - time.time()) < 600


@given(st.text())
def test_other_texts_are_none(text: str) -> None:
    assert is_ulid(text) == (
        len(text) == 26
        and text[0] in "01234567"
        and set(text) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    )
