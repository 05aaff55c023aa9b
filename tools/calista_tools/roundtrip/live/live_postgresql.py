"""What has a step done to a PostgreSQL database? Asked beside the run's own connection."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from calista_tools.backends.pooler import assert_own_session, reported_process
from calista_tools.roundtrip.live.live_database import driver_error, version_table
from calista_tools.roundtrip.rows import Written, harmless
from calista_tools.roundtrip.snapshot.postgresql_queries import LOCKS
from calista_tools.roundtrip.snapshot.read_postgresql import PostgresReader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import URL, Connection

    from calista_tools.roundtrip.snapshot import Snapshot

#: Changes that take no lock on their relation.
_UNSEEN = re.compile(
    r"\b(?:(?:GRANT|REVOKE|ALTER\s+STATISTICS"
    r"|COMMENT\s+ON\s+(?:CONSTRAINT|TRIGGER|RULE|POLICY|STATISTICS|TYPE))\b"
    r"|(?:UPDATE|INTO|DELETE\s+FROM)\s+(?:pg_catalog\.)?pg_)",
    re.IGNORECASE,
)
#: Those among them, standing alone, that spell the names of all relations that they change.
_NAMED = re.compile(
    r"\s*(?:GRANT|REVOKE|COMMENT\s+ON)\b(?!.*\bIN\s+SCHEMA\b)[\w\s.,()]*(?:'[^';]*')?\s*;?\s*$",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)
#: Statements that change relations and nothing else, when they stand alone: Alembic's own, mostly.
_RELATIONS_ONLY = re.compile(
    r"\s*(?:(?:CREATE|DROP)\s+(?:UNIQUE\s+)?INDEX|(?:CREATE|ALTER|DROP)\s+TABLE|SAVEPOINT|RELEASE"
    r"|ROLLBACK\s+TO|COMMENT\s+ON\s+(?:TABLE|COLUMN)|SELECT\s+pg_catalog\."
    r"|(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+[\w.\"]*alembic_version\b)"
    r"(?!.*(?:;\s*\S|\bCASCADE\b|\bAS\s+SELECT\b|\bUSING\b.*\())",
    re.IGNORECASE | re.DOTALL,
)


class LivePostgres:
    """Reads on a second connection, which no ``search_path`` or open transaction disturbs."""

    dialect = "postgresql"
    version_table = ""
    thorough = False

    def __init__(self, url: URL) -> None:
        self._row_locks: dict[int, set[str]] | None = {}
        self._url = url
        self._observer: Any = None
        self._cursor: Any = None
        self._engine: Any = None
        #: The run's session, as its driver knows it; None where that is not the server's own word.
        self._pid: int | None = None
        self._own_pid = 0
        self._connection: Connection | None = None
        self._reader: PostgresReader | None = None
        self._locks: dict[int, set[str]] | None = {}
        #: Statements whose locks are gone, or never were: they name what they change.
        self._alone: list[str] = []
        #: Whether a statement may have changed what is no relation.
        self._others = True

    def attach(self, context: MigrationContext) -> None:
        """Open our own connection and watch the run's."""
        from sqlalchemy import create_engine, event
        from sqlalchemy.pool import NullPool

        assert context.connection is not None
        self._connection = context.connection
        self._engine = create_engine(self._url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._observer = self._engine.connect()
        # One database of a pooler may be in another mode than the next.
        assert_own_session(self._observer, self._url, self._engine.connect)
        driver = self._observer.connection.dbapi_connection
        if hasattr(driver, "prepare_threshold"):
            # psycopg prepares what is repeated, and later deallocates that and what is ours.
            driver.prepare_threshold = None
        self._cursor = driver.cursor()
        said = "SELECT current_setting('server_version_num')::int, pg_backend_pid()"
        [(version, self._own_pid)] = self.query(said)
        self.query(f"PREPARE calista_locks(int) AS {LOCKS.format(pid='$1')}")
        self._pid = self._confirmed(reported_process(self._connection))
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
            self._cursor.close()
            self._observer.close()
            self._engine.dispose()
            self._observer = None

    def begin_step(self) -> None:
        """Forget what the step before did."""
        self._locks, self._alone, self._others = {}, [], False
        self._row_locks = {}

    @property
    def error(self) -> type[Exception]:
        """What the driver of our own connection raises."""
        return driver_error(self._observer)

    def written(self) -> Written:
        """Return the locks of the transactions since the last time."""
        found, self._row_locks = self._row_locks, {}
        whereabouts: Mapping[int, Sequence[Any] | None] = {}
        if self._reader is not None:
            # True of the moment after the step; by the next time something may be written.
            whereabouts, self._reader.whereabouts = self._reader.whereabouts, {}
        return Written(locks=None if self.thorough else found, whereabouts=whereabouts)

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
        return self._reader.update(self._locks, self._alone, others=self._others)

    def recreated(self) -> list[str]:
        """Return nothing: PostgreSQL alters its tables."""
        return []

    def remember(self, read: Any) -> None:
        """Take nothing: what is read is known by numbers that a copy has anew."""

    def remembered(self) -> None:
        """Return nothing."""

    def violations(self, statements: Sequence[str]) -> list[str]:
        """Return nothing: PostgreSQL enforces its constraints."""
        return []

    def query(self, sql: str) -> Sequence[Sequence[Any]]:
        """Run a statement on our own connection."""
        self._cursor.execute(sql)
        found: Sequence[Sequence[Any]] = self._cursor.fetchall() if self._cursor.description else ()
        return found

    def write(self, sql: str) -> None:
        """Run a statement on our own connection and take in its locks, which triggers add to."""
        # Sent together they are one transaction, whose locks are still held.
        self._cursor.execute(f"{sql};EXECUTE calista_locks({self._own_pid})")
        with suppress(self.error):  # psycopg2 gives the last result at once.
            while self._cursor.nextset():
                pass
        if self._row_locks is not None:
            for oid, mode in self._cursor.fetchall():
                self._row_locks.setdefault(oid, set()).add(mode)

    def _on_commit(self, connection: Connection) -> None:
        if self._locks is None and self._row_locks is None:
            return
        for oid, mode in self._held(connection):
            for locks in (self._locks, self._row_locks):
                if locks is not None:
                    locks.setdefault(oid, set()).add(mode)

    def _held(self, connection: Connection) -> Sequence[Sequence[Any]]:
        """Return the locks of the run's transaction, which is still open."""
        if self._pid is not None and self._pid == reported_process(connection):
            # Prepared on our own connection: planning it takes longer than running it.
            return self.query(f"EXECUTE calista_locks({self._pid})")
        cursor = connection.connection.cursor()
        try:
            cursor.execute(LOCKS.format(pid="pg_backend_pid()"))
            return cursor.fetchall()
        finally:
            cursor.close()

    def _confirmed(self, pid: int | None) -> int | None:
        """Return a session's id if the server knows it: a pooler in between makes some up."""
        asked = f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid} AND datname = current_database()"
        return pid if pid is not None and self.query(asked) else None

    def _on_statement(self, connection: Connection, *call: Any) -> None:
        statement = str(call[1])
        if not self._others:
            self._others = not _RELATIONS_ONLY.match(statement)
        autocommit = False
        with suppress(AttributeError):
            autocommit = connection.connection.dbapi_connection.autocommit is True  # type: ignore[union-attr]
        if autocommit and harmless(statement):
            # Such as CREATE INDEX CONCURRENTLY: its locks are gone with it, but it names its table.
            self._alone.append(statement)
            return
        if autocommit:
            self._locks = self._row_locks = None
        elif _UNSEEN.search(statement):
            if _NAMED.match(statement):
                self._alone.append(statement)
            else:
                self._locks = None
