"""What becomes of foreign keys when what they refer to is renamed or dropped?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.schema.elements import Event, Placed, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from calista_tools.effects.schema.elements import Change, Table
    from calista_tools.effects.schema.state import Schema


def refer_to_renamed_table(schema: Schema, table: Table, new: str) -> None:
    """Let foreign keys to a renamed table refer to it under its new name."""
    for key, other in list(schema.tables.items()):
        if any(_refers(schema, one, table) for one in other.objects):
            objects = tuple(
                one._replace(referred_table=new) if _refers(schema, one, table) else one
                for one in other.objects
            )
            schema.tables[key] = other._replace(objects=objects)


def refer_to_renamed(schema: Schema, table: Table, old: str, new: str) -> None:
    """Let foreign keys to a renamed column refer to it under its new name."""
    for key, other in list(schema.tables.items()):
        if any(_refers(schema, one, table, {old}) for one in other.objects):
            objects = tuple(
                _referring(one, old, new) if _refers(schema, one, table, {old}) else one
                for one in other.objects
            )
            schema.tables[key] = other._replace(objects=objects)


def _referring(placed: Placed, old: str, new: str) -> Placed:
    columns = tuple(new if one == old else one for one in placed.referred_columns or ())
    return placed._replace(referred_columns=columns)


def unrefer(
    schema: Schema,
    change: Change,
    tell: Callable[[Event], None],
    table: Table,
    columns: Collection[str | None] | None = None,
    *,
    exactly: bool = False,
) -> None:
    """Drop the foreign keys that a ``DROP … CASCADE`` on PostgreSQL takes along.

    Source: https://www.postgresql.org/docs/current/ddl-depend.html

    Args:
        schema: The tables.
        change: The drop.
        tell: Hears of each foreign key.
        table: What they refer to.
        columns: The columns that they refer to; None for any.
        exactly: Whether those are all, as they are of a key.
    """
    if schema.dialect != "postgresql":
        return
    for other in list(schema.tables.values()):
        gone = tuple(
            one for one in other.objects if _refers(schema, one, table, columns, exactly=exactly)
        )
        if not gone:
            continue
        schema.release(gone)
        kept = tuple(one for one in other.objects if one not in gone)
        schema.tables[key_of(other.name, other.schema)] = other._replace(objects=kept)
        for placed in gone:
            tell(Event("drop", other.name, placed._replace(implicit=True), change))


def _refers(
    schema: Schema,
    placed: Placed,
    table: Table,
    columns: Collection[str | None] | None = None,
    *,
    exactly: bool = False,
) -> bool:
    if placed.kind != "fk" or placed.referred_table != table.name:
        return False
    if placed.referred_schema != table.schema:
        # Where one of the two names no schema, it may be the other's, unless there is one without.
        named = None not in (placed.referred_schema, table.schema)
        if named or key_of(table.name, placed.referred_schema) in schema.tables:
            return False
    if columns is None:
        return True
    referred = set(placed.referred_columns or ())
    return referred == set(columns) if exactly else not referred.isdisjoint(columns)
