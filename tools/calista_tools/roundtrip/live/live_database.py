"""What does a database look like right now? Asked after every step, on the run's own connection."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from calista_tools.backends import synchronous
from calista_tools.roundtrip.rows import Access, Query
from calista_tools.roundtrip.snapshot.read_postgresql import PostgresReader
from calista_tools.roundtrip.snapshot.read_sqlite import SqliteReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import URL, Connection

    from calista_tools.backends import ScratchDatabase
    from calista_tools.roundtrip.snapshot import Snapshot


class LiveDatabase(Access, Protocol):
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

    def remember(self, read: Any) -> None:
        """Take what `remembered` returned in another run, of the same database."""

    def remembered(self) -> Any:
        """Return what reading everything can be spared by the next time, as JSON has it."""

    def violations(self, statements: Sequence[str]) -> list[str]:
        """Return what the database itself says is wrong with it after the step."""


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
    external = getattr(context, "_in_external_transaction", False)
    if not external and hasattr(connection, "commit"):
        connection.commit()
        return
    dbapi: Any = connection.connection.dbapi_connection
    dbapi.commit()
    if context.dialect.name == "sqlite" and getattr(dbapi, "isolation_level", "") is None:
        dbapi.cursor().execute("BEGIN")


def snapshot_of(url: URL, leave_out: Sequence[str] = ()) -> Snapshot:
    """Read a database that no run is on.

    Args:
        url: The database.
        leave_out: Tables that are not read, such as the version table.
    """
    with reading(url) as database:
        return snapshot_in(database, leave_out)


def snapshot_in(database: Query, leave_out: Sequence[str] = ()) -> Snapshot:
    """Read all but these tables of a database that is open."""
    if database.dialect == "sqlite":
        return SqliteReader(database.query, leave_out).read_all()
    version = int(database.query("SHOW server_version_num")[0][0])
    return PostgresReader(database.query, leave_out, version).read_all()


@contextmanager
def reading(url: URL) -> Iterator[Query]:
    """Yield a database that no run is on, to read it."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    engine = create_engine(synchronous(url), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield _Reading(connection)


@contextmanager
def reading_copy(database: ScratchDatabase) -> Iterator[Query]:
    """Yield a copy of a database, to read it though a session of the project's may hold locks."""
    copy = database.copy()
    try:
        with reading(copy.url) as found:
            yield found
    finally:
        copy.drop()


class _Reading:
    """One connection that reads."""

    def __init__(self, connection: Connection) -> None:
        self.dialect = connection.dialect.name
        self._connection = connection

    def query(self, sql: str) -> Sequence[Sequence[Any]]:
        """Run one statement; return its rows."""
        cursor = self._connection.connection.cursor()
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else ()


def driver_error(connection: Connection) -> type[Exception]:
    """Return what the driver raises when the database refuses a statement."""
    dialect: Any = connection.dialect
    dbapi = dialect.loaded_dbapi if hasattr(dialect, "loaded_dbapi") else dialect.dbapi
    error: type[Exception] = dbapi.Error
    return error
