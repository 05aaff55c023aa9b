"""Which values suit a column's type? Always the same ones, distinct by number, near the edges.

All are written as PostgreSQL reads them. Even numbers give ordinary values, odd ones the kind that
careless code breaks on: negative, not ASCII, as long as the column allows, before 1970.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from calista_tools.roundtrip.rows.table_model import Column

#: Where integer keys begin: what revisions insert by themselves begins at 1.
KEY_BASE = {"int2": 30_000, "int4": 1_000_000_000, "int8": 1_000_000_000, "oid": 1_000_000_000}
#: Longer limits than this are not filled: an index entry holds no more.
_LONGEST = 1_000
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_FILLER = "äöüß漢字-Ωж…é"


def sample(column: Column, number: int, *, key: bool = False) -> str | None:
    """Return a value for the column as text; other numbers give other values, as far as can be.

    Args:
        column: What it is for.
        number: Which of the values, from 0.
        key: Whether the column is part of a key: integers are then far from those that
            revisions choose themselves.

    Returns:
        None where nothing is known about the type: then only NULL can be tried.
    """
    if column.array:
        return _array(column, number)
    if key and column.type in KEY_BASE:
        return str(_key(column) + number)
    make = _MAKERS.get(column.type)
    return make(column, number) if make else None


def _key(column: Column) -> int:
    base = KEY_BASE[column.type]
    return base + column.salt % 50 * 50 if column.type == "int2" else base + column.salt * 1_000


def token(number: int, length: int) -> str:
    """Return a short text that no other number below 36**length has."""
    text = ""
    while number or not text:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text[-length:].rjust(length, "q") if length else text


def _array(column: Column, number: int) -> str | None:
    from dataclasses import replace

    if number % 3 == 2:
        return "{}"
    single = replace(column, array=False)
    items = [sample(single, number + more) for more in range(2)]
    if items[0] is None:
        return None
    escaped = ((item or "").replace("\\", "\\\\").replace('"', '\\"') for item in items)
    return "{" + ",".join(f'"{item}"' for item in escaped) + "}"


def _integer(small: int) -> Callable[[Column, int], str]:
    def make(column: Column, number: int) -> str:
        by = number + 10 * column.salt
        return str(small + by if number % 2 == 0 else -40 - by)

    return make


def _bigint(column: Column, number: int) -> str:
    by = number + 10 * column.salt
    # Beyond what a double can count, so that a detour over one is noticed.
    return str(70_007 + by if number % 2 == 0 else -(2**53) - 2 * by - 1)


def _numeric(column: Column, number: int) -> str:
    if column.precision is None:
        return (
            f"{column.salt}.67890{number}" if number % 2 == 0 else f"-0.0625{column.salt}{number}"
        )
    whole = max(column.precision - column.scale, 0)
    if column.scale < 0:
        return str((number + column.salt % 9 + 1) * 10**-column.scale)
    if column.scale > column.precision:
        return (
            f"{(number + column.salt) % 10**column.precision / 10**column.scale:.{column.scale}f}"
        )
    largest = 10**column.precision - 1
    by = number + 10 * column.salt
    digits = (largest - by if number % 2 else 1234567 + by) % (largest + 1)
    text = str(digits).rjust(column.scale + 1, "0")
    sign = "-" if number % 2 and whole else ""
    return sign + (f"{text[: -column.scale]}.{text[-column.scale :]}" if column.scale else text)


def _float(column: Column, number: int) -> str:
    by = number + 10 * column.salt
    # More digits than a float4 keeps, and fewer than any way over numeric or text drops.
    return f"{by}.5" if number % 2 == 0 else f"-{1234 + by}.0625432"


def _text(column: Column, number: int) -> str:
    length = column.length
    if length is None or length > _LONGEST:
        if number % 2 == 0:
            return f"{column.name} {number}: {_FILLER}"
        return f'It\'s "{column.name} {number}": 100 % of {_FILLER}, \\ and :colon'
    if length <= 8:
        return token((number + column.salt) * 7 + 370 if length > 1 else number, length)
    plain = f"{column.name} {number}"
    if number % 2 == 0 and len(plain) <= length:
        return plain
    text = f"{number}{token(column.salt, 2)}A{_FILLER * (length // len(_FILLER) + 1)}"
    return text[:length].rstrip() or text[:length]


def _char(column: Column, number: int) -> str:
    text = _text(column, number)
    return text.ljust(column.length or 1, "x")[: column.length or 1]


def _bytes(column: Column, number: int) -> str:
    return f"\\x{column.salt:04x}{number:04x}00ff{'80fe' if number % 2 else ''}"


def _bool(column: Column, number: int) -> str:
    return "true" if (number + column.salt) % 2 == 0 else "false"


def _date(column: Column, number: int) -> str:
    days = timedelta(days=number + 10 * (column.salt % 20))
    return str(date(2024, 2, 29) + days if number % 2 == 0 else date(1969, 12, 31) - days)


def moment(number: int, salt: int) -> datetime:
    """Return a moment with microseconds."""
    hours = timedelta(hours=number, minutes=salt)
    if number % 2 == 0:
        return datetime(2024, 2, 29, 23, 59, 59, 123456) + hours  # noqa: DTZ001
    return datetime(1969, 12, 31, 0, 0, 0, 1) - hours  # noqa: DTZ001


def _timestamp(column: Column, number: int) -> str:
    found = moment(number, column.salt)
    if column.length is not None and column.length < 6:
        found = found.replace(microsecond=0)
    return found.isoformat(" ", "microseconds")


def _timestamptz(column: Column, number: int) -> str:
    return f"{_timestamp(column, number)}+00"


def _time(column: Column, number: int) -> str:
    micro = 0 if column.length is not None and column.length < 6 else 999_999 - number % 1000
    return time(23 - number % 24, column.salt % 60, 58, micro).isoformat("microseconds")


def _interval(_: Column, number: int) -> str:
    sign = "-" if number % 2 else ""
    return f"{sign}{number + 1} days {sign}03:04:05.000006"


def _uuid(column: Column, number: int) -> str:
    text = hashlib.sha256(f"calista {column.salt} {number}".encode()).hexdigest()[:32]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:]}"


def _json(column: Column, number: int) -> str:
    document = {
        "of": column.name,
        "number": number,
        "text": "ä漢\"'",
        "list": [1, 2.5, None, True],
        "empty": {},
    }
    return json.dumps(
        document if number % 2 == 0 else {"of": column.name, "n": -number, "nested": {"a": [{}]}}
    )


def _bits(column: Column, number: int) -> str:
    length = column.length or 8
    return format(number % (1 << min(length, 62)), "b").rjust(length, "0")


def _vector(column: Column, number: int) -> str:
    return "[" + ",".join(str(number + 0.5) for _ in range(column.length or 3)) + "]"


def _composite(column: Column, _: int) -> str:
    return "(" + "," * (column.fields - 1) + ")"


def _enum(column: Column, number: int) -> str | None:
    return (
        column.labels[number % len(column.labels)] if column.labels and column.labels[0] else None
    )


def _range(of: str, shape: str) -> Callable[[Column, int], str]:
    """Return a maker of ranges that do not overlap, as exclusion constraints want them."""

    def make(_: Column, number: int) -> str:
        if of == "int":
            low, high = str(100 * number), str(100 * number + 10)
        else:
            start = date(2024, 1, 1) + timedelta(days=10 * number)
            clock = "" if of == "date" else " 00:00:00.5"
            low, high = f"{start}{clock}", f"{start + timedelta(days=3)}{clock}"
            if of == "tz":
                low, high = f"{low}+00", f"{high}+00"
        return shape.format(f'["{low}","{high}")')

    return make


_MAKERS: dict[str, Callable[[Column, int], str | None]] = {
    "int2": _integer(1_307),
    "int4": _integer(70_007),
    "int8": _bigint,
    "xid": lambda _, number: str(number),
    "oid": lambda _, number: str(307 + number),
    "numeric": _numeric,
    "money": lambda _, number: f"{'-' if number % 2 else ''}{1234 + number}.56",
    "float4": _float,
    "float8": _float,
    "text": _text,
    "citext": _text,
    "varchar": _text,
    "bpchar": _char,
    "char": lambda _, number: token(number, 1),
    "name": _text,
    "bytea": _bytes,
    "bool": _bool,
    "date": _date,
    "timestamp": _timestamp,
    "timestamptz": _timestamptz,
    "time": _time,
    "timetz": lambda column, number: f"{_time(column, number)}+00",
    "interval": _interval,
    "uuid": _uuid,
    "json": _json,
    "jsonb": _json,
    "hstore": lambda _, number: f'"key"=>"{number}", "ä"=>NULL',
    "ltree": lambda _, number: f"top.sample_{number}",
    "inet": lambda _, number: f"10.0.{number // 250}.{number % 250 + 1}/24",
    "cidr": lambda _, number: f"10.{number // 250}.{number % 250}.0/24",
    "macaddr": lambda _, number: f"08:00:2b:01:{number // 256 % 256:02x}:{number % 256:02x}",
    "macaddr8": lambda _, number: f"08:00:2b:01:02:03:{number // 256 % 256:02x}:{number % 256:02x}",
    "bit": _bits,
    "varbit": _bits,
    "tsvector": lambda _, number: f"'sample':1 'word{number}':2A",
    "tsquery": lambda _, number: f"'sample' & 'word{number}'",
    "xml": lambda _, number: f"<sample n='{number}'>ä</sample>",
    "pg_lsn": lambda _, number: f"16/B374D84{number % 10}",
    "jsonpath": lambda _, number: f'$."a"[{number}]',
    "point": lambda _, number: f"({number},1.5)",
    "line": lambda _, number: f"{{1,-1,{number}}}",
    "lseg": lambda _, number: f"[(0,0),({number},1)]",
    "box": lambda _, number: f"({number + 1},1),({number},0)",
    "path": lambda _, number: f"[(0,0),({number},1)]",
    "polygon": lambda _, number: f"((0,0),({number},1),(1,0))",
    "circle": lambda _, number: f"<({number},0),1>",
    "int4range": _range("int", "{}"),
    "int8range": _range("int", "{}"),
    "numrange": _range("int", "{}"),
    "daterange": _range("date", "{}"),
    "tsrange": _range("ts", "{}"),
    "tstzrange": _range("tz", "{}"),
    "int4multirange": _range("int", "{{{}}}"),
    "int8multirange": _range("int", "{{{}}}"),
    "nummultirange": _range("int", "{{{}}}"),
    "datemultirange": _range("date", "{{{}}}"),
    "tsmultirange": _range("ts", "{{{}}}"),
    "tstzmultirange": _range("tz", "{{{}}}"),
    "vector": _vector,
    "halfvec": _vector,
    "enum": _enum,
    "composite": _composite,
    "regclass": lambda _, number: "pg_class" if number % 2 == 0 else "pg_type",
    "regtype": lambda _, number: "integer" if number % 2 == 0 else "text",
    "regproc": lambda _, __: "now",
}
