"""Which rows does each table hold, step by step? Keeps count, and sees to it that there are some.

The cost of a step depends on the tables that it touches, not on how many there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.roundtrip.rows.catalog_postgresql import list_tables
from calista_tools.roundtrip.rows.compare import compare
from calista_tools.roundtrip.rows.contents import read_contents
from calista_tools.roundtrip.rows.fill import fill
from calista_tools.roundtrip.rows.table_model import Content, RowState, TableName
from calista_tools.roundtrip.rows.touched_tables import PostgresTables, SqliteTables, Touched

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence, Set

    from calista_tools.roundtrip.rows.access import Access, Query
    from calista_tools.roundtrip.rows.given_rows import GivenRows

_NO_ROWS = Content((), ())
ALWAYS_SKIPPED = frozenset({"alembic_version"})


class SampleRows:
    """The rows of one database, which the steps of a run change.

    Args:
        skip: Tables that are not the project's own, such as the version table: names with their
            schema, or without one for those in any.
        given: Rows that the project gives itself.

    Attributes:
        unfilled: Tables, or columns of them, that hold no value, with the reason.
        filled: Tables that rows were put into the last time, with what they held before.
    """

    def __init__(self, *, skip: Collection[str] = (), given: GivenRows | None = None) -> None:
        self.unfilled: dict[TableName, str] = {}
        self.filled: dict[TableName, Content] = {}
        self._skip = ALWAYS_SKIPPED.union(skip)
        self._given = given
        self._state = RowState()
        #: Tables whose rows are ours; those that a revision filled itself are left alone.
        self._ours: set[TableName] = set()
        self._pending: set[TableName] = set()
        #: Tables with few rows, where that was asked for.
        self._sparse: set[TableName] = set()
        #: How many of the applied revisions had their given rows put in.
        self._seen = 0

    def attach(self, access: Access) -> RowState:
        """Begin with a database, or go on with one that was put back; return its rows."""
        self._access = access
        self._tables = (
            SqliteTables(access) if access.dialect == "sqlite" else PostgresTables(access)
        )
        access.written()
        self._seen = 0
        self._state = RowState({}, self._state.keys)
        self._read(self._tables.everything())
        self._ours |= {name for name, content in self._state.contents.items() if content.rows}
        self._pending = set(self._state.contents)
        return self._state

    def overlooked(self, database: Query) -> bool:
        """Tell whether tables hold other rows than was noticed.

        Args:
            database: This one, or a copy of it.
        """
        if database.dialect == "sqlite":
            return False  # It tells by itself what other connections have written.
        tables, partitioned = list_tables(database)
        names = sorted(name for name in tables.values() if not self._skipped(name))
        found = read_contents(database, names, frozenset(partitioned))
        known = self._state.contents
        return any(compare(known.get(name, _NO_ROWS), rows) for name, rows in found.items())

    def state(self) -> RowState:
        """Return the rows after a step; tables that it did not touch are the same objects."""
        self._read(self._tables.touched(self._access.written()))
        return self._state

    def fill(self, applied: Sequence[str] = (), *, few: bool = False) -> RowState:
        """See to it that every table holds rows, and return them.

        Args:
            applied: The revisions so far, oldest first: given rows belong to one of them.
            few: Whether one row in each table is enough, for this once.
        """
        self.filled = {}
        if not few:
            self._pending |= self._sparse
        todo = {name for name in self._pending if name in self._state.contents}
        self._pending = set()
        given = self._given.at(applied[self._seen :]) if self._given else {}
        self._seen = len(applied)
        if not todo and not given:
            return self._state
        done = fill(self._access, self._state, todo, self._ours, given, self._sparse, few=few)
        self._sparse = done.tables if few else set()
        for name in todo | done.tables:
            self.unfilled.pop(name, None)
        self.unfilled |= done.unfilled
        # A table that waits for another's rows is looked at when some were made.
        self._pending = set(done.waiting) if done.tables else set()
        self._state = RowState(self._state.contents, {**self._state.keys, **done.keys})
        if done.tables:
            held = self._state.contents
            self.filled = {name: held.get(name, _NO_ROWS) for name in done.tables}
            self._ours |= done.tables
            touched = self._tables.touched(self._access.written())
            # What triggers wrote elsewhere is read too; not again what was read after it all.
            known = touched.tables & done.read.keys()
            self._take({name: done.read[name] for name in known})
            self._read(Touched(touched.tables - known, touched.gone))
            # Looked at again before the next revision: a column that is still empty may be filled
            # when there are rows to refer to.
            self._pending |= known
        return self._state

    def _read(self, touched: Touched) -> None:
        """Take in what was touched."""
        known = self._state.contents
        names = sorted(name for name in touched.tables if not self._skipped(name))
        gone = touched.gone & known.keys()
        if not names and not gone:
            return
        partitioned = frozenset(self._tables.partitioned)
        read = [name for name in names if name not in touched.empty]
        found = read_contents(self._access, read, partitioned) if read else {}
        found |= {name: _NO_ROWS for name in names if name in touched.empty}
        self._pending.update(names)
        self._ours -= gone
        self._take(found, gone)

    def _take(self, found: Mapping[TableName, Content], gone: Set[TableName] = frozenset()) -> None:
        """Put what was read into the state."""
        known = self._state.contents
        new = {name: rows for name, rows in found.items() if not _same(known.get(name), rows)}
        if new or gone:
            kept = {name: rows for name, rows in known.items() if name not in gone}
            self._state = RowState({**kept, **new}, self._state.keys)

    def _skipped(self, name: TableName) -> bool:
        return name.name in self._skip or f"{name.schema}.{name.name}" in self._skip


def _same(one: Content | None, other: Content) -> bool:
    # Not `==` alone: 1 equals True and 1.0, which are other values in a database.
    return one is not None and one == other and repr(one) == repr(other)
