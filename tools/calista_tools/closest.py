"""Which of the known words did somebody mean? One way of telling, wherever a word is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def closest(word: str, known: Iterable[str], *, at_least: float = 0.0) -> str | None:
    """Return the known word that is most like another one, whatever their case.

    Args:
        word: What was written.
        known: What could have been meant; of two that are as like, the first is taken.
        at_least: How like it must be: 1 is the same but for its case; with 0 any will do.
    """
    # Here, not at the top: a word is seldom unknown.
    from difflib import SequenceMatcher

    lowered, best, found = word.lower(), -1.0, None
    for one in known:
        matcher = SequenceMatcher(None, lowered, one.lower())
        if matcher.quick_ratio() > best and (ratio := matcher.ratio()) > best:
            best, found = ratio, one
    return found if best >= at_least else None


def did_you_mean(word: str, known: Iterable[str], *, at_least: float = 0.0) -> str:
    """Return the question that names the closest word; "" where none is close."""
    found = closest(word, known, at_least=at_least)
    return f"did you mean `{found}`?" if found is not None else ""
