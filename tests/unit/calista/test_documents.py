"""What is written as JSON can be read by every other program, or is refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calista.db.documents import decode, encode

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(DOCUMENTS)
def test_what_can_be_written_is_read_back(document: object) -> None:
    try:
        written = encode(document)
    except ValueError:
        assert "inf" in repr(document)
        return
    assert "Infinity" not in written or "Infinity" in repr(document)
    assert decode(written) == document


@pytest.mark.parametrize("text", ["1e999", "-1e999", "[1.5, 123e456]", "NaN", "-Infinity", "[1,]"])
def test_what_is_no_json_is_refused(text: str) -> None:
    for document in (text, text.encode()):
        with pytest.raises(ValueError, match=r"not JSON|too big|Expecting|Illegal"):
            decode(document)


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_no_such_number_is_written(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"n": [number]})


def test_numbers_at_the_edge_are_kept() -> None:
    assert decode("[1e308, 1e-999, 5e-324, 1E2]") == [1e308, 0.0, 5e-324, 100.0]
