"""What does a test of ``dialect.driver`` say? On each dialect the driver is one of a few."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.evaluator.values import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

#: SQLAlchemy's own, as `dialect.driver` calls them.
#: Source: https://docs.sqlalchemy.org/en/21/dialects/index.html
_DRIVERS = {
    "sqlite": ("pysqlite", "aiosqlite", "pysqlcipher", "pysqlite_numeric", "pysqlite_dollar"),
    "postgresql": ("psycopg", "psycopg2", "psycopg_async", "psycopg2cffi", "asyncpg", "pg8000"),
}


class Driver(Unknown):
    """The name of the driver: not known, but what it is not is.

    Attributes:
        names: What it may be.
    """

    __slots__ = ("names",)

    def __init__(self, dialect: str) -> None:
        super().__init__("depends on the driver")
        self.names = _DRIVERS[dialect]

    def each(self, outcome: Callable[[str], object]) -> object:
        """Return what something gives, if it is the same truth for every driver."""
        first, *others = map(outcome, self.names)
        same = isinstance(first, bool) and all(one is first for one in others)
        return first if same else Unknown(self.reason)
