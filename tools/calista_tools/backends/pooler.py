"""Does a URL lead to the server itself, or to a pooler that hands our session on to others?

In PgBouncer's transaction mode what is prepared, set or locked in a session is somebody else's after
the next commit; in session mode a pooler is as good as the server.
Source: https://www.pgbouncer.org/features.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calista_tools.backends.scratch import shown
from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL, Connection

HOW_TO_GO_ROUND = "give the address of the server itself, or of a pooler in session mode"
_TRIES = 5


def reported_process(connection: Connection) -> int | None:
    """Return the server's process of a connection, as its driver was told; a pooler makes it up."""
    driver: Any = connection.connection.driver_connection
    try:
        pid = driver.info.backend_pid if hasattr(driver, "info") else driver.get_server_pid()
    except AttributeError:
        return None
    return int(pid)


def assert_own_session(connection: Connection, url: URL, another: Callable[[], Connection]) -> None:
    """Raise a ToolError if others get our session while we are between two transactions.

    Args:
        connection: In autocommit mode.
        url: Where it leads.
        another: Opens a second one like it.
    """
    own = _process(connection)
    if reported_process(connection) == own:
        return
    for _ in range(_TRIES):
        other = another()
        theirs = _process(other)
        other.close()
        other.engine.dispose()
        if theirs == own or _process(connection) != own:
            raise ToolError(
                f"{shown(url)} leads to a pooler that hands sessions on after each"
                " transaction (PgBouncer's transaction mode)",
                HOW_TO_GO_ROUND,
                exit_code=2,
            )


def _process(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
