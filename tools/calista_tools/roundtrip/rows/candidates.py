"""Which values may satisfy a CHECK? Those that its own text names, and some around them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.roundtrip.rows.samples import sample, token
from calista_tools.roundtrip.rows.text_patterns import like_example, regex_example

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from calista_tools.roundtrip.rows.table_model import Column

_STRING = re.compile(r"'((?:[^']|'')*)'")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")
_IDENTIFIER = re.compile(
    r"'(?:[^']|'')*'|\"((?:[^\"]|\"\")+)\"|`([^`]+)`|\[(\w+)\]|\b([A-Za-z_]\w*)\b"
)
_WHOLE = frozenset({"int2", "int4", "int8", "oid"})
_NUMBERS = _WHOLE | {"numeric", "float4", "float8", "money"}
_TEXTS = frozenset({"text", "varchar", "bpchar", "citext", "name", "char"})
_DAYS = frozenset({"date", "timestamp", "timestamptz"})
_LONGEST_LENGTH = 4_000
#: Shapes that people ask of a text, when the pattern itself tells nothing.
_USUAL = (
    "a", "A", "ab", "AB", "abc", "ABC", "abcdef", "0", "1", "7", "42", "123456", "a1", "a-b",
    "a_b", "a.b", "someone@example.org", "https://example.org/path", "/path", "2024-02-29",
    "2024-02-29T23:59:59Z", "{}", "[]", '{"a": 1}', "#aabbcc", "+4915112345678", "en", "DE",
    "EUR", "en_US", "1.2.3", "v1", "deadbeef", "127.0.0.1", "x",
)  # fmt: skip


def columns_in(expression: str, columns: Iterable[str]) -> set[str]:
    """Return which columns an expression speaks of."""
    names: dict[str, str] = {}
    for name in columns:
        names.setdefault(name.lower(), name)
    found = set()
    for match in _IDENTIFIER.finditer(expression):
        quoted = match[1] or match[2] or match[3]
        word = (quoted.replace('""', '"') if quoted else match[4]) or ""
        if word.lower() in names:
            found.add(names[word.lower()])
    return found


def candidates(
    column: Column, expressions: Iterable[str], start: int, limit: int, *, key: bool = False
) -> list[str]:
    """Return values to try for a column, as text: ordinary samples first.

    Args:
        column: What they are for.
        expressions: The CHECKs that speak of it.
        start: Number of the first sample.
        limit: How many at most.
        key: Whether the column is part of a key.
    """
    text = "\n".join(expressions)
    samples = [sample(column, start + number, key=key) for number in range(6)]
    values = [value for value in samples if value is not None]
    named = list(_from_text(column, text, start))
    # A pattern's example must not be crowded out by samples; a key needs many values.
    first = len(values) if key else 2
    found = list(dict.fromkeys([*values[:first], *named, *values[first:]]))
    if column.array:
        return [value for value in found if value.startswith("{")][:limit]
    return [value for value in found if _fits(column, value)][:limit]


def _from_text(column: Column, text: str, start: int) -> Iterator[str]:
    strings = [found.replace("''", "'") for found in _STRING.findall(text)]
    numbers = [float(found) for found in _NUMBER.findall(_STRING.sub("''", text))]
    numbers += [float(found) for found in strings if _NUMBER.fullmatch(found)]
    if column.type in _NUMBERS:
        for number in sorted(set(numbers), key=abs):
            for near in (number, number + 1, number - 1, number + 0.5, number + 2 + start):
                yield f"{near:.0f}" if near == int(near) else repr(near)
        yield from ("0", "1", "-1", "2", "5", "10", "50", "100", "0.5")
    elif column.type == "bool":
        yield from ("true", "false")
    elif column.type in _TEXTS:
        lengths = [int(number) for number in numbers if 0 <= number <= _LONGEST_LENGTH]
        yield from strings
        for string in strings:
            yield from _from_pattern(string)
        for length in dict.fromkeys(
            n for number in lengths for n in (number, number + 1, number - 1)
        ):
            if length > 0:
                yield from (token(start * 5 + 300 + turn, length) for turn in range(4))
        for plain in (*strings, token(start + 370, 4)):
            yield from (plain.upper(), plain.lower(), f"{plain}{start}", f" {plain}".strip())
        yield from _USUAL
    elif column.type in _DAYS:
        for string in strings:
            if re.match(r"\d{4}-\d\d-\d\d", string):
                yield string
                yield from _days_after(string)
    elif column.type in ("json", "jsonb"):
        yield from ("{}", "[]", '{"a": 1}', "[1]", '"a"', "1", "null", "true")
        keys = [string for string in strings if re.fullmatch(r"\w+", string)]
        for value in ('"a"', "1", "[]", "{}"):
            yield "{" + ", ".join(f'"{key}": {value}' for key in keys) + "}"
    else:
        yield from strings


def _from_pattern(pattern: str) -> Iterator[str]:
    if "%" in pattern or "_" in pattern or "*" in pattern:
        for fill in ("a", "ab", "7", ""):
            yield like_example(pattern, fill or "") if fill else pattern.replace("%", "")
    if re.search(r"[\[\]^$+*\\.({|]", pattern):
        for turn in range(5):
            if (found := regex_example(pattern, turn)) is not None:
                yield found


def _days_after(text: str) -> Iterator[str]:
    from datetime import date, timedelta

    day = date.fromisoformat(text[:10])
    for days in (1, -1, 10, 100):
        try:
            yield str(day + timedelta(days=days))
        except OverflowError:
            continue


def _fits(column: Column, value: str) -> bool:
    """Tell whether a value can be cast to the type, as far as that is plain."""
    if column.type in _WHOLE:
        return re.fullmatch(r"-?\d+", value) is not None and abs(int(value)) < 2**63
    if column.type in _NUMBERS:
        return re.fullmatch(r"-?\d+(?:\.\d+)?", value) is not None
    if column.type in _TEXTS and column.length is not None:
        return len(value) <= column.length
    if column.type == "enum":
        return value in column.labels
    if column.type == "bool":
        return value in ("true", "false")
    if column.type in _DAYS:
        return re.match(r"\d{4}-\d\d-\d\d", value) is not None
    return True
