"""What is read of PostgreSQL's catalogs after a step: the relations that it changed, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import URL

from tests.integration.roundtrip.rows.conftest import Database, open_database

TABLES = ("a", "b", "grant_batch")


@pytest.fixture
def postgresql(postgresql_url: URL) -> Iterator[Database]:
    with open_database(postgresql_url) as database:
        yield database


@pytest.fixture
def asked(postgresql: Database, monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The tables that were read, one set for each time."""
    database = postgresql
    for name in TABLES:
        database.step(
            f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, amount INTEGER, grant_no INTEGER)"
        )
    database.live.read_all()
    found: list[set[str]] = []
    query = database.live.query

    def listening(sql: str) -> object:
        if read := re.match(r"EXECUTE calista_relations\('\{([\d,]+)\}'\)", sql):
            names = query(f"SELECT relname FROM pg_class WHERE oid IN ({read[1]})")
            found.append({name for (name,) in names})
        return query(sql)

    monkeypatch.setattr(database.live._reader, "_query", listening)
    return found


@pytest.mark.parametrize(
    ("statement", "read"),
    [
        ("ALTER TABLE a DROP COLUMN grant_no", {"a"}),
        ("ALTER TABLE grant_batch ADD COLUMN x INTEGER", {"grant_batch"}),
        ("GRANT SELECT ON a, b TO public", {"a", "b"}),
        ("GRANT SELECT ON A TO public", {"a"}),
        ("COMMENT ON CONSTRAINT b_pkey ON b IS 'of b'", {"b"}),
        ('GRANT SELECT ON "a" TO public', {*TABLES}),
        ("GRANT SELECT ON ALL TABLES IN SCHEMA public TO public", {*TABLES}),
        ("DO 'BEGIN REVOKE ALL ON b FROM public; END'", {*TABLES}),
    ],
)
def test_a_step_is_read_by_what_it_changed(
    statement: str, read: set[str], postgresql: Database, asked: list[set[str]]
) -> None:
    postgresql.step(statement)
    postgresql.live.refresh()
    assert asked == [read]


def test_an_index_made_concurrently_is_read_with_its_table(
    postgresql: Database, asked: list[set[str]]
) -> None:
    postgresql.live.begin_step()
    alone = postgresql.connection.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    alone.exec_driver_sql("CREATE INDEX CONCURRENTLY ix_a ON a (amount)")
    alone.close()
    postgresql.live._alone.append("CREATE INDEX CONCURRENTLY ix_a ON a (amount)")  # type: ignore[union-attr]
    postgresql.live.refresh()
    assert asked == [{"a"}]
