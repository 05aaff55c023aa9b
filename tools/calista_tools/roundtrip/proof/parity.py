"""Do both dialects hold the same schema at head, as far as each of them can say it?"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from calista_tools.roundtrip.snapshot import reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from calista_tools.roundtrip.snapshot import Snapshot

#: Types that one side spells otherwise, by what begins their name on either.
_FAMILIES = (
    ("integer", r"(tiny|small|medium|big)?int(eger)?\b|(small|big)?serial"),
    ("number", r"numeric|decimal|real|double|float"),
    ("boolean", r"bool"),
    ("text", r"(character varying|varchar|char|character|text|clob|citext|string|nvarchar)\b"),
    ("json", r"json"),
    ("bytes", r"bytea|blob|binary|varbinary"),
    ("timestamp", r"timestamp|datetime"),
    ("date", r"date\b"),
    ("time", r"time\b"),
)
_BY_THE_SERVER = re.compile(r"_check\d*\Z")
_LENGTH = re.compile(r"\((\d+)\)")


def parity(sqlite: Snapshot, postgresql: Snapshot) -> list[str]:
    """Return the differences between two schemas, ``+`` for what only PostgreSQL has."""
    left, right = _outline(sqlite), _outline(postgresql)
    found = []
    for table in sorted(left.keys() | right.keys()):
        if table not in left or table not in right:
            found.append(f"{'+' if table in right else '-'}table {table}")
            continue
        one, other = left[table], right[table]
        for key in sorted(one.keys() | other.keys()):
            if key not in one or key not in other:
                found.append(f"{'+' if key in other else '-'}{key} on {table}")
            elif not _same(one[key], other[key]):
                found.append(f"~{key} on {table}: {one[key]} → {other[key]} (SQLite → PostgreSQL)")
    return found


def accepted(lines: list[str], reasons: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Split lines into those nobody wrote down, and those with their reason.

    A written-down line may hold ``*`` for anything.
    """
    open_, known = [], []
    for line in lines:
        reason = next(
            (why for what, why in reasons.items() if line == what or fnmatchcase(line, what)), None
        )
        if reason is None:
            open_.append(line)
        else:
            known.append(f"{line} - {reason}")
    return open_, known


def _outline(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    """Return, by table without its schema, what both dialects can say."""
    found: dict[str, dict[str, Any]] = {}
    for group in snapshot.values():
        for key, properties in group.items():
            table = (key.table or key.name).rpartition(".")[2]
            if key.kind in ("table", "view") and not key.table:
                found.setdefault(table, {})
            mine = found.get(table)
            if mine is None:
                continue
            if key.kind == "column":
                null = "" if properties["nullable"] else " not null"
                mine[f"column {key.name}"] = f"{_type(properties['type'])}{null}"
            elif key.kind in ("index", "unique index"):
                mine[f"index {key.name}"] = "unique" if key.kind == "unique index" else "plain"
            elif key.kind == "trigger":
                # One function for several events there, one trigger for each of them here.
                mine["trigger"] = True
            elif text := _constraint(key.kind, key.name, properties):
                mine[text] = True
    return found


def _constraint(kind: str, name: str, properties: Mapping[str, Any]) -> str | None:
    """Name a constraint by what it says, for SQLite does not name all of them; a CHECK by its name."""
    definition = properties.get("definition", "")
    if kind == "foreign key":
        found = reference(properties)
        if found is None:
            return None
        return f"foreign key ({found.columns}) to {found.table.rpartition('.')[2]}"
    if kind in ("unique", "primary key"):
        columns = ", ".join(properties.get("columns in key", ()))
        if listed := re.search(r"\(([^)]*)\)", definition):
            columns = listed[1]
        return f"{kind} ({columns})"
    if kind == "check" and not name.startswith("(") and not _BY_THE_SERVER.search(name):
        return f"check {name}"
    return None


def _type(text: str) -> str:
    low = text.lower()
    for family, pattern in _FAMILIES:
        if re.match(pattern, low):
            length = _LENGTH.search(low) if family == "text" else None
            return f"{family}({length[1]})" if length else family
    return "other"


def _same(one: object, other: object) -> bool:
    # Types that one side has no word for (uuid, enum, inet) are text or a number on the other.
    if (
        isinstance(one, str)
        and isinstance(other, str)
        and "other" in (one.split()[0], other.split()[0])
    ):
        return one.split()[1:] == other.split()[1:]
    return one == other
