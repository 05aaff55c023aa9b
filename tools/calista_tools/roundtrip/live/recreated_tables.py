"""Which SQLite tables did a step make anew, why, and what did they lose by it?

A batch operation copies a table into a new one, drops the old one and renames. Triggers go with the
old one, without a word; so do indexes on expressions, which reflection does not see.
Source: https://www.sqlite.org/lang_altertable.html#otheralter
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.roundtrip.snapshot import differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from calista_tools.roundtrip.snapshot import Snapshot

_LOSABLE = ("trigger", "index", "unique index")
_DROP = re.compile(r"\bDROP\s+(?:TRIGGER|INDEX)\s+(?:IF\s+EXISTS\s+)?(\S+)", re.IGNORECASE)


def recreated(before: Mapping[str, int], after: Mapping[str, int]) -> list[str]:
    """Return the tables that are there before and after, on another first page."""
    return sorted(name for name, page in before.items() if after.get(name, page) != page)


def reasons(tables: Iterable[str], before: Snapshot, after: Snapshot) -> Iterator[dict[str, str]]:
    """Return each recreated table with what was changed by recreating it."""
    for table in tables:
        found = differences({table: before.get(table, {})}, {table: after.get(table, {})})
        reason = "; ".join(str(difference) for difference in found)
        yield {"table": table, "reason": reason or "nothing in it was changed"}


def losses(
    tables: Iterable[str], before: Snapshot, after: Snapshot, statements: Sequence[str]
) -> Iterator[str]:
    """Return what a recreation lost although no statement drops it."""
    dropped = {
        match[1].strip("\"'`[];").rpartition(".")[2]
        for statement in statements
        for match in _DROP.finditer(statement)
    }
    for table in tables:
        there = after.get(table, {})
        columns = {key.name.lower() for key in there if key.kind == "column"}
        for key, properties in sorted(before.get(table, {}).items()):
            if key.kind not in _LOSABLE or key in there or key.name in dropped:
                continue
            terms = properties.get("columns in key", [])
            plain = [term for term in terms if re.fullmatch(r"\w+", term)]
            if all(term.lower() in columns for term in plain):
                yield f"-{key}: lost when {table} was recreated"
