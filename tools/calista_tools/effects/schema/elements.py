"""What is a schema made of, and what can happen to it? Small, comparable, without syntax trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class ColumnState(NamedTuple):
    """A column as far as the revisions say.

    Attributes:
        nullable: None where nobody said.
        default: Whether it has a server default (or is computed, or an identity).
    """

    name: str | None
    type: str
    nullable: bool | None
    default: bool


class Placed(NamedTuple):
    """A constraint, index or trigger of a table, under the name that the catalog has.

    Attributes:
        name: None where the database keeps none, or where it cannot be known.
        reason: Why ``name`` is None.
        implicit: Nobody wrote the name.
        guess: The name is PostgreSQL's own, which numbers it where it is taken.
        parts: What it is made of then; None for the columns.
    """

    kind: str
    name: str | None
    columns: tuple[str | None, ...] | None
    referred_table: str | None = None
    referred_columns: tuple[str | None, ...] | None = ()
    unique: bool = False
    implicit: bool = False
    reason: str = ""
    expression: str = ""
    guess: bool = False
    full: str | None = None
    given: str | None = None
    row: int = 1
    referred_schema: str | None = None
    parts: tuple[str | None, ...] | None = None


class Table(NamedTuple):
    """A table at one point of the history; never changed, only replaced.

    Attributes:
        schema: As the revision names it; None for the default one.
        objects: Its constraints, indexes and triggers, in the order of their making.
        known: False where some of its columns or constraints cannot be known.
    """

    name: str
    schema: str | None
    columns: Mapping[str, ColumnState]
    objects: tuple[Placed, ...]
    known: bool = True

    def of_kind(self, *kinds: str) -> tuple[Placed, ...]:
        """Return the objects of these kinds."""
        return tuple(one for one in self.objects if one.kind in kinds)

    def named(self, name: str, kind: str = "") -> Placed | None:
        """Return the object of a name, of a kind where one is given."""
        for one in self.objects:
            if one.name == name and kind in ("", one.kind):
                return one
        return None


class Change(NamedTuple):
    """One thing that happens to the schema of one dialect.

    Attributes:
        what: ``create_table``, ``drop_table``, ``rename_table``, ``add_column``, ``drop_column``,
            ``alter_column``, ``create``, ``drop``, ``rename`` (of an object), ``recreate`` (a
            batch operation copies the table), ``restate`` (its ``table_args``) ``unlikely`` (only where somebody else
            makes tables) or ``unclear`` (something unknown happened to the table, or to any table
            where it is None).
        name: Of the column, or the old name of the object or table; None where it is unknown.
        values: For ``alter_column``: what is said; for ``recreate``: the block's naming convention.
        cascade: What depends on it goes with it: ``DROP … CASCADE``.
        position: Which operation of the revision it comes from, counted from 0.
    """

    what: str
    table: str | None
    schema: str | None = None
    name: str | None = None
    new_name: str | None = None
    kind: str = ""
    made: Placed | None = None
    columns: tuple[ColumnState, ...] = ()
    objects: tuple[Placed, ...] = ()
    values: Mapping[str, object] | None = None
    known: bool = True
    conditional: bool = False
    implicit: bool = False
    reason: str = ""
    row: int = 1
    position: int = 0
    cascade: bool = False


class Event(NamedTuple):
    """What a change did to one object: the entry of a list of names.

    Attributes:
        action: ``create``, ``drop`` or ``rename``.
        change: The change that it came with.
        old_name: For ``rename``.
    """

    action: str
    table: str
    placed: Placed
    change: Change
    old_name: str | None = None


def key_of(name: str, schema: str | None) -> str:
    """Return the key of a table in ``Schema.tables``."""
    return f"{schema}.{name}" if schema else name
