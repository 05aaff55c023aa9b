"""Is the schema still what its revisions made? Found by making it once more, and comparing.

The schema to compare with is built by the same revisions on the same server, in a scratch schema
inside a transaction that is rolled back (SQLite: in memory). So it fits every version of the
server, and no file of expectations can be out of date.
"""

from __future__ import annotations

import re
import secrets
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import DBAPIError

from calista.db import catalog, migrations
from calista.db.engine import SCHEMA
from calista.errors import CalistaError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Connection

    from calista.db.catalog import Catalog
    from calista.db.database import Database

#: What hangs on a table, and is the business of whose the table is.
_OF_TABLES = {
    "column",
    "constraint",
    "heir",
    "index",
    "policy",
    "privilege",
    "rule",
    "trigger",
}
_INSUFFICIENT_PRIVILEGE = "42501"


def problems(connection: Connection) -> Iterator[str]:
    """Yield what differs from what head makes; the database must be at head."""
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        yield from _damage(connection)
    found = catalog.read(connection)
    wanted = expected(connection)
    connection.rollback()
    yield from differences(found, wanted, shared=sqlite)


def differences(found: Catalog, wanted: Catalog, *, shared: bool) -> Iterator[str]:
    """Yield what a schema has otherwise, lacks, or has beyond what it should.

    What hangs on one of our tables is told: a trigger, a constraint, an index, which may be unique
    and slows every event down. So is all else in our schema, unless it is ``shared``: on SQLite the
    tables and views of other programs are in it, too.
    """
    for (kind, name), words in catalog.differences(found, wanted):
        extra = (kind, name) not in wanted
        let_be = shared
        if kind in _OF_TABLES:
            let_be = ("table", name.rpartition(" on ")[2].partition(".")[0]) not in wanted
        if not extra or not let_be:
            yield f"{kind} {name} {words}"


def expected(connection: Connection, revision: str | None = "head") -> Catalog:
    """Return what a revision makes of nothing; of None only Alembic's own table.

    Args:
        connection: On PostgreSQL the schema is made there, beside ours, and rolled back.
        revision: One that this version knows.
    """
    if connection.dialect.name == "sqlite":
        return _expected_on_sqlite(revision)
    return _expected_on_postgresql(connection, revision)


def expected_for(database: Database, revision: str | None) -> Catalog:
    """Return what a revision makes, for a database that may not be there yet."""
    if database.is_sqlite:
        return _expected_on_sqlite(revision)
    with database.connect() as connection:
        return _expected_on_postgresql(connection, revision)


def _damage(connection: Connection) -> Iterator[str]:
    for row in connection.exec_driver_sql("PRAGMA integrity_check(10)"):
        if row[0] != "ok":
            yield f"file is damaged: {row[0]}"
    for row in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"table {row[0]} refers to rows that are missing from {row[2]}"


def _expected_on_sqlite(revision: str | None) -> Catalog:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        _upgrade(connection, SCHEMA, revision)
        return catalog.read(connection)


def _expected_on_postgresql(connection: Connection, revision: str | None) -> Catalog:
    """Build the schema beside ours, read it, and roll everything back."""
    scratch = f"{SCHEMA}_verify_{secrets.token_hex(4)}"
    connection.rollback()
    try:
        with connection.begin() as transaction:
            connection.execute(text(f"CREATE SCHEMA {scratch}"))
            connection.execute(text(f"SET LOCAL search_path = {scratch}, public"))
            event.listen(connection, "before_cursor_execute", _not_concurrently, retval=True)
            _upgrade(connection, scratch, revision)
            expected = catalog.read(connection, scratch)
            transaction.rollback()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _INSUFFICIENT_PRIVILEGE:
            raise
        raise CalistaError(
            "the schema to compare with could not be built: this role may not create schemas",
            "run it as the role that upgrades, or GRANT CREATE ON DATABASE to this one",
        ) from error
    finally:
        if event.contains(connection, "before_cursor_execute", _not_concurrently):
            event.remove(connection, "before_cursor_execute", _not_concurrently)
    return expected


def _not_concurrently(
    _connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object
) -> tuple[str, Any]:
    """Take out what PostgreSQL refuses in a transaction; the index becomes the same."""
    return re.sub(r"\bINDEX\s+CONCURRENTLY\b", "INDEX", statement, flags=re.IGNORECASE), parameters


def _upgrade(connection: Connection, schema: str, revision: str | None) -> None:
    def in_one_transaction(_step: object, context: MigrationContext) -> None:
        # There is nobody to keep from waiting here, and everything is to be rolled back.
        context.autocommit_block = nullcontext  # type: ignore[assignment, method-assign]

    with migrations.towards_head(in_one_transaction, target=revision) as context:
        migrations.migrate(context, connection, schema=schema)
