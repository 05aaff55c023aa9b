"""What is an event's id? A ULID: 48 bits of time and 80 of chance, in 26 letters that sort.

Source: https://github.com/ulid/spec
"""

from __future__ import annotations

import os
import re
import time

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PATTERN = re.compile(f"[0-7][{_LETTERS}]{{25}}")
_RANDOM_BITS = 80


class Generator:
    """Makes ULIDs that rise, also within one millisecond and when the clock is set back."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> str:
        """Return a new ULID."""
        now = time.time_ns() // 1_000_000
        fresh = (now << _RANDOM_BITS) | int.from_bytes(os.urandom(_RANDOM_BITS // 8), "big")
        rising = self._last >> _RANDOM_BITS >= now
        self._last = self._last + 1 if rising else fresh
        return "".join(_LETTERS[(self._last >> shift) & 31] for shift in range(125, -1, -5))


def is_ulid(text: str) -> bool:
    """Whether this is a ULID as we write them: 26 letters, upper case."""
    return _PATTERN.fullmatch(text) is not None
