"""Scratch databases: SQLite files and a real PostgreSQL server."""

from calista_tools.backends.postgresql import PostgresServer, open_server
from calista_tools.backends.scratch import ScratchDatabase, shown
from calista_tools.backends.sqlite import SqliteFolder
from calista_tools.drivers import synchronous

__all__ = [
    "PostgresServer",
    "ScratchDatabase",
    "SqliteFolder",
    "open_server",
    "shown",
    "synchronous",
]
