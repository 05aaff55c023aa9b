"""With which driver is PostgreSQL reached, where nobody named one, or one that cannot be waited for?

The project has its own: psycopg or psycopg2. SQLAlchemy takes ``postgresql://`` for psycopg2 up to
2.0 and for psycopg from 2.1 on, whichever is installed; SQLAlchemy 1.4 has no psycopg at all.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

_DRIVERS = ("psycopg", "psycopg2")


def own_driver() -> str:
    """Return the driver of our own connections to PostgreSQL.

    Raises:
        ToolError: There is none that SQLAlchemy knows.
    """
    for name in _DRIVERS:
        if find_spec(name) and _known(name):
            return name
    raise ToolError("no PostgreSQL driver is installed", how_to_install(), exit_code=2)


def usual_driver() -> str | None:
    """Return what SQLAlchemy makes of ``postgresql://``; None where that is not installed."""
    from sqlalchemy.engine import make_url

    name = make_url("postgresql://").get_driver_name()
    return name if find_spec(name) else None


def asynchronous_driver() -> str | None:
    """Return the driver of an ``env.py`` that makes an asynchronous engine; None for our own.

    Raises:
        ToolError: There is none of that kind.
    """
    if own_driver() == "psycopg":
        return None
    if find_spec("asyncpg") is None:
        raise ToolError(
            "env.py makes an asynchronous engine, and no PostgreSQL driver for one is installed",
            "pip install asyncpg",
            exit_code=2,
        )
    return "asyncpg"


def how_to_install() -> str:
    """Return a driver's name as a hint has it: of one that this SQLAlchemy knows."""
    wanted = "psycopg[binary]" if _known("psycopg") else "psycopg2-binary"
    return f'pip install "{wanted}"'


def with_driver(url: URL) -> URL:
    """Return a URL that SQLAlchemy can connect to: a driver is added where the usual one is not there."""
    if url.drivername == "postgresql" and usual_driver() is None:
        return url.set(drivername=f"postgresql+{own_driver()}")
    return url


def synchronous(url: URL) -> URL:
    """Return a URL for a connection of ours, whichever driver an ``env.py`` wants."""
    if url.drivername == "sqlite+aiosqlite":
        return url.set(drivername="sqlite")
    if url.drivername == "postgresql+asyncpg":
        return url.set(drivername=f"postgresql+{own_driver()}")
    return with_driver(url)


def _known(driver: str) -> bool:
    return find_spec(f"sqlalchemy.dialects.postgresql.{driver}") is not None
