"""What has a step done to a SQLite database? Asked on the run's own connection."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from calista_tools.roundtrip.live.authorizer import (
    changed_schema,
    changes_tables,
    note,
    written_tables,
)
from calista_tools.roundtrip.live.live_database import driver_error, version_table
from calista_tools.roundtrip.live.recreated_tables import recreated
from calista_tools.roundtrip.rows import Written
from calista_tools.roundtrip.snapshot.read_sqlite import SqliteReader
from calista_tools.roundtrip.snapshot.snapshot_record import Key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Connection

    from calista_tools.roundtrip.snapshot import Snapshot
    from calista_tools.roundtrip.snapshot.read_sqlite import ReadBefore

_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|WITH|DROP\s+TABLE)\b", re.IGNORECASE)


class LiveSqlite:
    """Reads on the run's own connection: another one would have to parse the schema again."""

    dialect = "sqlite"
    version_table = ""
    thorough = False

    def __init__(self) -> None:
        self._accesses: set[tuple[int, str]] | None = None
        self._reader: SqliteReader | None = None
        self._read_before: ReadBefore = {}
        self._connection: Connection | None = None
        self._pages: Mapping[str, int] = {}
        #: Said before: what one step broke stays broken, and is not the next one's fault.
        self._reported: set[str] = set()
        #: Whether the reader knows what the step has done.
        self._fresh = False
        #: The data version when it was last asked what was written.
        self._version = 0

    def attach(self, context: MigrationContext) -> None:
        """Begin to read on this run's connection."""
        self._connection = context.connection
        # Refused inside a transaction, where one is open around the whole run.
        with suppress(Exception):
            self.query("PRAGMA synchronous = OFF")
        self._version = self._data_version()
        self.version_table = version_table(context)
        self._reader = SqliteReader(self.query, [self.version_table], self._read_before)

    def detach(self) -> None:
        """Forget the connection."""
        if self._connection is not None and not self._connection.closed:
            self._authorize(None)
        self._connection = None

    def begin_step(self) -> None:
        """Note where each table begins, and which ones are written to."""
        assert self._reader is not None
        self._pages = dict(self._reader.root_pages)
        self._fresh = False
        self._listen()

    @property
    def error(self) -> type[Exception]:
        """What the driver raises."""
        assert self._connection is not None
        return driver_error(self._connection)

    def written(self) -> Written:
        """Return what the authorizer was told since the last time."""
        found = None if self.thorough or self._written_beside() else self._accesses
        self._listen()
        tables = None
        if self._reader is not None and self._fresh and found and changes_tables(found):
            tables = self._reader.tables
        return Written(accesses=found, tables=tables)

    def _data_version(self) -> int:
        """Return a number that is another once another connection has committed."""
        return int(self.query("PRAGMA data_version")[0][0])

    def _written_beside(self) -> bool:
        known, self._version = self._version, self._data_version()
        return known != self._version

    def _listen(self) -> None:
        accesses: set[tuple[int, str]] = set()
        # Set anew for each step: that expires the statements in the driver's cache, which would
        # else run again without being authorized (sqlite3_set_authorizer).
        heard = self._authorize(lambda *told: note(accesses, *told))
        self._accesses = accesses if heard else None

    def _authorize(self, callback: Any) -> bool:
        assert self._connection is not None
        pooled: Any = self._connection.connection
        driver = pooled.driver_connection
        try:
            if hasattr(pooled.dbapi_connection, "run_async"):
                # aiosqlite: its connection may only be used in its own thread.
                pooled.dbapi_connection.run_async(
                    lambda outer: outer._execute(outer._conn.set_authorizer, callback)
                )
            else:
                driver.set_authorizer(callback)
        except (AttributeError, TypeError):
            return False
        return True

    def settle(self) -> None:
        """Nothing to take in: the schema table says what changed."""

    def read_all(self) -> Snapshot:
        """Read everything."""
        assert self._reader is not None
        self._fresh = True
        return self._reader.read_all()

    def refresh(self) -> Snapshot:
        """Read the tables whose rows in the schema table have changed."""
        assert self._reader is not None
        self._fresh = True
        if self.thorough or self._accesses is None or self._version != self._data_version():
            return self._reader.update()
        return self._reader.update(changed_schema(self._accesses))

    def recreated(self) -> list[str]:
        """Return the tables that begin on another page than before the step."""
        assert self._reader is not None
        return recreated(self._pages, self._reader.root_pages)

    def remember(self, read: Any) -> None:
        """Take what was read of each table's texts."""
        for texts, group in read or ():
            known = {Key(*key): properties for key, properties in group}
            self._read_before[frozenset(map(tuple, texts))] = known

    def remembered(self) -> Any:
        """Return what was read of each table's texts."""
        assert self._reader is not None
        return [(list(texts), list(group.items())) for texts, group in self._reader.read_texts()]

    def violations(self, statements: Sequence[str]) -> list[str]:
        """Check references and the file, of the tables that the step changed."""
        assert self._reader is not None
        changed = self._reader.changed & self._reader.root_pages.keys()
        found = self._broken_references(self._foreign_keys_to_check(changed, statements))
        suffixes = map(_argument, sorted(changed))
        for suffix in suffixes:
            for (words,) in self.query(f"PRAGMA integrity_check{suffix}"):
                if words != "ok":
                    found.append(f"integrity check: {words}")
        new = [line for line in found if line not in self._reported]
        self._reported.update(new)
        return new[:20]

    def _broken_references(self, suffixes: Iterable[str]) -> list[str]:
        found: dict[tuple[str, str], list[str]] = {}
        errors: list[str] = []
        for suffix in suffixes:
            try:
                rows = self.query(f"PRAGMA foreign_key_check{suffix}")
            except self.error as error:
                # What is referred to is no key: nothing more can be said of the table.
                errors.append(f"foreign key check: {error}")
                continue
            for table, rowid, parent, _ in rows:
                found.setdefault((table, parent), []).append(str(rowid))
        return errors + [
            f"foreign key check: {len(rows)} row{'s' if len(rows) > 1 else ''} of {table} "
            f"without a match in {parent} (rowid {', '.join(rows[:3])}{', …' if rows[3:] else ''})"
            for (table, parent), rows in sorted(found.items())
        ]

    def _foreign_keys_to_check(self, changed: set[str], statements: Sequence[str]) -> Iterable[str]:
        """Return arguments of the pragma: for each table, or "" for all."""
        assert self._reader is not None
        if not any(_WRITES.match(statement) for statement in statements):
            return map(_argument, sorted(changed))
        if self._accesses is None or self.thorough:
            return [""]
        # A table may have lost the rows that others refer to.
        written = written_tables(self._accesses) | self._reader.changed
        suspects = (written | self._reader.referring_to(written)) & self._reader.root_pages.keys()
        return map(_argument, sorted(suspects))

    def query(self, sql: str) -> Sequence[Sequence[Any]]:
        """Run a statement of ours past SQLAlchemy, which would begin a transaction."""
        assert self._connection is not None
        try:
            return self._rows(sql)
        except self.error as error:
            if "decode to UTF-8" not in str(error):
                raise
        # A revision has stored bytes as text: they are read as they are, and it goes on.
        driver: Any = self._connection.connection.driver_connection
        usual, driver.text_factory = driver.text_factory, _text_of_bytes
        try:
            return self._rows(sql)
        finally:
            driver.text_factory = usual

    def _rows(self, sql: str) -> Sequence[Sequence[Any]]:
        assert self._connection is not None
        cursor = self._connection.connection.cursor()
        try:
            cursor.execute(sql)
            return cursor.fetchall()
        finally:
            cursor.close()

    def write(self, sql: str) -> None:
        """Run a statement that the authorizer is told of as well."""
        self.query(sql)


def _argument(table: str) -> str:
    return "('{}')".format(table.replace("'", "''"))


def _text_of_bytes(stored: bytes) -> str:
    return stored.decode("utf-8", "surrogateescape")
