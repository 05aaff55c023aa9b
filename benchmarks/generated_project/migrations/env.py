"""Alembic environment: the URL is handed in, never kept here."""

import runpy
from pathlib import Path

import sqlalchemy as sa
from alembic import context

config = context.config
target_metadata = runpy.run_path(str(Path(__file__).with_name("tables.py")))["metadata"]


def configure(connection: sa.Connection) -> None:
    """Set up the migration context on a connection and run."""
    context.configure(
        connection=connection,
        target_metadata=target_metadata,
        compare_type=True,
        compare_server_default=True,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


url = context.get_x_argument(as_dictionary=True).get("url") or config.get_main_option(
    "sqlalchemy.url"
)
given = config.attributes.get("connection")
if context.is_offline_mode():
    context.configure(
        url=url,
        target_metadata=target_metadata,
        literal_binds=True,
        render_as_batch=str(url).startswith("sqlite"),
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
elif given is not None and not isinstance(given, sa.Connection):
    # pytest-alembic gives an engine, or what looks like one.
    with given.connect() as connection:
        configure(connection)
elif given is not None:
    configure(given)
elif url is None:
    raise SystemExit("no database: pass -x url=... or set sqlalchemy.url")
else:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        configure(connection)
