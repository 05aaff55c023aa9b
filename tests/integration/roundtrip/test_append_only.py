"""What a table really lets pass is found by trying, whatever its triggers look like."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from calista_tools.backends import PostgresServer, SqliteFolder
from calista_tools.roundtrip.proof.append_only_proof import try_tables

SQLITE = """
CREATE TABLE log (id INTEGER PRIMARY KEY, said TEXT);
CREATE TABLE seen (id INTEGER PRIMARY KEY, log_id INTEGER REFERENCES log (id));
CREATE TRIGGER a BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'no'); END;
CREATE TRIGGER b BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'no'); END
"""
POSTGRESQL = """
CREATE SCHEMA kept;
CREATE TABLE kept.log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, said text);
CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE TRIGGER a BEFORE UPDATE OR DELETE ON kept.log FOR EACH ROW EXECUTE FUNCTION no();
CREATE TABLE "sa'id" (id int PRIMARY KEY, said text);
CREATE RULE a AS ON UPDATE TO "sa'id" DO INSTEAD NOTHING;
CREATE TABLE seen (id int PRIMARY KEY REFERENCES "sa'id" (id))
"""


def test_sqlite_deletes_by_replacing() -> None:
    with SqliteFolder() as folder:
        database = folder.create()
        _execute(database, SQLITE)
        [log, other] = try_tables(database, ["log", "lag"], skip="alembic_version")
    assert log == {
        "table": "log",
        "refused": ["UPDATE", "DELETE"],
        "open": ["log: REPLACE went through"],
    }
    assert other["open"] == ["there is no table lag at head"]


def test_postgresql_truncates_past_row_triggers(postgres_scratch: PostgresServer) -> None:
    database = postgres_scratch.create()
    try:
        _execute(database, POSTGRESQL)
        [log, said] = try_tables(database, ["log", "sa'id"], skip="alembic_version")
    finally:
        database.drop()
    assert log["refused"] == ["UPDATE", "DELETE"]
    assert log["open"] == ["log: TRUNCATE went through"]
    # A rule makes nothing of it; a reference from elsewhere is no promise.
    assert said["refused"] == ["UPDATE"]
    assert said["open"][0].startswith("sa'id: DELETE was not tried: ")
    assert said["open"][1:] == ["sa'id: TRUNCATE went through"]


@pytest.mark.parametrize("tables", [[], ["log"]])
def test_the_database_is_left_as_it_was(tables: list[str]) -> None:
    with SqliteFolder() as folder:
        database = folder.create()
        _execute(database, SQLITE)
        try_tables(database, tables, skip="alembic_version")
        engine = create_engine(database.url, poolclass=NullPool)
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM log").scalar() == 0


def _execute(database: Any, script: str) -> None:
    engine = create_engine(database.url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in script.replace("; END;", "; END|").replace(";\nC", "|C").split("|"):
            connection.exec_driver_sql(statement.strip())
