"""How do two snapshots differ, in words that people read?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from calista_tools.roundtrip.snapshot.snapshot_record import CONTAINERS, Key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.roundtrip.snapshot.snapshot_record import Group, Properties, Snapshot

#: The property of a table that lists its columns, compared last and told apart.
ORDER = "columns"
_LONGEST = 300


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One object that is too many (``+``), missing (``-``) or other than expected (``~``).

    Attributes:
        order_only: Nothing but the order of a table's columns differs, as it must where a
            column was dropped and added again.
    """

    sign: str
    key: Key
    text: str = ""
    order_only: bool = False

    def __str__(self) -> str:
        return f"{self.sign}{self.key}{': ' if self.text else ''}{self.text}"


def differences(expected: Snapshot, found: Snapshot) -> list[Difference]:
    """Return what differs, sorted by table and kind; ``+`` is in ``found`` alone."""
    result: list[Difference] = []
    for name in changed_groups(expected, found):
        result.extend(_group(expected.get(name, {}), found.get(name, {})))
    whole = {(item.sign, item.key.name) for item in result if item.key.kind in CONTAINERS}
    return sorted(
        (item for item in result if (item.sign, _owner(item, expected, found)) not in whole),
        key=_place,
    )


def moved_to_the_end(before: Sequence[str], found: Sequence[str]) -> list[str]:
    """Return the columns that come last and did not before, if all others kept their order."""
    for count in range(1, len(found)):
        moved = list(found[-count:])
        if [name for name in before if name not in moved] == list(found[:-count]):
            return moved
    return []


def changed_groups(expected: Snapshot, found: Snapshot) -> list[str]:
    """Return the names of groups that are not the same object in both."""
    get = expected.get
    names = [name for name, group in found.items() if get(name) is not group]
    return [*names, *(expected.keys() - found.keys())]


def _owner(difference: Difference, expected: Snapshot, found: Snapshot) -> str | None:
    """Return the table whose column a sequence belongs to, and with which it comes and goes."""
    if difference.key.kind != "sequence":
        return None
    side = found if difference.sign == "+" else expected
    properties = side.get(difference.key.name, {}).get(difference.key, {})
    owned = (properties.get("sequence") or {}).get("owned by")
    return owned.rpartition(".")[0] if owned else None


def _place(difference: Difference) -> tuple[str, bool, str, str]:
    key = difference.key
    return (key.table or key.name, bool(key.table), key.kind, key.name)


def _group(expected: Group, found: Group) -> Iterator[Difference]:
    gone = {key for key in expected if key not in found}
    new = {key for key in found if key not in expected}
    renamed: dict[Key, Key] = {}
    for old in sorted(gone):
        for candidate in sorted(new - set(renamed.values())):
            if _same_but_named(old, expected[old], candidate, found[candidate]):
                renamed[old] = candidate
                break
    for old, now in renamed.items():
        yield Difference("~", old, f"name {old.name} → {now.name}")
    for sign, keys in (("-", gone - renamed.keys()), ("+", new - set(renamed.values()))):
        whole = {key.name for key in keys if key.kind in CONTAINERS and not key.table}
        yield from (Difference(sign, key) for key in keys if key.table not in whole)
    for key in expected.keys() & found.keys():
        yield from _properties(key, expected[key], found[key])


def _same_but_named(old: Key, was: Properties, new: Key, now: Properties) -> bool:
    """Tell whether one object was renamed; a column is its name, and so is what has no name."""
    return (
        old.kind == new.kind
        and old.table == new.table
        and bool(old.table)
        and old.kind not in ("column", "trigger")
        and was == now
    )


def _properties(key: Key, expected: Properties, found: Properties) -> Iterator[Difference]:
    if expected == found:
        return
    changes = []
    for name in [*expected, *(name for name in found if name not in expected)]:
        was, now = expected.get(name), found.get(name)
        if was == now:
            continue
        if name == ORDER:
            if isinstance(was, list) and isinstance(now, list) and sorted(was) == sorted(now):
                text = f"column order {', '.join(was)} → {', '.join(now)}"
                yield Difference("~", key, text, order_only=True)
        else:
            changes.append(_change(name, was, now))
    if changes:
        yield Difference("~", key, "; ".join(changes))


def _change(name: str, was: Any, now: Any) -> str:
    if isinstance(was, list) and isinstance(now, list):
        lost = [item for item in was if item not in now]
        new = [item for item in now if item not in was]
        if len(lost) + len(new) and len(was) + len(now) > 6:
            return f"{name} {' '.join([*(f'-{_value(i)}' for i in lost), *(f'+{_value(i)}' for i in new)])}"
    return f"{name} {_value(was)} → {_value(now)}"


def _value(value: Any) -> str:
    if value is None or value is False:
        return "none" if value is None else "no"
    if value is True:
        return "yes"
    if isinstance(value, list):
        return "(" + ", ".join(_value(item) for item in value) + ")"
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_value(item)}" for name, item in value.items()) + ")"
    text = re.sub(r"\s+", " ", str(value)).strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
