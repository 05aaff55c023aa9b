"""What does ``migrations/env.py`` do? Finds the database and migrates it, whoever called."""

from __future__ import annotations

import os
import sys
from configparser import RawConfigParser
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from calista.db import engine as engines
from calista.db.engine import DatabaseURLError
from calista.db.migrations import migrate, script
from calista.db.pooler import assert_own_session
from calista.errors import CalistaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alembic.config import Config
    from sqlalchemy import Connection

    from calista.db.policy import Context

_HINT_FOR_ALEMBIC = """copy one of these two lines:
export CALISTA_DB_URL=sqlite:///calista.db
alembic -x url=sqlite:///calista.db upgrade head"""
#: For the tasks, which have a flag for it.
_HINT = "set CALISTA_DB_URL, or give --url: sqlite:///calista.db, for example"


def run(context: Context) -> None:
    """Do what ``env.py`` is there for; on any of Alembic's commands and for our own tools.

    The connection is ``config.attributes["connection"]`` if there is one, else one to
    ``-x url=``, to ``sqlalchemy.url`` set by a program, or to ``CALISTA_DB_URL``.
    """
    try:
        _run(context)
    except CalistaError as error:
        if not _by_alembic(context.config):
            raise
        # The program would show a traceback.
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
        assert_own_session(connection, engines.shown(url))
        migrate(context, connection)


def database_url(x: Mapping[str, str], config: Config, environ: Mapping[str, str]) -> str:
    """Return the database URL: ``-x url=``, one set by a program, or ``CALISTA_DB_URL``.

    What stands in ``alembic.ini`` is never used: a URL there is committed, password and all.
    """
    found = x.get("url") or _set_by_program(config) or environ.get("CALISTA_DB_URL")
    if not found:
        raise DatabaseURLError(
            "no database URL", _HINT_FOR_ALEMBIC if _by_alembic(config) else _HINT
        )
    return found


def _by_alembic(config: Config) -> bool:
    """Whether the `alembic` program called: what it was asked to do is in its options.

    The toolkit's tasks give the same options, and say that they do.
    """
    options = getattr(config, "cmd_opts", None)
    return hasattr(options, "cmd") and "calista_task" not in config.attributes


def _set_by_program(config: Config) -> str | None:
    url = config.get_main_option("sqlalchemy.url")
    if url and config.config_file_name and Path(config.config_file_name).is_file():
        file = RawConfigParser()
        file.read(config.config_file_name, encoding="utf-8")
        if file.get(config.config_ini_section, "sqlalchemy.url", fallback=None) == url:
            return None
    return url
