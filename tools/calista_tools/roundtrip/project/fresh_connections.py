"""What becomes of connections that an application keeps while its database is replaced by another?

PostgreSQL ends every session of a database that is copied or dropped. An engine of the application's
own, with a pool, would find out in the middle of the next revision.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from calista_tools.backends import PostgresServer

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Of a connection: how many databases were copied or dropped before it was made.
_MADE_AFTER = "calista_made_after"
_DRIVERS = ("psycopg", "asyncpg", "pg8000")


@contextmanager
def fresh_connections() -> Iterator[None]:
    """Let every pool of this process connect anew where its sessions may be ended."""
    from sqlalchemy import event
    from sqlalchemy.exc import DisconnectionError
    from sqlalchemy.pool import Pool

    def connected(_: Any, record: Any) -> None:
        record.info[_MADE_AFTER] = PostgresServer.ended

    def checked_out(connection: Any, record: Any, _: Any) -> None:
        old = record.info.get(_MADE_AFTER, 0) < PostgresServer.ended
        if old and any(name in type(connection).__module__ for name in _DRIVERS):
            raise DisconnectionError("its database was replaced")

    event.listen(Pool, "connect", connected)
    event.listen(Pool, "checkout", checked_out)
    try:
        yield
    finally:
        event.remove(Pool, "connect", connected)
        event.remove(Pool, "checkout", checked_out)
