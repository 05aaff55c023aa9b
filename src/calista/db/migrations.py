"""How are migrations run on a connection, or written as SQL? Under the policy, by whoever asks."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from calista.db import engine as engines
from calista.db import policy, revisions, upgrade_log
from calista.db.engine import SCHEMA
from calista.errors import CalistaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext, MigrationInfo
    from sqlalchemy import Connection

    from calista.db.policy import Context


@contextmanager
def towards_head(
    before_each: Callable[[Any, MigrationContext], None] = lambda step, context: None,
    config: Config | None = None,
    *,
    target: str | None = "head",
    **options: Any,
) -> Iterator[EnvironmentContext]:
    """Offer Alembic's context for an upgrade to head, without a run of env.py.

    Args:
        before_each: Called with each step before it begins.
        config: Alembic's configuration; an empty one if None.
        target: Where to stop instead; None makes nothing but Alembic's own table.
        options: For Alembic's ``EnvironmentContext``.
    """
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    directory = ScriptDirectory(str(revisions.migrations_folder()))

    def steps(current: Any, context: MigrationContext) -> Iterator[Any]:
        for step in directory._upgrade_revs(target, current) if target else ():
            before_each(step, context)
            yield step

    with EnvironmentContext(config or Config(), directory, fn=steps, **options) as context:
        yield context


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
            connection=connection,
            on_version_apply=callbacks,
            **policy.options(context, dialect, schema),
        )
        read_only = context.get_context().opts.get("dont_mutate", False)
        if dialect == "sqlite" and not read_only:
            connection.execution_options(calista_begin="IMMEDIATE")
        if dialect == "postgresql" and not read_only:
            _create_schema(connection, schema)
        with context.begin_transaction():
            _run(context)
        # What Alembic writes outside of a migration (`ensure_version`, `stamp`).
        if ours and connection.in_transaction():
            connection.commit()


class BeforeBaselineError(CalistaError):
    """The database is at a revision that a baseline replaced."""

    exit_code = 4


def _run(context: Context) -> None:
    """Run the migrations; of a revision that is gone, Alembic cannot say why."""
    from alembic.util import CommandError

    try:
        context.run_migrations()
    except CommandError as error:
        current = context.get_context().get_current_heads()
        before = revisions.before_baseline(current, Path(context.script.dir))
        if before is None:
            raise
        raise BeforeBaselineError(*before) from error


def script(context: Context, dialect: str) -> None:
    """Write the SQL of the migrations instead of running them (``--sql``)."""
    options = policy.options(context, dialect)
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
        # Ctrl-C in the middle of a statement makes SQLAlchemy close the driver's connection.
        if not connection.invalidated:
            if enforced and enforced[0]:
                cursor.execute("PRAGMA foreign_keys = ON")
            cursor.close()
