"""How do two states of one table differ, row by row? Whatever their columns are called now."""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calista_tools.roundtrip.rows.table_model import Content, Value

Row = Sequence["Value"]
#: As PostgreSQL writes it, without the months and years that have no length.
_INTERVAL = re.compile(
    r"(?:([+-]?\d+) days?)?(?:\A| |\Z)(?:([+-]?)(\d+):(\d\d):(\d\d(?:\.\d+)?))?\Z"
)
#: More rows than this, times each other, are not compared one by one: what is not equal is lost.
_MOST_PAIRS = 40_000


@dataclass(frozen=True, slots=True)
class Change:
    """One value that is another now, in the row ``before``, which is ``after`` now."""

    column: str
    before: Row
    after: Row
    old: Value
    new: Value


@dataclass(slots=True)
class TableChange:
    """What became of a table's rows.

    Attributes:
        lost: Rows that are nowhere to be found, as they were.
        added: Rows that were not there, as they are.
        changed: Values of rows that are still there.
    """

    lost: list[Row] = field(default_factory=list)
    added: list[Row] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.lost or self.added or self.changed)


def compare(before: Content, after: Content, key: Sequence[str] = ()) -> TableChange:
    """Compare the columns that both have, whatever order rows and columns are in.

    Rows belong together by ``key`` where both have it, else by how much of them is equal.
    """
    result = TableChange()
    if before is after or (before.rows == after.rows and before.columns == after.columns):
        return result
    if not before.rows or not after.rows:
        result.lost, result.added = list(before.rows), list(after.rows)
        return result
    common = [name for name in before.columns if name in set(after.columns)]
    old = [before.columns.index(name) for name in common]
    new = [after.columns.index(name) for name in common]
    was = [[_plain(row[at]) for at in old] for row in before.rows]
    now = [[_plain(row[at]) for at in new] for row in after.rows]
    if not common:
        result.lost, result.added = list(before.rows), list(after.rows)
        return result
    pairs, result_lost, result_added = _pair(
        was, now, [common.index(k) for k in key if k in common] if set(key) <= set(common) else []
    )
    result.lost = [before.rows[at] for at in result_lost]
    result.added = [after.rows[at] for at in result_added]
    for left, right in pairs:
        for at, name in enumerate(common):
            if not same(was[left][at], now[right][at]):
                row, other = before.rows[left], after.rows[right]
                result.changed.append(Change(name, row, other, row[old[at]], other[new[at]]))
    return result


def _pair(
    was: list[list[Value]], now: list[list[Value]], key: list[int]
) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Return pairs of indexes that belong together, and what is left on either side."""
    left, right = dict.fromkeys(range(len(was))), dict.fromkeys(range(len(now)))
    pairs: list[tuple[int, int]] = []

    def take(one: int, other: int) -> None:
        pairs.append((one, other))
        del left[one], right[other]

    if key:
        # A key that both sides have only once says which row is meant, whatever else it holds.
        ours = _unique({at: repr([_form(was[at][k]) for k in key]) for at in left})
        theirs = _unique({at: repr([_form(now[at][k]) for k in key]) for at in right})
        for text, one in ours.items():
            if text in theirs:
                take(one, theirs[text])
    equal: dict[str, list[int]] = {}
    for at in reversed(right):
        equal.setdefault(repr([_form(value) for value in now[at]]), []).append(at)
    for at in list(left):
        if same_rows := equal.get(repr([_form(value) for value in was[at]])):
            take(at, same_rows.pop())
    if len(left) * len(right) <= _MOST_PAIRS:
        scores = sorted(
            (-_likeness(was[one], now[other]), one, other) for one in left for other in right
        )
        for score, one, other in scores:
            if -score >= len(was[one]) and one in left and other in right:
                take(one, other)
    return sorted(pairs), list(left), list(right)


def _unique(keys: dict[int, str]) -> dict[str, int]:
    counts = Counter(keys.values())
    return {text: at for at, text in keys.items() if counts[text] == 1}


def _likeness(one: Row, other: Row) -> int:
    """Count what is equal, twice, and once more where a value is and not only that there is none."""
    equal = [a for a, b in zip(one, other, strict=True) if same(a, b)]
    return 2 * len(equal) + any(a is not None for a in equal) - 1


def same(one: Value, other: Value) -> bool:
    """Tell whether two values say the same, after their column's type may have changed."""
    if type(one) is type(other) and one == other:
        return True
    if one is None or other is None:
        return False
    if isinstance(one, str) and isinstance(other, str):
        # What text spells as a number is no number: 007 and 7, or versions 1.10 and 1.1.
        return bool(_text_forms(one) & _text_forms(other))
    return bool(_forms(one) & _forms(other))


def _plain(value: Value) -> Value:
    return bytes(value) if isinstance(value, memoryview | bytearray) else value


def _form(value: Value) -> str:
    """Return the spelling that equal values share, for most."""
    return min(_forms(value)) if value is not None else "\0"


def _forms(value: Value) -> frozenset[str]:
    """Return the spellings that a value may take in a column of another type."""
    if isinstance(value, bool):
        return frozenset({"true", "1", "t"} if value else {"false", "0", "f"})
    if isinstance(value, int | float | Decimal):
        return frozenset({_number(str(value))})
    if isinstance(value, bytes):
        text = value.decode("utf-8", "replace")
        return frozenset({f"\\x{value.hex()}", text})
    if isinstance(value, str):
        return frozenset(_text_forms(value) | {_number(value)})
    return frozenset({_document(value)})


def _text_forms(text: str) -> set[str]:
    # char(n) comes padded, a timestamp with or without its zone, a date with or without a time.
    forms = {text, text.rstrip(" ")}
    moment = text.replace("T", " ", 1).removesuffix("+00:00").removesuffix("+00")
    if len(text) >= 10 and text[4:5] == "-" and text[7:8] == "-":
        if "." in moment:
            moment = moment.rstrip("0").rstrip(".")
        forms |= {moment, moment.removesuffix(" 00:00:00")}
    if len(text) == 36 and text.count("-") == 4:
        forms.add(text.replace("-", ""))
    if text[:1] in "{[" and text:
        with contextlib.suppress(ValueError):
            forms.add(_document(json.loads(text, parse_float=Decimal)))
    if text and (span := _INTERVAL.match(text)):
        forms.add(_seconds(*span.groups()))
    return forms


def _seconds(days: str | None, sign: str | None, *clock: str | None) -> str:
    """Spell an interval, of which two days and 03:00 less are one and 21:00 more."""
    hours, minutes, seconds = (Decimal(part or 0) for part in clock)
    time = hours * 3600 + minutes * 60 + seconds
    whole = Decimal(days or 0) * 86_400 + (-time if sign == "-" else time)
    return f"interval {whole.normalize():f}"


def _number(text: str) -> str:
    if not text[:1].isdigit() and text[:1] not in "-.":
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite():
        return text
    return format(number.normalize() + 0, "f")


def _document(value: Value) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=lambda n: _number(str(n)))
