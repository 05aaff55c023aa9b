"""What is JSON, in a column and on a line? What the standard says, and not what Python adds to it.

Python reads `1e999` as infinity and writes that as `Infinity`: no other program can read it.
"""

from __future__ import annotations

import json
import math
from typing import Any


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _whole(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:
        # Python's own words speak of a function to call.
        raise ValueError(f"the number {digits[:20]}... has too many digits") from None


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"the number {digits[:20]} is too big")
    return number


# Once: `json.loads` and `json.dumps` with options make new ones for each document.
_decoder = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite, parse_int=_whole)
encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False).encode


def decode(document: str | bytes) -> Any:
    """Read a document; psycopg hands it over in bytes.

    Raises:
        ValueError: It is none.
    """
    return _decoder.decode(document if not isinstance(document, bytes) else document.decode())


def same(one: Any, other: Any) -> bool:
    """Whether two documents that were read say the same: keys in any order, numbers by value.

    To Python `True` is 1; and PostgreSQL's JSONB gives `1e23` back as a whole number, which is
    not the float that Python reads in `1e23`.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if type(one) in (int, float) and type(other) in (int, float):
        from decimal import Decimal

        return Decimal(encode(one)) == Decimal(encode(other))
    return type(one) is type(other) and bool(one == other)
