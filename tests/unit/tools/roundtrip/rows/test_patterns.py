from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calista_tools.roundtrip.rows.text_patterns import like_example, regex_example

PATTERNS = [
    r"^[a-z]+$",
    r"^[A-Z]{3}-[0-9]{2,4}$",
    r"^\d{4}-\d\d-\d\d$",
    r"^(red|green|blue)$",
    r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
    r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
    r"^#[0-9a-fA-F]{6}$",
    r"^https?://.+",
    r"^$",
    r"a|b",
    r"^[]a]b?$",
    r"^\+?[1-9]\d{1,14}$",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_examples_match(pattern: str) -> None:
    for turn in range(6):
        example = regex_example(pattern, turn)
        assert example is not None
        assert re.search(pattern, example), example


def test_posix_classes() -> None:
    assert regex_example("^[[:alpha:]_][[:digit:]]{2}$") == "a77"


@pytest.mark.parametrize("pattern", ["(?=a)b", "a{", "[a", "(a", "a)"])
def test_what_is_rare_or_broken_gives_none(pattern: str) -> None:
    assert regex_example(pattern) is None


@given(st.from_regex(r"[a-d\[\](){}|*+?^$.\\0-9,:-]{0,12}", fullmatch=True))
def test_any_pattern_is_read_or_refused(pattern: str) -> None:
    example = regex_example(pattern)
    assert example is None or isinstance(example, str)


def test_like() -> None:
    assert like_example("pre%f_x") == "preafax"
