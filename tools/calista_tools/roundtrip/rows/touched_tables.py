"""Which tables can a step have written to?

Asked of the database itself, so that triggers, functions and cascades are seen too: PostgreSQL
knows which locks a transaction holds when it commits, SQLite tells its authorizer which tables a
statement will write to. Both name some that are untouched in the end, and none too few.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from calista_tools.roundtrip.live.authorizer import changes_tables, written_tables
from calista_tools.roundtrip.rows import catalog_sqlite
from calista_tools.roundtrip.rows.catalog_postgresql import list_tables, prepare
from calista_tools.roundtrip.rows.table_model import TableName
from calista_tools.roundtrip.snapshot.postgresql_queries import WHEREABOUTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

    from calista_tools.roundtrip.rows.access import Access, Written

#: Writing takes the first, changing or dropping a table the second.
_WRITING = frozenset({"RowExclusiveLock", "AccessExclusiveLock"})
#: Statements by which no row of a user's table is written, and nothing else happens.
_HARMLESS = re.compile(
    r"\s*(?:(?:CREATE|DROP)\s+(?:UNIQUE\s+)?INDEX|REINDEX|ALTER\s+TYPE|VACUUM|ANALYZE|COMMENT|SET|"
    r"SHOW|SELECT\s+(?:pg_|current_|[\w.\"]*alembic_version)|BEGIN|COMMIT|ROLLBACK|"
    r"(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+[\w.\"]*alembic_version)\b",
    re.IGNORECASE,
)


def harmless(statement: str) -> bool:
    """Tell whether a statement that commits itself leaves all rows as they are."""
    return _HARMLESS.match(statement) is not None


@dataclass
class Touched:
    """What to read again.

    Attributes:
        tables: Those that exist, partitioned ones in place of their partitions.
        gone: Those that no longer do.
        empty: Those among ``tables`` that need not be read to know that they hold no row.
    """

    tables: set[TableName] = field(default_factory=set)
    gone: set[TableName] = field(default_factory=set)
    empty: set[TableName] = field(default_factory=set)


class PostgresTables:
    """Follows the tables of one PostgreSQL database by the locks that steps held."""

    def __init__(self, access: Access) -> None:
        self._access = access
        prepare(access)
        self._names: dict[int, TableName] = {}
        #: What a partition's rows are read by.
        self._roots: dict[int, int] = {}
        self.partitioned: set[TableName] = set()

    def everything(self) -> Touched:
        """Take in all tables."""
        before = set(self._names.values())
        self._names, self.partitioned = list_tables(self._access)
        self._roots = {}
        tables = set(self._names.values())
        return Touched(tables, before - tables)

    def touched(self, written: Written) -> Touched:
        """Return what the transactions of a step can have written to."""
        locks = written.locks
        if locks is None:
            return self.everything()
        held = {oid: modes for oid, modes in locks.items() if modes & _WRITING}
        before = {self._names[oid] for oid in held if oid in self._names}
        unclear = {
            oid
            for oid, modes in held.items()
            if "AccessExclusiveLock" in modes or (oid not in self._names and oid not in self._roots)
        }
        # First of all, since what is clear may be a partition of what has another name now.
        found, empty = self._look_up(unclear, written.whereabouts) if unclear else (set(), set())
        oids = {self._roots.get(oid, oid) for oid in held.keys() - unclear}
        written_to = {self._names[oid] for oid in oids if oid in self._names}
        empty -= written_to
        tables = found | written_to
        gone = before - tables
        return Touched(tables, gone - set(self._names.values()) if gone else gone, empty)

    def _look_up(
        self, oids: Set[int], known: Mapping[int, Sequence[Any] | None]
    ) -> tuple[set[TableName], set[TableName]]:
        """Return the tables that relations are the rows of now, and which of them hold none."""
        found: set[TableName] = set()
        empty: set[TableName] = set()
        if not oids <= known.keys():
            listed = ",".join(map(str, sorted(oids - known.keys())))
            asked = self._access.query(WHEREABOUTS.replace("ANY($1)", f"ANY('{{{listed}}}')"))
            known = {**known, **{oid: json.loads(text) for oid, _, _, text in asked}}
        for oid in oids:
            self._names.pop(oid, None)
        for oid in oids:
            if (there := known.get(oid)) is None:
                continue
            root, schema, name, partitioned, without_rows = there
            # Roots of what is no user's table stay unnamed, and are not asked about again.
            self._roots[oid] = root
            if schema is not None:
                table = self._names[root] = TableName(schema, name)
                found.add(table)
                if partitioned:
                    self.partitioned.add(table)
                if without_rows and root == oid:
                    empty.add(table)
        return found, empty


class SqliteTables:
    """Follows the tables of one SQLite database by what its authorizer is told."""

    partitioned: frozenset[TableName] = frozenset()

    def __init__(self, access: Access) -> None:
        self._access = access
        self._names: set[str] = set()

    def everything(self) -> Touched:
        """Take in all tables."""
        before, self._names = self._names, catalog_sqlite.list_tables(self._access)
        return _touched(self._names, before - self._names)

    def touched(self, written: Written) -> Touched:
        """Return what the statements of a step can have written to."""
        noted = written.accesses
        if noted is None:
            return self.everything()
        tables = written_tables(noted)
        before = self._names
        if changes_tables(noted):
            self._names = set(written.tables or catalog_sqlite.list_tables(self._access))
        new = self._names - before
        return _touched((tables & self._names) | new, before - self._names)


def _touched(tables: Set[str], gone: Set[str]) -> Touched:
    return Touched({TableName("", name) for name in tables}, {TableName("", name) for name in gone})
