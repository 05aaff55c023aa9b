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
        # 26 letters hold 130 bits; six more make whole bytes, whose letters are cut off again.
        letters = b32encode((self._last << 6).to_bytes(17, "big"))[:26]
        return letters.translate(_TRANSLATION).decode()


def is_ulid(text: str) -> bool:
    """Whether this is a ULID as we write them: 26 letters, upper case."""
    return _PATTERN.fullmatch(text) is not None
