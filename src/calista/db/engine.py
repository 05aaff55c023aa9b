"""How is the database reached? One engine per database, with the settings that we rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, PendingRollbackError
from sqlalchemy.pool import NullPool

from calista.db import documents, pooler
from calista.errors import CalistaError
from calista.passwords import ENCODE, is_clear, without_passwords

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

#: The schema of everything CALISTA owns on PostgreSQL. SQLite has no schemas.
SCHEMA = "calista"
SEARCH_PATH = f"{SCHEMA}, public"


class DatabaseURLError(CalistaError):
    """There is no database URL, or it is not one that CALISTA can use."""


class DatabaseUnreachableError(CalistaError):
    """The database did not let us in, or went away."""


def parse_url(value: str) -> URL:
    """Read a database URL; ``postgres://`` and a missing driver are understood.

    Raises:
        DatabaseURLError: It is no URL, or of a database that CALISTA does not run on.
    """
    try:
        url = make_url(value.strip())
    except (ArgumentError, ValueError):
        # The text itself is not shown: it may hold a password.
        raise _unreadable() from None
    if not is_clear(value):
        # What stands behind an @ of the password was taken for a host, and would be shown.
        raise _unreadable()
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("postgresql", "sqlite"):
        raise DatabaseURLError(
            f"CALISTA does not run on {url.get_backend_name()!r}",
            "use a postgresql:// or sqlite:/// URL",
        )
    return url


def _unreadable() -> DatabaseURLError:
    return DatabaseURLError(
        "the database URL cannot be read",
        f"expected postgresql://user:password@host:5432/name or sqlite:///file.db; {ENCODE}",
    )


def shown(url: URL) -> str:
    """Spell a URL for people: no password, no driver, nothing secret in the query."""
    secrets = {key for key in url.query if "password" in key.lower()}
    plain = url.set(drivername=url.get_backend_name()).difference_update_query(secrets)
    return plain.render_as_string(hide_password=True)


def make_engine(url: URL, *, lock_timeout: float | None = None) -> Engine:
    """Return an engine whose transactions are real on SQLite and whose schema is ours.

    No pool: a command opens one connection, and a lock must end with the connection it is on.

    Args:
        url: The database.
        lock_timeout: Seconds that a statement waits for a lock on PostgreSQL; as the server has
            it if None.
    """
    try:
        engine = create_engine(
            url,
            poolclass=NullPool,
            hide_parameters=True,
            json_serializer=documents.encode,
            json_deserializer=documents.decode,
        )
    except (NoSuchModuleError, ImportError) as error:
        raise DatabaseURLError(
            f"the driver of {url.drivername!r} is not installed",
            f"write {url.get_backend_name()}:// alone",
        ) from error
    if engine.dialect.is_async:
        raise DatabaseURLError(
            f"{url.drivername!r} is an asynchronous driver, and `calista` waits for its answers",
            f"write {url.get_backend_name()}:// alone",
        )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _own_sqlite_transactions)
        event.listen(engine, "begin", begin_sqlite)
    else:
        # Before SQLAlchemy asks for the default schema (`insert`), and as a statement: PgBouncer
        # refuses `options=-csearch_path=...` at the start of a session.
        settings = {"search_path": SEARCH_PATH}
        if lock_timeout is not None:
            settings["lock_timeout"] = str(milliseconds(lock_timeout))
        event.listen(engine, "connect", _session(engine, settings), insert=True)
        event.listen(engine, "begin", _set_for_transaction)
    return engine


def use_schema(connection: Connection, schema: str) -> None:
    """Make a PostgreSQL connection that came from elsewhere look into our schema first."""
    outside = not connection.in_transaction()
    connection.execute(text(f"SET search_path = {schema}, public"))
    if outside:
        connection.commit()


def use_real_transactions(connection: Connection) -> None:
    """Make a SQLite connection that came from elsewhere begin its transactions for real.

    Source: https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#pysqlite-transactions
    """
    dbapi = connection.connection.dbapi_connection
    assert dbapi is not None
    _own_sqlite_transactions(dbapi)
    if not event.contains(connection.engine, "begin", begin_sqlite):
        event.listen(connection, "begin", begin_sqlite)


def begin_sqlite(connection: Connection) -> None:
    """Begin on SQLite what SQLAlchemy only takes for begun: the driver waits for the first INSERT.

    `calista_begin` of the execution options says how, e.g. ``IMMEDIATE``.
    """
    options = connection.get_execution_options()
    if options.get("isolation_level") == "AUTOCOMMIT":
        return
    dbapi = connection.connection.dbapi_connection
    assert dbapi is not None
    # An `autocommit_block` leaves the driver in its own mode, where DDL commits by itself.
    dbapi.isolation_level = None
    if not dbapi.in_transaction:
        _execute(connection, f"BEGIN {options.get('calista_begin', '')}".strip())


def _execute(connection: Connection, statement: str) -> None:
    """Execute in an event, of which SQLAlchemy lets the driver's errors through as they are."""
    driver = connection.dialect.loaded_dbapi
    try:
        connection.connection.cursor().execute(statement)
    except driver.Error as error:
        raise DBAPIError.instance(statement, None, error, driver.Error) from error


def _own_sqlite_transactions(dbapi: object, _record: object = None) -> None:
    dbapi.isolation_level = None  # type: ignore[attr-defined]


def milliseconds(seconds: float) -> int:
    """Return a time as PostgreSQL's `lock_timeout` takes it, where 0 would mean to wait for ever."""
    return min(max(1, int(seconds * 1000)), 2**31 - 1)


def _session(engine: Engine, settings: dict[str, str]) -> Callable[[Any, Any], None]:
    """Return what sets up a session."""

    def another() -> Any:
        arguments, options = engine.dialect.create_connect_args(engine.url)
        dbapi: Any = engine.dialect.connect(*arguments, **options)
        dbapi.autocommit = True
        return dbapi

    def set_up(dbapi: Any, record: Any) -> None:
        before = dbapi.autocommit
        dbapi.autocommit = True
        if not pooler.set_up(dbapi, settings, another):
            record.info[pooler.SETTINGS] = settings
            # What psycopg prepares in one session it executes in another.
            dbapi.prepare_threshold = None
        dbapi.autocommit = before

    return set_up


def _set_for_transaction(connection: Connection) -> None:
    """Set for one transaction what a session that is handed on must not keep."""
    settings = connection.info.get(pooler.SETTINGS)
    if settings and connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        sets = ", ".join(
            f"set_config('{name}', '{value}', true)" for name, value in settings.items()
        )
        _execute(connection, f"SELECT {sets}")


def is_of_driver(error: BaseException) -> bool:
    """Whether this is sqlite3's or psycopg's own error, as SQLAlchemy has not seen it."""
    return any(
        base.__name__ == "Error" and base.__module__ in ("sqlite3", "psycopg")
        for base in type(error).__mro__
    )


def words_of(error: Exception, url: URL) -> str:
    """Return what the database said, in one line and without the password."""
    if isinstance(error, PendingRollbackError):
        return "the connection was lost"
    orig = error.orig if isinstance(error, DBAPIError) else error
    diagnosis = getattr(orig, "diag", None)
    said = getattr(diagnosis, "message_primary", None) or orig or error
    words = " ".join(str(said).split()) or type(said).__name__
    return without_passwords(masked(words, url))


def password_of(url: URL) -> str | None:
    """Return the password, which may also stand in the query: ``?password=…``."""
    found = url.query.get("password", url.password)
    return found if found is None or isinstance(found, str) else found[-1]


def masked(words: str, url: URL) -> str:
    """Return what somebody said about a database, without anything secret of its URL."""
    values = [url.password or ""]
    for key, value in url.query.items():
        if "password" in key.lower():
            values.extend([value] if isinstance(value, str) else value)
    for secret in filter(None, values):
        words = words.replace(str(secret), "***")
    return words


def unreachable(url: URL, error: Exception) -> DatabaseUnreachableError:
    """Say in one line why the database did not let us in."""
    words = words_of(error, url)
    hint = ""
    if any(sign in words for sign in ("malformed", "not a database")):
        hint = "move the file away and put a backup in its place: `calista db restore FILE`"
    elif any(sign in words for sign in ("database is locked", "lock timeout")):
        hint = "another program has locked it: wait for it to end, or set a longer lock_timeout"
    elif "statement pooling" in words:
        hint = pooler.HOW_TO_GO_ROUND
    return DatabaseUnreachableError(f"cannot use the database {shown(url)}: {words}", hint)
