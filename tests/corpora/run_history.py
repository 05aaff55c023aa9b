"""Upgrade an empty database to the heads of a history; started with the history's own Python.

Imports nothing but Alembic and SQLAlchemy, so that it runs in any project's environment.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

#: For a history whose own env.py cannot run: no settings, no application, its convention only.
_PLAIN_ENV = """\
from alembic import context
from sqlalchemy import MetaData

settings = context.config.attributes
convention = settings["naming_convention"]
context.configure(
    connection=settings["connection"],
    target_metadata=MetaData(naming_convention=convention) if convention else MetaData(),
    render_as_batch=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
"""


def main() -> None:
    """Run ``upgrade heads`` as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--versions", type=Path, required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument(
        "--env", type=Path, help="the history's env.py; a plain one is used if not given"
    )
    parser.add_argument("--convention", default="{}", help="the plain env.py's, as JSON")
    parser.add_argument("--path", action="append", default=[], help="to put on sys.path")
    arguments = parser.parse_args()
    sys.path[:0] = arguments.path
    with tempfile.TemporaryDirectory() as folder:
        upgrade(arguments, Path(folder))


def upgrade(arguments: argparse.Namespace, folder: Path) -> None:
    """Upgrade to the heads on one connection that both we and env.py can use."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import __version__ as sqlalchemy_version
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    if sqlalchemy_version.startswith("1."):
        # The driver that our addresses name came with SQLAlchemy 2.
        arguments.url = arguments.url.replace("+psycopg:", "+psycopg2:", 1)
    script = arguments.env.parent if arguments.env else folder
    if not arguments.env:
        (folder / "env.py").write_text(_PLAIN_ENV, encoding="utf-8")
    ini = folder / "alembic.ini"
    ini.write_text(
        "[alembic]\n[loggers]\nkeys=root\n[handlers]\nkeys=\n[formatters]\nkeys=\n"
        "[logger_root]\nlevel=WARN\nhandlers=\n",
        encoding="utf-8",
    )
    config = Config(ini, stdout=sys.stderr)
    config.set_main_option("script_location", str(script).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("recursive_version_locations", "true")
    config.set_main_option("version_locations", str(arguments.versions).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", arguments.url.replace("%", "%%"))
    os.environ.setdefault("DATABASE_URL", arguments.url)
    engine = create_engine(arguments.url, poolclass=NullPool)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        config.attributes["naming_convention"] = json.loads(arguments.convention)
        command.upgrade(config, "heads")
        if connection.in_transaction():
            connection.commit()
    engine.dispose()


if __name__ == "__main__":
    main()
