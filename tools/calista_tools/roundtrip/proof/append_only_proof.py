"""Do append-only tables refuse what would change their rows? Tried at head, on a copy of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from calista_tools.backends import synchronous
from calista_tools.roundtrip.live.live_database import driver_error
from calista_tools.roundtrip.live.sent_statements import words
from calista_tools.roundtrip.rows import SampleRows, Written
from calista_tools.roundtrip.rows.access import literal, quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from calista_tools.backends import ScratchDatabase

#: What PostgreSQL refuses for a reason of its own, whatever the table promises: a reference that
#: would lead nowhere, a key that is there already, a value for an identity column, no such thing.
_OTHER_REASONS = ("23503", "23505", "428C9", "42")
_COLUMNS_SQLITE = "SELECT name FROM pragma_table_xinfo({table}) WHERE hidden = 0 ORDER BY cid"
_COLUMNS_POSTGRESQL = (
    "SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0"
    " AND NOT attisdropped AND attgenerated = '' AND attidentity <> 'a' ORDER BY attnum"
)


def try_tables(
    database: ScratchDatabase, tables: Sequence[str], *, skip: str
) -> list[dict[str, Any]]:
    """Return of each table what was tried and what was not refused, a line each.

    Args:
        database: At head; nobody is connected to it.
        tables: Names, with or without their schema.
        skip: Alembic's own table.
    """
    if not tables:
        return []
    copy = database.copy()
    try:
        with _connected(copy) as trial:
            samples = SampleRows(skip=[skip])
            samples.attach(trial)
            samples.fill()
            why = {str(name): reason for name, reason in samples.unfilled.items()}
            return [_try_table(trial, name, why) for name in tables]
    finally:
        copy.drop()


class _Trial:
    """A connection to a copy, each statement its own transaction."""

    def __init__(self, connection: Connection) -> None:
        self.dialect = connection.dialect.name
        self.error = driver_error(connection)
        self._connection = connection

    def query(self, sql: str) -> Sequence[Sequence[Any]]:
        """Run one statement; return its rows."""
        cursor = self._connection.connection.cursor()
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else ()

    def write(self, sql: str) -> None:
        """Run one statement."""
        self.query(sql)

    def written(self) -> Written:
        """Return that anything may have been written to."""
        return Written()

    def undone(self, sql: str) -> int:
        """Run one statement and undo it; return how many rows it touched."""
        self.query("BEGIN")
        try:
            cursor = self._connection.connection.cursor()
            cursor.execute(sql)
            return int(cursor.rowcount)
        finally:
            self.query("ROLLBACK")


@contextmanager
def _connected(database: ScratchDatabase) -> Iterator[_Trial]:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    url = synchronous(database.url)
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield _Trial(connection)


def _try_table(trial: _Trial, name: str, why: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"table": name, "refused": [], "open": []}
    table = _spelt(trial, name)
    if table is None:
        found["open"].append(f"there is no table {name} at head")
        return found
    if not trial.query(f"SELECT 1 FROM {table} LIMIT 1"):
        reason = why.get(name) or next(iter(why.values()), "it is empty")
        found["open"].append(f"{name} was not tried without a row: {reason}")
        return found
    for action, statement in _attempts(trial, table):
        said = _try(trial, action, statement)
        if said is None:
            found["refused"].append(action)
        else:
            found["open"].append(f"{name}: {action} {said}")
    return found


def _try(trial: _Trial, action: str, statement: str) -> str | None:
    """Return what became of a statement that should be refused; None if it was."""
    try:
        touched = trial.undone(statement)
    except trial.error as error:
        return None if _is_refusal(trial, error) else f"was not tried: {words(error)}"
    # A rule may have made nothing of it.
    return "went through" if touched or action == "TRUNCATE" else None


def _is_refusal(trial: _Trial, error: Exception) -> bool:
    if trial.dialect == "sqlite":
        return getattr(error, "sqlite_errorname", "") == "SQLITE_CONSTRAINT_TRIGGER"
    return not str(getattr(error, "sqlstate", "")).startswith(_OTHER_REASONS)


def _attempts(trial: _Trial, table: str) -> Iterator[tuple[str, str]]:
    query = _COLUMNS_SQLITE if trial.dialect == "sqlite" else _COLUMNS_POSTGRESQL
    spelt = (
        literal(table[1:-1].replace('""', '"'))
        if trial.dialect == "sqlite"
        else table.replace("'", "''")
    )
    columns = [quote(row[0]) for row in trial.query(query.format(table=spelt))]
    if columns:
        yield "UPDATE", f"UPDATE {table} SET {columns[-1]} = {columns[-1]}"
    yield "DELETE", f"DELETE FROM {table}"
    if trial.dialect == "postgresql":
        yield "TRUNCATE", f"TRUNCATE {table} CASCADE"
    else:
        listed = ", ".join(columns)
        same = f"({listed}) SELECT {listed} FROM {table}"
        yield "REPLACE", f"INSERT OR REPLACE INTO {table} {same}"


def _spelt(trial: _Trial, name: str) -> str | None:
    """Return a table's name as SQL spells it; None if there is none."""
    schema, _, plain = name.rpartition(".")
    text = plain.replace("'", "''")
    if trial.dialect == "sqlite":
        known = trial.query(f"SELECT name FROM sqlite_master WHERE name = '{text}'")
        return quote(plain) if known else None
    within = schema.replace("'", "''")
    rows = trial.query(
        "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE c.relname = '{text}' AND c.relkind IN ('r', 'p')"
        f" AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
        f" AND ('{within}' = '' OR n.nspname = '{within}') ORDER BY n.nspname"
    )
    return f"{quote(rows[0][0])}.{quote(plain)}" if rows else None
