"""A database of each dialect, looked at as the engine looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.pool import NullPool

from calista_tools.roundtrip.live.live_postgresql import LivePostgres
from calista_tools.roundtrip.live.live_sqlite import LiveSqlite
from calista_tools.roundtrip.rows import Content, RowState, SampleRows


@dataclass
class Database:
    """Runs statements as a revision would, and follows the rows."""

    connection: Connection
    live: LiveSqlite | LivePostgres
    samples: SampleRows = field(default_factory=SampleRows)

    @property
    def dialect(self) -> str:
        return self.connection.dialect.name

    def step(self, *statements: str) -> RowState:
        """Run statements in one transaction and return the rows after them."""
        self.live.begin_step()
        with self.connection.begin():
            for statement in statements:
                self.connection.exec_driver_sql(
                    statement, execution_options={"no_parameters": True}
                )
        return self.samples.state()

    def fill(self, *statements: str) -> RowState:
        """Run statements, then see to it that every table holds rows."""
        self.step(*statements)
        return self.samples.fill()

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.content(table).rows]

    def content(self, table: str) -> Content:
        found = {str(name): content for name, content in self.samples.state().contents.items()}
        return found[table]


@contextmanager
def open_database(url: URL) -> Iterator[Database]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        live = LiveSqlite() if connection.dialect.name == "sqlite" else LivePostgres(url)
        live.attach(MigrationContext.configure(connection))
        database = Database(connection, live)
        database.samples.attach(live)
        try:
            yield database
        finally:
            live.detach()


@pytest.fixture
def database(database_url: URL) -> Iterator[Database]:
    with open_database(database_url) as database:
        yield database


@pytest.fixture
def postgresql(postgresql_url: URL) -> Iterator[Database]:
    with open_database(postgresql_url) as database:
        yield database


@pytest.fixture
def sqlite(sqlite_url: URL) -> Iterator[Database]:
    with open_database(sqlite_url) as database:
        yield database
