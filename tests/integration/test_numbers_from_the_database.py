"""Do the numbers that order events and upgrades come from the database alone, on both dialects?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from calista.db.engine import make_engine, parse_url
from calista_tools.backends import PostgresServer

ROOT = Path(__file__).parents[2]
BEFORE = "b2f4a9d3c815"
BIGGEST = 2**63 - 1
#: Table, its number, and what else a row needs: names, and values by a number of the test.
TABLES = {
    "event_store": (
        "global_seq",
        "stream_id, stream_type, version, event_id, event_type, payload",
        "'night-1', 'observation', {n}, '01ARZ3NDEKTSV4RRFFQ69G{n:04}', 'started', '{{}}'",
    ),
    "upgrade_log": ("entry", "revision, calista_version, seconds", "'r{n}', '0', 0.5"),
}
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
on_each_table = pytest.mark.parametrize("table", TABLES)


def config_of(url: URL) -> Config:
    config = Config(attributes={})
    config.set_main_option("script_location", str(ROOT / "migrations"))
    shown = url.render_as_string(hide_password=False).replace("%", "%%")
    config.set_main_option("sqlalchemy.url", shown)
    return config


@pytest.fixture
def owner(database_url: URL) -> Iterator[Connection]:
    """A migrated database, as its owner sees it."""
    command.upgrade(config_of(database_url), "head")
    engine = make_engine(parse_url(database_url.render_as_string(hide_password=False)))
    with engine.connect() as connection:
        yield connection


def insert(table: str, *rows: int, number: int | str | None = None, more: str = "") -> str:
    """Return an INSERT of some rows, the last of which has a number of its own choosing."""
    name, columns, values = TABLES[table]
    lines = [values.format(n=n) for n in rows]
    if number is None:
        return f"INSERT INTO {table} ({columns}) VALUES ({'), ('.join(lines)}){more}"
    lines[:-1] = [f"DEFAULT, {line}" for line in lines[:-1]]
    lines[-1] = f"{number}, {lines[-1]}"
    return (
        f"INSERT INTO {table} ({name}, {columns}) OVERRIDING SYSTEM VALUE"
        f" VALUES ({'), ('.join(lines)}){more}"
    )


def run(connection: Connection, statement: str) -> None:
    if connection.dialect.name == "sqlite":
        statement = statement.replace(" OVERRIDING SYSTEM VALUE", "")
    with connection.begin():
        connection.exec_driver_sql(statement)


def copy(connection: Connection, into: str, *lines: str) -> None:
    with connection.begin():
        dbapi: Any = connection.connection.dbapi_connection
        with dbapi.cursor().copy(f"COPY {into} FROM STDIN (FORMAT csv, QUOTE '''')") as rows:
            rows.write("\n".join(lines).replace(", ", ","))


def refused(connection: Connection, statement: str) -> IntegrityError:
    with pytest.raises(IntegrityError, match="is append-only: the database gives") as refusal:
        run(connection, statement)
    return refusal.value


def numbers(connection: Connection, table: str) -> list[int]:
    with connection.begin():
        query = f"SELECT {TABLES[table][0]} FROM {table} ORDER BY 1"
        return list(connection.exec_driver_sql(query).scalars())


@on_each_table
def test_a_number_given_by_hand_is_refused(owner: Connection, table: str) -> None:
    refused(owner, insert(table, 1, number=1))  # of the first row, in a session without any
    run(owner, insert(table, 1, 2, 3))
    found = numbers(owner, table)
    for number in (BIGGEST, found[-1] + 1, f"'{found[-1] + 1}'", 1000):
        refused(owner, insert(table, 4, number=number))
    for number in (*found, 0, -1, -BIGGEST):
        with pytest.raises(IntegrityError):
            run(owner, insert(table, 4, number=number))
    run(owner, insert(table, 5))
    assert numbers(owner, table) == [*found, found[-1] + 1]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@on_each_table
def test_no_way_around_it_on_sqlite(owner: Connection, table: str) -> None:
    run(owner, insert(table, 1))
    name, columns, values = TABLES[table]
    for how in ("INSERT OR REPLACE", "INSERT OR IGNORE", "REPLACE"):
        for key in (name, "rowid", "oid", "_rowid_"):
            row = values.format(n=2)
            refused(owner, f"{how} INTO {table} ({key}, {columns}) VALUES (7, {row})")
    refused(owner, f"INSERT INTO {table} ({name}, {columns}) SELECT 9, {values.format(n=2)}")
    # NULL is no number: SQLite chooses.
    run(owner, insert(table, 2, number="NULL"))
    assert numbers(owner, table) == [1, 2]


@pytest.fixture
def writer(owner: Connection, postgres_scratch: PostgresServer) -> Iterator[Connection]:
    """A role that may INSERT and nothing else, as README asks the application to have."""
    role = f"writer_{owner.engine.url.database}"
    with owner.begin():
        owner.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
        owner.exec_driver_sql(f"GRANT USAGE ON SCHEMA calista TO {role}")
        owner.exec_driver_sql(f"GRANT INSERT ON event_store, upgrade_log TO {role}")
    with owner.engine.connect() as connection:
        with connection.begin():
            connection.exec_driver_sql(f"SET SESSION AUTHORIZATION {role}")
        yield connection
        with connection.begin():
            connection.exec_driver_sql("RESET SESSION AUTHORIZATION")
    with owner.begin():
        owner.exec_driver_sql(f"DROP OWNED BY {role}")
        owner.exec_driver_sql(f"DROP ROLE {role}")


@on_postgresql
@on_each_table
def test_a_role_that_may_only_insert_inserts_in_every_way(
    owner: Connection, writer: Connection, table: str
) -> None:
    _, columns, values = TABLES[table]
    run(writer, insert(table, 1))
    run(writer, insert(table, 2, 3))
    run(writer, insert(table, 4, 5, more=" ON CONFLICT DO NOTHING"))
    run(writer, f"INSERT INTO {table} ({columns}) SELECT {values.format(n=6)} ORDER BY 1")
    run(writer, insert(table, 7, number=99).replace("SYSTEM", "USER"))  # which says: ignore it
    run(writer, f"PREPARE appending AS {insert(table, 8)}")
    run(writer, "EXECUTE appending")
    copy(writer, f"{table} ({columns})", *(values.format(n=n) for n in range(9, 12)))
    assert numbers(owner, table) == list(range(1, 12))


@on_postgresql
@on_each_table
def test_a_role_that_may_only_insert_gives_no_number(
    owner: Connection, writer: Connection, table: str
) -> None:
    run(owner, insert(table, 1))
    refused(writer, insert(table, 2, number=2))  # its session has had no number yet
    run(writer, insert(table, 3))
    for number in (BIGGEST, 50):
        for rows in ([4], [4, 5], [4, 5, 6]):
            refused(writer, insert(table, *rows, number=number))
    name, columns, values = TABLES[table]
    with pytest.raises(psycopg.IntegrityError, match="append-only: the database gives"):
        copy(writer, f"{table} ({name}, {columns})", f"50,{values.format(n=9)}")
    run(owner, insert(table, 7))
    found = numbers(owner, table)
    assert len(found) == 3
    assert found[-1] < 50


@on_postgresql
@on_each_table
def test_a_sequence_of_ones_own_does_not_help(
    owner: Connection, writer: Connection, table: str
) -> None:
    """The one that is asked is the table's, whatever lies in front of it in a search path."""
    name = f"{table}_{TABLES[table][0]}_seq"
    run(writer, f"CREATE TEMPORARY SEQUENCE {name} START 50")
    run(writer, f"SELECT nextval('pg_temp.{name}')")
    run(writer, "SET search_path = pg_temp, calista")
    refused(writer, insert(table, 1, number=50))
    with pytest.raises(DBAPIError, match="permission denied"):
        run(writer, f"SELECT nextval('calista.{name}')")


@on_postgresql
def test_writers_at_once_have_a_number_each(owner: Connection) -> None:
    with owner.engine.connect() as first, owner.engine.connect() as second:
        with first.begin():
            first.exec_driver_sql(insert("event_store", 1))
            with second.begin():
                second.exec_driver_sql(insert("event_store", 2))
                first.exec_driver_sql(insert("event_store", 3, 4))
                second.exec_driver_sql(insert("event_store", 5))
            first.exec_driver_sql(insert("event_store", 6))
        refused(first, insert("event_store", 7, number=5))  # the other session's
    assert numbers(owner, "event_store") == [1, 2, 3, 4, 5, 6]


@on_postgresql
def test_replication_takes_over_numbers_as_they_are(owner: Connection) -> None:
    """Else no replica could be made; only a superuser can pretend to be one."""
    with owner.begin():
        owner.exec_driver_sql("SET LOCAL session_replication_role = replica")
        owner.exec_driver_sql(insert("event_store", 1, number=7))
    assert numbers(owner, "event_store") == [7]


@on_each_table
def test_a_database_with_rows_is_upgraded_with_its_rows(database_url: URL, table: str) -> None:
    """Also with a number that somebody gave while that was possible."""
    command.upgrade(config_of(database_url), BEFORE)
    engine = make_engine(parse_url(database_url.render_as_string(hide_password=False)))
    with engine.connect() as connection:
        run(connection, insert(table, 1, 2))
        run(connection, insert(table, 3, number=70))
    command.upgrade(config_of(database_url), "head")
    with engine.connect() as connection:
        assert numbers(connection, table) == [1, 2, 70]
        refused(connection, insert(table, 4, number=71))
        run(connection, insert(table, 4))
        assert len(numbers(connection, table)) == 4
