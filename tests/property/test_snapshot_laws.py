"""A law of snapshots: what is read again after a step is all that changed, whatever the step did."""

from __future__ import annotations

import contextlib

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from calista_tools.roundtrip.live.live_database import snapshot_of
from calista_tools.roundtrip.rows import SampleRows
from tests.integration.roundtrip.rows.conftest import Database, open_database

TABLES = st.sampled_from(["a", "a_b", 'odd "name"', "B"])
COMMON = [
    "CREATE TABLE {t} (id INTEGER PRIMARY KEY, x TEXT DEFAULT 'x')",
    "CREATE TABLE {t} (id INTEGER PRIMARY KEY, o INTEGER CHECK (o > 0) REFERENCES {o} (id))",
    "CREATE TABLE {t} AS SELECT * FROM {o}",
    "DROP TABLE {t}",
    "ALTER TABLE {t} RENAME TO {o}",
    "ALTER TABLE {t} RENAME COLUMN x TO y",
    "ALTER TABLE {t} RENAME COLUMN id TO number",
    "ALTER TABLE {t} ADD COLUMN y INTEGER",
    "ALTER TABLE {t} DROP COLUMN x",
    "CREATE INDEX {i} ON {t} (id)",
    "DROP INDEX {i}",
    "CREATE VIEW v AS SELECT id FROM {t}",
    "DROP VIEW v",
    "INSERT INTO {t} (id) SELECT 7 WHERE NOT EXISTS (SELECT 1 FROM {t} WHERE id = 7)",
    "DELETE FROM {t}",
]
FUNCTION = """CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql
AS 'BEGIN DELETE FROM {o}; RETURN NULL; END'"""
SQLITE = [
    *COMMON,
    "CREATE TRIGGER tr AFTER INSERT ON {t} BEGIN DELETE FROM {o}; END",
    "DROP TRIGGER tr",
    "CREATE VIRTUAL TABLE {t} USING fts4(body)",
    "ANALYZE",
]
POSTGRESQL = [
    *COMMON,
    "DROP TABLE {t} CASCADE",
    "ALTER INDEX {i} RENAME TO {i}_2",
    "ALTER TABLE {t} ALTER COLUMN id TYPE BIGINT",
    "ALTER TABLE {t} SET SCHEMA other",
    "ALTER TABLE other.{t} SET SCHEMA public",
    "COMMENT ON COLUMN {t}.id IS 'of {t}'",
    "COMMENT ON FUNCTION f() IS 'of {t}'",
    "GRANT SELECT ON {t} TO public",
    "GRANT INSERT, UPDATE (id) ON a, a_b TO public",
    "REVOKE ALL ON a FROM public",
    "COMMENT ON CONSTRAINT a_pkey ON a IS 'of a'",
    "CREATE TYPE e AS ENUM ('one')",
    "ALTER TYPE e ADD VALUE 'two'",
    "ALTER TYPE e RENAME TO f",
    "ALTER TABLE {t} ADD COLUMN kind e",
    "DROP TYPE e CASCADE",
    "CREATE DOMAIN d AS INTEGER CHECK (VALUE > 0)",
    "ALTER DOMAIN d DROP CONSTRAINT d_check",
    FUNCTION,
    "CREATE TRIGGER tr AFTER INSERT ON {t} EXECUTE FUNCTION f()",
    "ALTER FUNCTION f() RENAME TO g",
    "DROP FUNCTION f() CASCADE",
    "DO 'BEGIN CREATE SEQUENCE s; CREATE FUNCTION h() RETURNS int LANGUAGE sql AS ''SELECT 1''; END'",
    "ALTER SEQUENCE s OWNED BY {t}.id",
    "DROP SEQUENCE s",
    "DROP FUNCTION h()",
    "CREATE TABLE {t} (id INTEGER NOT NULL, x TEXT) PARTITION BY RANGE (id)",
    "CREATE TABLE part PARTITION OF {t} FOR VALUES FROM (0) TO (100)",
    "DROP TABLE part",
]


def steps(statements: list[str]) -> st.SearchStrategy[list[list[str]]]:
    """Transactions of one statement or a few."""

    def fill(template: str, table: str, other: str, index: str) -> str:
        quoted = (name.replace('"', '""') for name in (table, other))
        [t, o] = (f'"{name}"' for name in quoted)
        return template.format(t=t, o=o, i=index)

    one = st.builds(
        fill, st.sampled_from(statements), TABLES, TABLES, st.sampled_from(["ix", "ix_a"])
    )
    return st.lists(st.lists(one, min_size=1, max_size=3), min_size=1, max_size=12)


def run(database: Database, statements: list[str]) -> None:
    """Run one step, and what of it the database takes."""
    for statement in statements:
        with contextlib.suppress(DBAPIError), database.connection.begin_nested():
            database.connection.exec_driver_sql(
                statement, execution_options={"no_parameters": True}
            )


def nothing_is_overlooked(url: URL, transactions: list[list[str]], reset: list[str]) -> None:
    with open_database(url) as database:
        with database.connection.begin():
            run(database, reset)
        database.live.read_all()
        database.samples.attach(database.live)
        for statements in transactions:
            database.live.begin_step()
            with database.connection.begin():
                run(database, statements)
            found = database.live.refresh()
            rows = database.samples.state()
            assert found == snapshot_of(url), statements
            # Another one, which begins by reading everything, tells what there is.
            assert rows.contents == SampleRows().attach(database.live).contents, statements
            database.samples.fill()


#: Without shrinking: each try is a dozen transactions.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
FEW = settings(
    max_examples=15,
    deadline=None,
    phases=PHASES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@FEW
@given(transactions=steps(SQLITE))
def test_nothing_is_overlooked_on_sqlite(transactions: list[list[str]], sqlite_url: URL) -> None:
    tables = ['"a"', '"a_b"', '"odd ""name"""', '"B"']
    reset = ["DROP VIEW IF EXISTS v", *(f"DROP TABLE IF EXISTS {name}" for name in tables)]
    nothing_is_overlooked(sqlite_url, transactions, reset)


@FEW
@given(transactions=steps(POSTGRESQL))
def test_nothing_is_overlooked_on_postgresql(
    transactions: list[list[str]], postgresql_url: URL
) -> None:
    reset = ["DROP SCHEMA public, other CASCADE", "CREATE SCHEMA public", "CREATE SCHEMA other"]
    nothing_is_overlooked(postgresql_url, transactions, ["CREATE SCHEMA other", *reset])
