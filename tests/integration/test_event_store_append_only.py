"""Does the event store refuse, on both dialects, everything that would change or remove a row?

What no trigger can refuse (DROP TRIGGER, DISABLE TRIGGER, ALTER COLUMN ... USING by the table's
owner) is found afterwards by `calista db verify`; see `test_verify.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from calista.db.engine import make_engine, parse_url
from calista.db.tables import event_store
from calista_tools.backends import PostgresServer
from tests.servers import need_major

ROOT = Path(__file__).parents[2]
FIRST = "01ARZ3NDEKTSV4RRFFQ69G5FA1"
SECOND = "01ARZ3NDEKTSV4RRFFQ69G5FA2"
NEW = "01ARZ3NDEKTSV4RRFFQ69G5FA9"
COLUMNS = "stream_id, stream_type, version, event_id, event_type, payload"
#: An event that would come in the way of the first one by its id, by its place in the stream.
SAME_ID = f"('other', 'observation', 1, '{FIRST}', 'hacked', '{{}}')"
SAME_PLACE = f"('night-1', 'observation', 1, '{NEW}', 'hacked', '{{}}')"

BOTH = {
    "update": "UPDATE event_store SET event_type = 'hacked'",
    "update one": f"UPDATE event_store SET payload = '{{}}' WHERE event_id = '{FIRST}'",
    "update key": "UPDATE event_store SET version = version + 10",
    "update to itself": "UPDATE event_store SET event_type = event_type",
    "delete": "DELETE FROM event_store",
    "delete one": f"DELETE FROM event_store WHERE event_id = '{SECOND}'",
    "upsert by id": f"INSERT INTO event_store ({COLUMNS}) VALUES {SAME_ID}"
    " ON CONFLICT (event_id) DO UPDATE SET event_type = excluded.event_type",
    "upsert by place": f"INSERT INTO event_store ({COLUMNS}) VALUES {SAME_PLACE}"
    " ON CONFLICT (stream_id, version) DO UPDATE SET event_type = excluded.event_type",
}
POSTGRESQL = {
    "truncate": "TRUNCATE event_store",
    "truncate cascade": "TRUNCATE event_store RESTART IDENTITY CASCADE",
    "update in a query": "WITH gone AS (UPDATE event_store SET version = 9 RETURNING 1)"
    " SELECT * FROM gone",
    "upsert by key": f"INSERT INTO event_store (global_seq, {COLUMNS}) OVERRIDING SYSTEM VALUE"
    f" VALUES (1, 's', 't', 1, '{NEW}', 'hacked', '{{}}')"
    " ON CONFLICT (global_seq) DO UPDATE SET event_type = excluded.event_type",
}
#: Since PostgreSQL 15.
MERGE = {
    "merge update": "MERGE INTO event_store USING (VALUES (1)) v(i) ON version = i"
    " WHEN MATCHED THEN UPDATE SET event_type = 'hacked'",
    "merge delete": "MERGE INTO event_store USING (VALUES (1)) v(i) ON version = i"
    " WHEN MATCHED THEN DELETE",
}
SQLITE = {
    "replace by id": f"REPLACE INTO event_store ({COLUMNS}) VALUES {SAME_ID}",
    "replace by place": f"INSERT OR REPLACE INTO event_store ({COLUMNS}) VALUES {SAME_PLACE}",
    "replace by key": f"INSERT OR REPLACE INTO event_store (global_seq, {COLUMNS})"
    f" VALUES (1, 's', 't', 1, '{NEW}', 'hacked', '{{}}')",
    "replace by key as text": f"REPLACE INTO event_store (global_seq, {COLUMNS})"
    f" VALUES ('1', 's', 't', 1, '{NEW}', 'hacked', '{{}}')",
    "replace by rowid": f"REPLACE INTO event_store (rowid, {COLUMNS})"
    f" VALUES (2, 's', 't', 1, '{NEW}', 'hacked', '{{}}')",
    "replace by a query": f"REPLACE INTO event_store ({COLUMNS}) SELECT stream_id, 'hacked',"
    " version, event_id, event_type, payload FROM event_store",
    "replace several": f"REPLACE INTO event_store ({COLUMNS})"
    f" VALUES ('s', 't', 1, '{NEW}', 'fine', '{{}}'), {SAME_ID}",
    "upsert by key": f"INSERT INTO event_store (global_seq, {COLUMNS})"
    f" VALUES (1, 's', 't', 1, '{NEW}', 'hacked', '{{}}')"
    " ON CONFLICT (global_seq) DO UPDATE SET event_type = excluded.event_type",
    "update or replace": f"UPDATE OR REPLACE event_store SET event_id = '{FIRST}'"
    f" WHERE event_id = '{SECOND}'",
    "update or ignore": "UPDATE OR IGNORE event_store SET event_type = 'hacked'",
    "update or fail": "UPDATE OR FAIL event_store SET event_type = 'hacked'",
    "update or rollback": "UPDATE OR ROLLBACK event_store SET event_type = 'hacked'",
}


def upgrade(url: URL) -> None:
    config = Config(attributes={})
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option(
        "sqlalchemy.url", url.render_as_string(hide_password=False).replace("%", "%%")
    )
    command.upgrade(config, "head")


def event(event_id: str, stream: str, version: int) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "stream_id": stream,
        "stream_type": "observation",
        "version": version,
        "event_type": "started",
        "payload": {"exposure": 30},
    }


@pytest.fixture
def store(database_url: URL) -> Iterator[Connection]:
    """A migrated database that holds two events."""
    upgrade(database_url)
    engine = make_engine(parse_url(database_url.render_as_string(hide_password=False)))
    with engine.connect() as connection:
        connection.execute(
            event_store.insert(), [event(FIRST, "night-1", 1), event(SECOND, "night-1", 2)]
        )
        connection.commit()
        yield connection


def rows(connection: Connection) -> list[Any]:
    found = list(connection.execute(sa.select(event_store).order_by(event_store.c.global_seq)))
    connection.rollback()
    return found


def attempt(connection: Connection, statement: str) -> DBAPIError:
    """Run what must be refused, commit whatever it did, and return the refusal."""
    with pytest.raises(DBAPIError) as refused:
        connection.exec_driver_sql(statement)
    if connection.dialect.name == "sqlite":
        connection.commit()
    else:
        connection.rollback()
    return refused.value


def not_refused(connection: Connection, statements: Mapping[str, str]) -> dict[str, str]:
    """Run each statement; return those that went through, left a trace or did not say why."""
    before, found = rows(connection), {}
    assert len(before) == 2
    for name, statement in statements.items():
        try:
            connection.exec_driver_sql(statement)
        except DBAPIError as error:
            if "event_store is append-only" not in str(error.orig):
                found[name] = f"refused for another reason: {error.orig}"
        else:
            found[name] = "went through"
        if connection.dialect.name == "sqlite":
            connection.commit()
        else:
            connection.rollback()
        if rows(connection) != before:
            found[name] = "changed the rows"
    return found


on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_refused_on_both_dialects(store: Connection) -> None:
    assert not_refused(store, BOTH) == {}


def test_refusals_are_integrity_errors_on_both_dialects(store: Connection) -> None:
    for name in ("update", "delete", "upsert by id"):
        assert isinstance(attempt(store, BOTH[name]), IntegrityError)


@on_postgresql
def test_refused_on_postgresql(store: Connection) -> None:
    assert not_refused(store, POSTGRESQL) == {}


@on_postgresql
def test_refused_on_postgresql_as_a_replica(store: Connection) -> None:
    store.exec_driver_sql("SET session_replication_role = replica")
    store.commit()
    assert not_refused(store, BOTH | POSTGRESQL) == {}


@on_postgresql
@pytest.mark.parametrize("role", ["origin", "replica"])
def test_merge_is_refused_on_postgresql(
    store: Connection, role: str, postgres_scratch: PostgresServer
) -> None:
    need_major(postgres_scratch, 15, "MERGE")
    store.exec_driver_sql(f"SET session_replication_role = {role}")
    store.commit()
    assert not_refused(store, MERGE) == {}


@on_sqlite
@pytest.mark.parametrize("recursive_triggers", ["OFF", "ON"])
def test_refused_on_sqlite(store: Connection, recursive_triggers: str) -> None:
    store.exec_driver_sql(f"PRAGMA recursive_triggers = {recursive_triggers}")
    store.commit()
    assert not_refused(store, SQLITE) == {}


def test_the_refusal_says_what_is_not_allowed(store: Connection) -> None:
    assert "UPDATE is not allowed" in str(attempt(store, BOTH["update"]).orig)
    assert "DELETE is not allowed" in str(attempt(store, BOTH["delete"]).orig)


def test_a_statement_after_the_refused_one_still_works(store: Connection) -> None:
    attempt(store, BOTH["delete"])
    store.execute(event_store.insert(), event(NEW, "night-1", 3))
    store.commit()
    assert [row.version for row in rows(store)] == [1, 2, 3]


def test_what_finds_no_row_to_change_is_let_through(store: Connection) -> None:
    store.exec_driver_sql("UPDATE event_store SET version = 9 WHERE event_id = 'nobody'")
    store.exec_driver_sql("DELETE FROM event_store WHERE event_id = 'nobody'")
    store.exec_driver_sql(
        f"INSERT INTO event_store ({COLUMNS}) VALUES ('night-2', 't', 1, '{NEW}', 'x', '{{}}')"
        " ON CONFLICT (event_id) DO UPDATE SET event_type = excluded.event_type"
    )
    store.commit()
    assert [row.stream_id for row in rows(store)] == ["night-1", "night-1", "night-2"]


@on_sqlite
def test_sqlite_tells_which_key_is_taken(store: Connection) -> None:
    taken = {
        "replace by id": "this event_id exists",
        "replace by place": "this version of the stream exists",
        "replace by key": "the database gives global_seq",
    }
    for name, words in taken.items():
        assert words in str(attempt(store, SQLITE[name]).orig)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 0},
        {"event_id": "too-short"},
        {"event_id": NEW + "X"},
        {"payload": sa.null()},
    ],
    ids=["version", "short id", "long id", "no payload"],
)
def test_an_event_that_is_none_is_refused(store: Connection, change: dict[str, Any]) -> None:
    before = rows(store)
    with pytest.raises(DBAPIError):
        store.execute(event_store.insert(), event(NEW, "night-1", 3) | change)
    store.rollback()
    assert rows(store) == before


@on_sqlite
def test_no_key_is_below_one(store: Connection) -> None:
    """A row at -1 would be in the way of every event whose key SQLite chooses."""
    with pytest.raises(IntegrityError, match="positive_global_seq"):
        store.exec_driver_sql(
            f"INSERT INTO event_store (global_seq, {COLUMNS})"
            f" VALUES (-1, 's', 't', 1, '{NEW}', 'x', '{{}}')"
        )


def test_recorded_at_is_filled_in_utc(store: Connection) -> None:
    now = sa.text(
        "SELECT abs(extract(epoch FROM now() - max(recorded_at))) FROM event_store"
        if store.dialect.name == "postgresql"
        else "SELECT abs(unixepoch('now') - unixepoch(max(recorded_at))) FROM event_store"
    )
    assert store.scalar(now) < 600
