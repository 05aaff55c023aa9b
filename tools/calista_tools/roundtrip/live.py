"""What does a database look like right now? Asked after every step, on the run's own connection."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from calista_tools.roundtrip.authorizer import changed_schema, changes_tables, note, written_tables
from calista_tools.roundtrip.recreation import recreated
from calista_tools.roundtrip.rows import Access, Written, harmless
from calista_tools.roundtrip.snapshot.postgresql import PostgresReader
from calista_tools.roundtrip.snapshot.postgresql_queries import LOCKS
from calista_tools.roundtrip.snapshot.sqlite import SqliteReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import URL, Connection

    from calista_tools.roundtrip.snapshot import Snapshot

#: Changes that take no lock on their relation.
_UNSEEN = re.compile(
    r"\b(GRANT|REVOKE|(UPDATE|INTO|DELETE\s+FROM)\s+(pg_catalog\.)?pg_)", re.IGNORECASE
)
_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|WITH|DROP\s+TABLE)\b", re.IGNORECASE)


class Live(Access, Protocol):
    """One run's view of its database, from its first connection to its last."""

    @property
    def version_table(self) -> str:
        """Alembic's own table, as snapshots spell names."""

    def attach(self, context: MigrationContext) -> None:
        """Begin to watch the run's connection."""

    def detach(self) -> None:
        """Stop watching it."""

    #: Whether everything is read after every step.
    thorough: bool

    def begin_step(self) -> None:
        """Note that a step begins."""

    def settle(self) -> None:
        """Take in what a transaction that is still open has done."""

    def read_all(self) -> Snapshot:
        """Read everything."""

    def refresh(self) -> Snapshot:
        """Read what the step that was just committed can have changed."""

    def recreated(self) -> list[str]:
        """Return the tables that the step made anew without being asked to."""

    def violations(self, statements: Sequence[str]) -> list[str]:
        """Return what the database itself says is wrong with it after the step."""


def _argument(table: str) -> str:
    return "('{}')".format(table.replace("'", "''"))


def version_table(context: MigrationContext) -> str:
    """Return the name of Alembic's own table, as snapshots spell names."""
    schema = context.version_table_schema
    if context.dialect.name == "postgresql" and schema and schema != "public":
        return f"{schema}.{context.version_table}"
    return str(context.version_table)


def commit_outer(context: MigrationContext) -> None:
    """Commit what is open between two steps, which are proven one by one.

    Where ``env.py`` holds one transaction around the whole run, only the driver's is committed;
    SQLAlchemy's own, which wraps a ``with`` block, stays open.
    """
    connection = context.connection
    if connection is None or not connection.in_transaction():
        return
    if not getattr(context, "_in_external_transaction", False):
        connection.commit()
        return
    dbapi: Any = connection.connection.dbapi_connection
    dbapi.commit()
    if context.dialect.name == "sqlite" and getattr(dbapi, "isolation_level", "") is None:
        dbapi.cursor().execute("BEGIN")


class SqliteLive:
    """Reads on the run's own connection: another one would have to parse the schema again."""

    dialect = "sqlite"
    version_table = ""
    thorough = False

    def __init__(self) -> None:
        self._accesses: set[tuple[int, str]] | None = None
        self._reader: SqliteReader | None = None
        self._connection: Connection | None = None
        self._pages: Mapping[str, int] = {}
        #: Said before: what one step broke stays broken, and is not the next one's fault.
        self._told: set[str] = set()
        #: Whether the reader knows what the step has done.
        self._fresh = False

    def attach(self, context: MigrationContext) -> None:
        """Begin to read on this run's connection."""
        self._connection = context.connection
        # Refused inside a transaction, where one is open around the whole run.
        with suppress(Exception):
            self.query("PRAGMA synchronous = OFF")
        self.version_table = version_table(context)
        self._reader = SqliteReader(self.query, [self.version_table])

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
        return _driver_error(self._connection)

    def written(self) -> Written:
        """Return what the authorizer was told since the last time."""
        found = self._accesses
        self._listen()
        tables = None
        if self._reader is not None and self._fresh and found and changes_tables(found):
            tables = self._reader.tables
        return Written(accesses=found, tables=tables)

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
        if self.thorough or self._accesses is None:
            return self._reader.update()
        return self._reader.update(changed_schema(self._accesses))

    def recreated(self) -> list[str]:
        """Return the tables that begin on another page than before the step."""
        assert self._reader is not None
        return recreated(self._pages, self._reader.root_pages)

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
        new = [line for line in found if line not in self._told]
        self._told.update(new)
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
        cursor = self._connection.connection.cursor()
        try:
            cursor.execute(sql)
            return cursor.fetchall()
        finally:
            cursor.close()


class PostgresLive:
    """Reads on a second connection, which no ``search_path`` or open transaction disturbs."""

    dialect = "postgresql"
    version_table = ""
    thorough = False

    def __init__(self, url: URL) -> None:
        self._row_locks: dict[int, set[str]] | None = {}
        self._url = url
        self._observer: Any = None
        self._engine: Any = None
        self._connection: Connection | None = None
        self._reader: PostgresReader | None = None
        self._locks: dict[int, set[str]] | None = {}
        #: Statements that each were a transaction of their own.
        self._alone: list[str] = []

    def attach(self, context: MigrationContext) -> None:
        """Open our own connection and watch the run's."""
        from sqlalchemy import create_engine, event
        from sqlalchemy.pool import NullPool

        assert context.connection is not None
        self._connection = context.connection
        self._engine = create_engine(self._url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._observer = self._engine.connect()
        version = int(self.query("SHOW server_version_num")[0][0])
        self.version_table = version_table(context)
        self._reader = PostgresReader(self.query, [self.version_table], version)
        event.listen(self._connection, "commit", self._on_commit)
        event.listen(self._connection, "before_cursor_execute", self._on_statement)

    def detach(self) -> None:
        """Close our connection and let go of the run's."""
        from sqlalchemy import event

        if self._connection is not None:
            event.remove(self._connection, "commit", self._on_commit)
            event.remove(self._connection, "before_cursor_execute", self._on_statement)
            self._connection = None
        if self._observer is not None:
            self._observer.close()
            self._engine.dispose()
            self._observer = None

    def begin_step(self) -> None:
        """Forget what the step before did."""
        self._locks, self._alone = {}, []
        self._row_locks = {}

    @property
    def error(self) -> type[Exception]:
        """What the driver of our own connection raises."""
        return _driver_error(self._observer)

    def written(self) -> Written:
        """Return the locks of the transactions since the last time."""
        found, self._row_locks = self._row_locks, {}
        return Written(locks=found)

    def settle(self) -> None:
        """Take in the locks of a transaction that ``env.py`` keeps open."""
        if self._connection is not None and self._connection.in_transaction():
            self._on_commit(self._connection)

    def read_all(self) -> Snapshot:
        """Read everything."""
        assert self._reader is not None
        return self._reader.read_all()

    def refresh(self) -> Snapshot:
        """Read what the locks say, or everything where they do not say it all."""
        assert self._reader is not None
        if self.thorough:
            return self._reader.read_all()
        return self._reader.update(self._locks, self._alone)

    def recreated(self) -> list[str]:
        """Return nothing: PostgreSQL alters its tables."""
        return []

    def violations(self, statements: Sequence[str]) -> list[str]:
        """Return nothing: PostgreSQL enforces its constraints."""
        return []

    def query(self, sql: str) -> Sequence[Sequence[Any]]:
        """Run a statement on our own connection."""
        cursor = self._observer.connection.cursor()
        try:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else ()
        finally:
            cursor.close()

    def _on_commit(self, connection: Connection) -> None:
        if self._locks is None and self._row_locks is None:
            return
        cursor = connection.connection.cursor()
        try:
            cursor.execute(LOCKS)
            for oid, mode in cursor.fetchall():
                for locks in (self._locks, self._row_locks):
                    if locks is not None:
                        locks.setdefault(oid, set()).add(mode)
        finally:
            cursor.close()

    def _on_statement(self, connection: Connection, *call: Any) -> None:
        statement = str(call[1])
        autocommit = False
        with suppress(AttributeError):
            autocommit = connection.connection.dbapi_connection.autocommit is True  # type: ignore[union-attr]
        if autocommit and harmless(statement):
            # Such as CREATE INDEX CONCURRENTLY: its locks are gone with it, but it names its table.
            self._alone.append(statement)
            return
        if autocommit or _UNSEEN.search(statement):
            self._locks = None
        if autocommit:
            self._row_locks = None


def snapshot_of(url: URL) -> Snapshot:
    """Read a database that no run is on."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:

        def query(sql: str) -> Sequence[Sequence[Any]]:
            cursor = connection.connection.cursor()
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else ()

        if url.get_backend_name() == "sqlite":
            return SqliteReader(query, []).read_all()
        version = int(query("SHOW server_version_num")[0][0])
        return PostgresReader(query, [], version).read_all()


def _driver_error(connection: Connection) -> type[Exception]:
    dbapi: Any = connection.dialect.loaded_dbapi
    error: type[Exception] = dbapi.Error
    return error
