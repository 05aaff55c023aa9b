"""Scratch databases: SQLite files and a real PostgreSQL server."""

from calista_tools.backends.postgresql import PostgresServer, open_server
from calista_tools.backends.scratch import ScratchDatabase, shown, synchronous
from calista_tools.backends.sqlite import SqliteFolder

__all__ = [
    "PostgresServer",
    "ScratchDatabase",
    "SqliteFolder",
    "open_server",
    "shown",
    "synchronous",
]
