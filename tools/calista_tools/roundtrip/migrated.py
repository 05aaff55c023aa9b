"""How is a data migration tested with rows of one's own? A scratch database at any revision.

What the fixture ``migrated_to`` of the plug-in hands out. The project's own ``env.py`` runs, as in
the round trip; what a revision raises comes through to the test.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from calista_tools.backends import SqliteFolder, open_server, synchronous
from calista_tools.roundtrip.project.run_env import never_run, run_env

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alembic.runtime.migration import MigrationContext, RevisionStep
    from sqlalchemy import URL, Connection, Engine

    from calista_tools.backends import PostgresServer, ScratchDatabase
    from calista_tools.roundtrip.project.proven_project import Project


class Backend:
    """Where the databases of a test run are made: a folder, or one server for all of them."""

    def __init__(self, project: Project, name: str) -> None:
        self.project = project
        self.name = name
        self._stack = ExitStack()
        self._place: SqliteFolder | PostgresServer | None = None

    def database(self) -> Migrated:
        """Return an empty database.

        Raises:
            ToolError: There is no server.
        """
        if self._place is None and self.name == "sqlite":
            folder = SqliteFolder(self.project.sqlite_driver)
            self._place = self._stack.enter_context(folder)
        elif self._place is None:
            self._place = self._stack.enter_context(open_server(None))
        return Migrated(self.name, self.project, self._place.create())

    def close(self) -> None:
        """Give the place back."""
        self._stack.close()


class Migrated:
    """A database that a test moves through the history.

    Attributes:
        backend: ``sqlite`` or ``postgresql``.
    """

    def __init__(self, backend: str, project: Project, database: ScratchDatabase) -> None:
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        self.backend = backend
        self._project = project
        self._database = database
        # No connection is kept: an open one would keep a revision waiting for its lock.
        self._engine = create_engine(synchronous(self._database.url), poolclass=NullPool)

    @property
    def url(self) -> URL:
        """Where the database is; gone with the test."""
        return self._database.url

    @property
    def engine(self) -> Engine:
        """An engine for it that keeps no connection open."""
        return self._engine

    def upgrade(self, revision: str = "heads") -> None:
        """Upgrade to a revision, as ``alembic upgrade``."""
        script = self._project.script

        def steps(current: tuple[str, ...], _: MigrationContext) -> Iterator[RevisionStep]:
            return iter(script._upgrade_revs(revision, current))  # type: ignore[arg-type]

        self._run(steps)

    def downgrade(self, revision: str = "base") -> None:
        """Downgrade to a revision, as ``alembic downgrade``."""
        script = self._project.script

        def steps(current: tuple[str, ...], _: MigrationContext) -> Iterator[RevisionStep]:
            return iter(script._downgrade_revs(revision, current))  # type: ignore[arg-type]

        self._run(steps)

    def _run(self, steps: Any) -> None:
        asked = False

        def noting(current: tuple[str, ...], context: MigrationContext) -> Iterator[RevisionStep]:
            nonlocal asked
            asked = True
            found: Iterator[RevisionStep] = steps(current, context)
            return found

        run_env(self._project, self._database.url, noting)
        if not asked:
            raise never_run(self._project)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that is committed at the end."""
        with self._engine.begin() as connection:
            yield connection

    def insert(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Put rows into a table as it is now."""
        from sqlalchemy import MetaData, Table

        with self.connect() as connection:
            schema, _, name = table.rpartition(".")
            found = Table(name, MetaData(), schema=schema or None, autoload_with=connection)
            connection.execute(found.insert(), [dict(row) for row in rows])

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of a table as it is now, in the order of its primary key."""
        from sqlalchemy import MetaData, Table, select

        with self.connect() as connection:
            schema, _, name = table.rpartition(".")
            found = Table(name, MetaData(), schema=schema or None, autoload_with=connection)
            ordered = select(found).order_by(*found.primary_key.columns)
            return [dict(row) for row in connection.execute(ordered).mappings()]

    def close(self) -> None:
        """Drop the database."""
        self._engine.dispose()
        self._database.drop()
