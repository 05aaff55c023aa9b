"""Is our session on the server our own? A pooler in transaction mode hands it on after each commit.

What is set in such a session reaches other clients and not our next transaction, a lock of the
session keeps nobody out, and a prepared statement is not there when it is executed.
Source: https://www.pgbouncer.org/features.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calista.errors import CalistaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

HOW_TO_GO_ROUND = "give the address of the server itself, or of a pooler in session mode"
_TRIES = 5
#: In the `info` of a connection: what has to be set in each of its transactions.
SETTINGS = "calista_settings"


class SharedSessionError(CalistaError):
    """What has to be done needs a session of its own."""

    def __init__(self, shown: str) -> None:
        super().__init__(
            f"{shown} leads to a pooler that hands sessions on after each transaction"
            " (PgBouncer's transaction mode); nothing was changed",
            HOW_TO_GO_ROUND,
        )


def assert_own_session(connection: Connection, shown: str) -> None:
    """Refuse a connection whose session is handed on.

    Raises:
        SharedSessionError: It is.
    """
    if SETTINGS in connection.info:
        raise SharedSessionError(shown)


def set_up(dbapi: Any, settings: dict[str, str], another: Callable[[], Any]) -> bool:
    """Set what a session needs, if it is our own; tell whether it is.

    Args:
        dbapi: The driver's new connection, in autocommit mode.
        settings: What to set.
        another: Opens a second one like it, in autocommit mode as well.
    """
    told = getattr(getattr(dbapi, "info", None), "backend_pid", None)
    # One round trip; a pooler makes up the process that it tells the driver of.
    sets = "".join(f", set_config('{name}', '{value}', false)" for name, value in settings.items())
    query = f"SELECT pg_backend_pid(){sets}"
    if told is not None:
        query = f"{query} WHERE pg_backend_pid() = {int(told)}"
        if _row(dbapi, query):
            return True
    if _is_shared(dbapi, another):
        return False
    _row(dbapi, f"SELECT pg_backend_pid(){sets}")
    return True


def _is_shared(dbapi: Any, another: Callable[[], Any]) -> bool:
    """Tell whether others get our session while we are between two transactions."""
    own = _process(dbapi)
    for _ in range(_TRIES):
        other = another()
        try:
            theirs = _process(other)
        finally:
            other.close()
        if theirs == own or _process(dbapi) != own:
            return True
    return False


def _process(dbapi: Any) -> int:
    return int(_row(dbapi, "SELECT pg_backend_pid()")[0])


def _row(dbapi: Any, query: str) -> Any:
    cursor = dbapi.cursor()
    try:
        cursor.execute(query)
        return cursor.fetchone()
    finally:
        cursor.close()
