"""What is an event's id? A ULID: 48 bits of time and 80 of chance, in 26 letters that sort.

Source: https://github.com/ulid/spec
"""

from __future__ import annotations

import os
import re
import time
from base64 import b32encode

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_STANDARD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TRANSLATION = bytes.maketrans(_STANDARD, _LETTERS.encode())
_PATTERN = re.compile(f"[0-7][{_LETTERS}]{{25}}")
_RANDOM_BITS = 80


#: The last two letters change with each id, those before once a millisecond.
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]
_LOW_BITS = 10


class Generator:
    """Makes ULIDs that rise, also within one millisecond and when the clock is set back."""

    def __init__(self) -> None:
        self._last = 0
        self._high = 0
        self._letters = ""

    def __call__(self) -> str:
        """Return a new ULID."""
        now = time.time_ns() // 1_000_000
        if self._last >> _RANDOM_BITS >= now:
            self._last += 1
        else:
            chance = int.from_bytes(os.urandom(_RANDOM_BITS // 8), "big")
            self._last = (now << _RANDOM_BITS) | chance
        high = self._last >> _LOW_BITS
        if high != self._high:
            self._high, self._letters = high, _written(self._last)[:-2]
        return self._letters + _PAIRS[self._last & (1 << _LOW_BITS) - 1]


def _written(number: int) -> str:
    # 26 letters hold 130 bits; six more make whole bytes, whose letters are cut off again.
    letters = b32encode((number << 6).to_bytes(17, "big"))[:26]
    return letters.translate(_TRANSLATION).decode()


def is_ulid(text: object) -> bool:
    """Whether this is a ULID as we write them: 26 letters, upper case."""
    return isinstance(text, str) and _PATTERN.fullmatch(text) is not None
