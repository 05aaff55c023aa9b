"""Which tables, constraints and indexes are there, at one point of the history, on one dialect?"""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING

from calista_tools.effects.schema.elements import Table, key_of
from calista_tools.effects.schema.numbering import numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

    from calista_tools.effects.schema.elements import Change, Placed


class Schema:
    """The tables on one dialect, as far as the revisions made them.

    Attributes:
        tables: By name, ``schema.name`` where the revision names a schema.
        clear: False once something happened that cannot be followed: what is not here may
            still be there.
    """

    __slots__ = ("clear", "dialect", "places", "tables", "taken", "tried")

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.tables: dict[str, Table] = {}
        self.clear = True
        #: PostgreSQL's names of relations and constraints, to number its own ones.
        self.taken: MutableMapping[str, int] = {}
        #: The number that was last given to names of ours that begin alike.
        self.tried: dict[str, int] = {}
        #: The key of the table that each name was last given on, to find a name without its table.
        self.places: MutableMapping[str, str] = {}

    def copy(self) -> Schema:
        """Return a schema that can be changed apart from this one."""
        other = Schema(self.dialect)
        other.tables = self.tables.copy()
        other.clear = self.clear
        other.taken = dict(self.taken)
        other.places = dict(self.places)
        return other

    def around(self, changes: Iterable[Change]) -> Schema:
        """Return a copy of the tables that some changes are about: as cheap as the changes."""
        other = Schema(self.dialect)
        other.clear = self.clear
        other.taken = ChainMap({}, self.taken)
        other.places = ChainMap({}, self.places)
        for change in changes:
            names = [change.table, change.new_name]
            if change.table is None and change.name is not None:
                owner = self.owner(change.kind, change.name)
                names.append(owner.name if owner is not None else None)
            for name in names:
                table = self.table(name, change.schema)
                if table is not None:
                    other.tables[key_of(table.name, table.schema)] = table
        return other

    def table(self, name: str | None, schema: str | None = None) -> Table | None:
        """Return a table; None where no revision made it."""
        if name is None:
            return None
        found = self.tables.get(key_of(name, schema))
        return found if found is not None or schema is None else self.tables.get(name)

    def owner(self, kind: str, name: str) -> Table | None:
        """Return the table that has an object of this kind and name."""
        table = self.tables.get(self.places.get(name, ""))
        return table if table is not None and table.named(name, kind) is not None else None

    def put(self, table: Table, placed: Placed) -> Placed:
        """Add an object to a table, under a number where PostgreSQL has to give one."""
        key = key_of(table.name, table.schema)
        placed = self.place(table, placed, key)
        # Not _replace: it takes three times as long, and a history has thousands of objects.
        self.tables[key] = Table(
            table.name, table.schema, table.columns, (*table.objects, placed), table.known
        )
        return placed

    def place(self, table: Table, placed: Placed, key: str) -> Placed:
        """Return an object as a table will have it, and note its name."""
        if placed.guess:
            placed = numbered(table, placed, self.taken, self.tried)
        if placed.name is not None:
            self.take(placed.name, 1)
            self.places[placed.name] = key
        return placed

    def take(self, name: str, count: int) -> None:
        """Note that a name is in use (or, with -1, no longer)."""
        if self.dialect == "postgresql":
            self.taken[name] = self.taken.get(name, 0) + count
            if count < 0:
                self.tried = {}

    def release(self, placed: Iterable[Placed]) -> None:
        """Let the names of dropped objects be taken again."""
        for one in placed:
            if one.name is not None:
                self.take(one.name, -1)
