"""Does ``env.py`` use the database that was asked for? What it ran on another one is no answer."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import URL

#: A variable that env.py itself reads, and that may hold a URL.
_VARIABLE = re.compile(
    r"""(?:environ(?:\.get)?|getenv)\s*[\[(]\s*["'](\w*(?:UR[LI]|DSN|DB|DATABASE)\w*)["']"""
)
_HINT = 'let it use `config.get_main_option("sqlalchemy.url")`, or '
_PORTS = {"postgresql": 5432}


def variable_of(source: str) -> str | None:
    """Return the environment variable that this source of an ``env.py`` takes its URL from."""
    read = _VARIABLE.search(source)
    return read[1] if read else None


def assert_dialect(context: MigrationContext, asked: str, source: str) -> None:
    """Raise unless ``env.py`` set the context up for the dialect that was asked for.

    Raises:
        ToolError: It is another one's SQL that it would write.
    """
    found = context.dialect.name
    if found != asked:
        raise ToolError(
            f"env.py writes the SQL of {found}, not of {asked}: it does not use the database that"
            " it was given",
            _hint(source, f"ask for what it writes: --dialect {found}"),
        )


def assert_database(context: MigrationContext, asked: URL, source: str) -> None:
    """Raise unless ``env.py`` is connected to the database that was asked for.

    Raises:
        ToolError: It is another one, which nobody wants moved.
    """
    from calista_tools.backends.scratch import shown

    connection = context.connection
    found = connection.engine.url if connection is not None else None
    if found is not None and _place(found) != _place(asked):
        raise ToolError(
            f"env.py connects to {shown(found)} and not to the database that it was given",
            _hint(source, "leave --url and CALISTA_DB_URL out"),
        )


def _hint(source: str, otherwise: str) -> str:
    variable = variable_of(source)
    named = f'`url-env = ["{variable}"]` in [tool.calista.roundtrip]' if variable else otherwise
    return _HINT + named


def _place(url: URL) -> tuple[object, ...]:
    """Return where a database is; drivers and accounts do not say that."""
    backend = url.get_backend_name()
    if backend == "sqlite":
        name = url.database or ""
        memory = not name or name == ":memory:" or name.startswith("file:")
        return backend, name if memory else os.path.realpath(name)
    # A host may stand in the query, as psycopg has it.
    host, port = (url.query.get(key, getattr(url, key)) for key in ("host", "port"))
    return backend, host or "localhost", str(port or _PORTS.get(backend, "")), url.database
