"""Laws of cutting a history into pieces."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calista_tools.roundtrip.proof.parallel_parts import ParallelParts, cut


@given(st.integers(1, 5000), st.integers(1, 64))
def test_pieces_are_the_whole(count: int, jobs: int) -> None:
    ends = cut(count, jobs)
    assert ends[-1] == count
    assert 1 <= len(ends) <= max(1, jobs)
    lengths = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    assert all(length > 0 for length in lengths)


@given(st.integers(120, 5000), st.integers(2, 4))
def test_later_pieces_are_shorter_because_they_are_upgraded_to_first(count: int, jobs: int) -> None:
    ends = cut(count, jobs)
    lengths = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] < lengths[0]


def test_a_short_history_and_a_single_process_are_one_piece() -> None:
    assert cut(59, 8) == [59]
    assert cut(1000, 1) == [1000]
    assert cut(1000, 0) == [1000]


def test_an_interrupt_while_they_are_started_ends_those_that_run() -> None:
    closed: list[tuple[int, int]] = []

    class Running:
        def __init__(self, first: int, end: int) -> None:
            if first:
                raise KeyboardInterrupt
            self._place = (first, end)

        def close(self) -> None:
            closed.append(self._place)

    start: Any = Running
    history: Any = [None] * 120
    with pytest.raises(KeyboardInterrupt):
        ParallelParts(history, 3, start)
    assert closed == [(0, cut(120, 3)[0])]
