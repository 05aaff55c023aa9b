"""Which name does PostgreSQL give to what nobody named?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.names.shortening import column_part, object_name
from calista_tools.startup.patterns import later

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from calista_tools.effects.schema.elements import Placed, Table

_WORD = later(r"'(?:[^']|'')*'|\"([^\"]+)\"|([A-Za-z_][A-Za-z_0-9]*)")
_LABELS = {"pk": "pkey", "uq": "key", "fk": "fkey", "ck": "check", "ix": "idx", "ex": "excl"}


def numbered(
    table: Table, placed: Placed, taken: Mapping[str, int], tried: MutableMapping[str, int]
) -> Placed:
    """Return an unnamed object under the name that PostgreSQL gives it.

    Source: ChooseRelationName (commands/indexcmds.c), ChooseConstraintName
    (catalog/pg_constraint.c): the label gets 1, 2, … until the name is free. ``tried`` says with
    which number to begin, for as long as no name was given back.
    """
    label = _LABELS[placed.kind]
    part = ""
    if placed.kind == "ck":
        named = columns_in(placed.expression, table)
        named = named or [one for one in placed.columns or () if one]
        part = named[0] if len(named) == 1 else ""
    elif placed.kind != "pk":
        parts = placed.columns if placed.parts is None else placed.parts
        known = [one for one in parts or () if one]
        if parts is None or len(known) < len(parts):
            return placed._replace(guess=False)
        part = column_part(known)
    name = object_name(table.name, part, label)
    first = name
    number = tried.get(first, 0)
    if number:
        name = object_name(table.name, part, f"{label}{number}")
    while taken.get(name, 0) > 0:
        number += 1
        name = object_name(table.name, part, f"{label}{number}")
    if number:
        tried[first] = number
    return placed._replace(name=name, full=name, guess=False)


def columns_in(expression: str, table: Table) -> list[str]:
    """Return the table's columns that a condition mentions."""
    found: dict[str, None] = {}
    for quoted, plain in _WORD.findall(expression):
        word = quoted or plain
        if word in table.columns:
            found[word] = None
        elif plain.lower() in table.columns:
            found[plain.lower()] = None
    return list(found)


def merged(objects: list[Placed]) -> list[Placed]:
    """Make one key of several on the same columns, as PostgreSQL does within one CREATE TABLE.

    Source: transformIndexConstraints (parser/parse_utilcmd.c).
    """
    found: list[Placed] = []
    keys: dict[tuple[str | None, ...] | None, int] = {}
    for placed in objects:
        prior = keys.get(placed.columns) if placed.kind == "uq" else None
        if prior is None or None in (placed.columns or (None,)):
            if placed.kind in ("uq", "pk"):
                keys.setdefault(placed.columns, len(found))
            found.append(placed)
        elif found[prior].guess and not placed.guess:
            found[prior] = placed._replace(kind=found[prior].kind)
    return found
