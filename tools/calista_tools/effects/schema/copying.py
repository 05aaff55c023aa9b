"""What does a table lose, or gain a name for, when SQLite's batch mode copies it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.names.convention import Subject, UnknownTokenError, expand
from calista_tools.effects.schema.elements import Change, Event, Placed, Table, key_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from calista_tools.effects.schema.state import Schema


def recreate(schema: Schema, change: Change, tell: Callable[[Event], None]) -> None:
    """Copy a table as Alembic does on SQLite: what reflection does not see is lost."""
    table = schema.table(change.table, change.schema)
    if table is None:
        return
    kept: list[Placed] = []
    keys: set[tuple[object, ...]] = set()
    for placed in table.objects:
        key = (placed.columns, placed.referred_table, placed.referred_columns)
        if placed.kind == "fk" and key in keys and table.known and schema.clear:
            # SQLAlchemy reflects the first of two equal foreign keys only; which one is the first
            # is not known where something unknown may have dropped it.
            tell(Event("drop", table.name, placed._replace(implicit=True), change))
            continue
        if placed.kind == "fk":
            keys.add(key)
        if placed.kind == "trigger" or (placed.kind == "ix" and None in (placed.columns or ())):
            tell(Event("drop", table.name, placed._replace(implicit=True), change))
            continue
        if placed.kind == "ck" and placed.name is None:
            continue
        if placed.name is None and change.values is not None:
            placed = _named_by_block(placed, table, change)
            if placed.name is not None:
                tell(Event("create", table.name, placed, change))
        kept.append(placed)
    where = key_of(table.name, table.schema)
    schema.tables[where] = table._replace(objects=tuple(kept))
    schema.places.update((one.name, where) for one in kept if one.name is not None)


def _named_by_block(placed: Placed, table: Table, change: Change) -> Placed:
    template = (change.values or {}).get(placed.kind)
    if not isinstance(template, str):
        return placed
    subject = Subject(
        table.name, placed.columns, placed.referred_table, placed.referred_columns, None
    )
    try:
        name = expand(template, subject)
    except UnknownTokenError:
        return placed
    return placed._replace(name=name, full=name, reason="", row=change.row)
