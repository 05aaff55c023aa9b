"""Which tables, constraints and indexes are there, at one point of the history, on one dialect?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.schema.applying import HANDLERS, key_of, nobody
from calista_tools.lint.schema.numbering import numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from calista_tools.lint.schema.records import Change, Event, Placed, Table


class Schema:
    """The tables on one dialect, as far as the revisions made them.

    Attributes:
        tables: By name, ``schema.name`` where the revision names a schema.
        clear: False once something happened that cannot be followed: what is not here may
            still be there.
    """

    __slots__ = ("clear", "dialect", "tables", "taken")

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.tables: dict[str, Table] = {}
        self.clear = True
        #: PostgreSQL's names of relations and constraints, to number its own ones.
        self.taken: dict[str, int] = {}

    def copy(self) -> Schema:
        """Return a schema that can be changed apart from this one."""
        other = Schema(self.dialect)
        other.tables = self.tables.copy()
        other.clear = self.clear
        other.taken = self.taken.copy()
        return other

    def table(self, name: str | None, schema: str | None = None) -> Table | None:
        """Return a table; None where no revision made it."""
        if name is None:
            return None
        found = self.tables.get(key_of(name, schema))
        return found if found is not None or schema is None else self.tables.get(name)

    def owner(self, kind: str, name: str) -> Table | None:
        """Return the table that has an object of this kind and name."""
        for table in self.tables.values():
            if table.named(name, kind) is not None:
                return table
        return None

    def apply(self, changes: Iterable[Change], tell: Callable[[Event], None] | None = None) -> None:
        """Change the schema; ``tell`` hears of each object that is made, dropped or renamed."""
        for change in changes:
            handler = HANDLERS.get(change.what)
            if handler is not None:
                handler(self, change, tell or nobody)

    def put(self, table: Table, placed: Placed) -> Placed:
        """Add an object to a table, under a number where PostgreSQL has to give one."""
        if placed.guess:
            placed = numbered(table, placed, self.taken)
        if placed.name is not None:
            self.take(placed.name, 1)
        self.tables[key_of(table.name, table.schema)] = table._replace(
            objects=(*table.objects, placed)
        )
        return placed

    def take(self, name: str, count: int) -> None:
        """Note that a name is in use (or, with -1, no longer)."""
        if self.dialect == "postgresql":
            self.taken[name] = self.taken.get(name, 0) + count

    def release(self, placed: Iterable[Placed]) -> None:
        """Let the names of dropped objects be taken again."""
        for one in placed:
            if one.name is not None:
                self.take(one.name, -1)
