"""How are migrations run? The policy's defaults, used by ``migrations/env.py`` and at run time."""

from __future__ import annotations

import os
import sys
from configparser import RawConfigParser
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Identity, inspect, text
from sqlalchemy.exc import DBAPIError

from calista.db import engine as engines
from calista.db import revisions, tables, upgrade_log
from calista.db.engine import SCHEMA, DatabaseURLError
from calista.errors import CalistaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import ModuleType

    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext, MigrationInfo
    from sqlalchemy import Connection

    #: ``alembic.context`` is a module that stands for the context of the moment.
    Context = EnvironmentContext | ModuleType

VERSION_TABLE = "alembic_version"

NO_URL_HINT = """copy one of these two lines:
export CALISTA_DB_URL=sqlite:///calista.db
alembic -x url=sqlite:///calista.db upgrade head"""


def policy(context: Context, dialect: str, schema: str = SCHEMA) -> dict[str, Any]:
    """Return the policy's options for ``context.configure``."""
    return {
        "target_metadata": tables.metadata,
        "compare_type": True,
        "compare_server_default": _sqlite_default if dialect == "sqlite" else True,
        "render_as_batch": dialect == "sqlite",
        # Alembic thinks SQLite cannot roll DDL back; it can, once BEGIN is really sent.
        "transactional_ddl": True,
        "transaction_per_migration": True,
        "version_table": VERSION_TABLE,
        # Spelt out, so that no `alembic_version` in `public` is taken for ours.
        "version_table_schema": schema if dialect == "postgresql" else None,
        "include_object": _include_object(context, dialect),
    }


def run(context: Context) -> None:
    """Do what ``env.py`` is there for; on any of Alembic's commands and for our own tools.

    The connection is ``config.attributes["connection"]`` if there is one, else one to
    ``-x url=``, to ``sqlalchemy.url`` set by a program, or to ``CALISTA_DB_URL``.
    """
    try:
        _run(context)
    except CalistaError as error:
        if getattr(context.config, "cmd_opts", None) is None:
            raise
        # Called by the `alembic` program, which would show a traceback.
        print(f"error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None


def _run(context: Context) -> None:
    config = context.config
    given: Connection | None = config.attributes.get("connection")
    if given is not None:
        migrate(context, given)
        return
    x_arguments = context.get_x_argument(as_dictionary=True)
    url = engines.parse_url(database_url(x_arguments, config, os.environ))
    if context.is_offline_mode():
        script(context, url.get_backend_name())
        return
    engine = engines.make_engine(url)
    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise engines.unreachable(url, error) from error
    with connection:
        migrate(context, connection)


def database_url(x: Mapping[str, str], config: Config, environ: Mapping[str, str]) -> str:
    """Return the database URL: ``-x url=``, one set by a program, or ``CALISTA_DB_URL``.

    What stands in ``alembic.ini`` is never used: a URL there is committed, password and all.
    """
    found = x.get("url") or _set_by_program(config) or environ.get("CALISTA_DB_URL")
    if not found:
        raise DatabaseURLError("no database URL", NO_URL_HINT)
    return found


def _set_by_program(config: Config) -> str | None:
    url = config.get_main_option("sqlalchemy.url")
    if url and config.config_file_name and Path(config.config_file_name).is_file():
        file = RawConfigParser()
        file.read(config.config_file_name, encoding="utf-8")
        if file.get(config.config_ini_section, "sqlalchemy.url", fallback=None) == url:
            return None
    return url


def migrate(
    context: Context,
    connection: Connection,
    on_version_apply: Iterable[Callable[..., None]] = (),
    *,
    schema: str = SCHEMA,
) -> None:
    """Run what the context was made for on this connection, each migration a transaction.

    Args:
        context: Alembic's context, or the module that stands for it.
        connection: Where to migrate; left without a transaction if it came without one.
        on_version_apply: Called after each migration, before its transaction commits.
        schema: Where to migrate on PostgreSQL.
    """
    dialect = connection.dialect.name
    ours = not connection.in_transaction()
    if dialect == "sqlite":
        engines.use_real_transactions(connection)
    else:
        engines.use_schema(connection, schema)
    callbacks: Any = [check_foreign_keys, *on_version_apply]
    if schema == SCHEMA and _is_in_use(context, connection):
        callbacks.append(upgrade_log.refuse_downgrade)
    with _without_foreign_keys(connection):
        context.configure(
            connection=connection, on_version_apply=callbacks, **policy(context, dialect, schema)
        )
        read_only = context.get_context().opts.get("dont_mutate", False)
        if dialect == "sqlite" and not read_only:
            connection.execution_options(calista_begin="IMMEDIATE")
        if dialect == "postgresql" and not read_only:
            _create_schema(connection, schema)
        with context.begin_transaction():
            context.run_migrations()
        # What Alembic writes outside of a migration (`ensure_version`, `stamp`).
        if ours and connection.in_transaction():
            connection.commit()


def _is_in_use(context: Context, connection: Connection) -> bool:
    """Whether `calista db upgrade` has been here, and nobody said that this does not matter."""
    if context.get_x_argument(as_dictionary=True).get(upgrade_log.ALLOW) == "1":
        return False
    ours = not connection.in_transaction()
    found = upgrade_log.names_one_of(connection, revisions.known(Path(context.script.dir)))
    if ours:
        connection.rollback()
    command = getattr(getattr(context.config, "cmd_opts", None), "cmd", None)
    if found and command and command[0].__name__ == "downgrade":
        raise upgrade_log.DowngradeRefusedError
    return found


def script(context: Context, dialect: str) -> None:
    """Write the SQL of the migrations instead of running them (``--sql``)."""
    options = policy(context, dialect)
    context.configure(
        dialect_name=dialect,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        **options,
    )
    if dialect == "postgresql":
        context.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        context.execute(f"SET search_path = {engines.SEARCH_PATH}")
    else:
        # Only outside of a transaction; inside it is silently ignored.
        context.execute("PRAGMA foreign_keys = OFF")
    with context.begin_transaction():
        context.run_migrations()


def _create_schema(connection: Connection, schema: str) -> None:
    """Create the schema if it is missing, in a transaction of its own.

    Asked first, so that a role that may not create schemas can use one that is there.
    """
    ours = not connection.in_transaction()
    exists = connection.scalar(text("SELECT to_regnamespace(:name) IS NOT NULL"), {"name": schema})
    if not exists:
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
    if ours:
        connection.commit()


def check_foreign_keys(*, ctx: MigrationContext, step: MigrationInfo, **_: Any) -> None:
    """Refuse a migration that leaves dangling references on SQLite, where checks were off.

    Called before the migration's transaction commits, so that refusing undoes it.
    Source: https://www.sqlite.org/lang_altertable.html#otheralter, steps 10 and 11.

    Raises:
        CalistaError: A row refers to one that is not there.
    """
    if ctx.connection is None or ctx.dialect.name != "sqlite":
        return
    broken = ctx.connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        table, _rowid, parent, _number = broken
        raise CalistaError(
            f"revision {step.up_revision_id} leaves rows of {table!r} "
            f"that refer to rows missing from {parent!r}; it was undone",
            "correct the revision, or the rows that it met",
        )


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """Keep SQLite from cascading deletes while batch mode drops the table it has just copied.

    Asked of the driver itself: SQLAlchemy would begin a transaction first, and inside of one the
    pragma is silently ignored.
    """
    if connection.dialect.name != "sqlite" or connection.in_transaction():
        yield
        return
    dbapi = connection.connection.dbapi_connection
    assert dbapi is not None
    cursor = dbapi.cursor()
    cursor.execute("PRAGMA foreign_keys")
    enforced = cursor.fetchone()
    cursor.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        if connection.in_transaction():
            connection.rollback()
        if enforced and enforced[0]:
            cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()


def _sqlite_default(
    _context: MigrationContext,
    _live: object,
    _column: object,
    _found: object,
    wanted: object,
    *_: Any,
) -> bool | None:
    """Do not look for PostgreSQL's identities on SQLite; leave the rest to Alembic (None)."""
    return False if isinstance(wanted, Identity) else None


def _include_object(
    context: Context, dialect: str
) -> Callable[[Any, str | None, str, bool, Any], bool]:
    """Tell autogenerate what is not ours, and what belongs to the other dialect."""
    owned: set[str] = set()

    def include(item: Any, name: str | None, kind: str, reflected: bool, match: Any) -> bool:
        if not reflected:
            return dialect in item.info.get("dialects", (dialect,))
        if kind != "table" or match is not None:
            return True
        # Reflection of the default schema sees all of the search path: another application's
        # tables in `public`, and the version table, which has its schema spelt out.
        if dialect == "postgresql" and not owned:
            bind = context.get_bind()
            owned.update(inspect(bind).get_table_names(schema=SCHEMA))
        return name != VERSION_TABLE and (dialect != "postgresql" or name in owned)

    return include
