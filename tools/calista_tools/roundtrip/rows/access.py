"""How do we read and write rows beside a migration run, without disturbing its transactions?"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Traces of what a step wrote.

    Attributes:
        locks: PostgreSQL: by relation, how the step's transactions locked it; None if unknown.
        whereabouts: PostgreSQL: where the rows of relations are read, as far as that is known
            already, see `postgresql_queries.WHEREABOUTS`; None for those that are gone.
        accesses: SQLite: what its authorizer was told, see `authorizer.note`; None if unknown.
        tables: SQLite: the user's tables as they are now; None if they are to be asked for.
    """

    locks: Mapping[int, Set[str]] | None = None
    whereabouts: Mapping[int, Sequence[Any] | None] = field(default_factory=dict)
    accesses: Set[tuple[int, str]] | None = None
    tables: Set[str] | None = None


class Query(Protocol):
    """A database that can be read."""

    @property
    def dialect(self) -> str:
        """Which database it is."""

    def query(self, sql: str) -> Sequence[Sequence[Any]]:
        """Run one statement past SQLAlchemy, each its own transaction; return its rows."""


class Access(Query, Protocol):
    """A database between two steps, when nothing of the run is uncommitted."""

    @property
    def error(self) -> type[Exception]:
        """What a refused statement raises."""

    def written(self) -> Written:
        """Return what may have been written to since this was asked for the last time."""

    def write(self, sql: str) -> None:
        """Run one statement in the same way; `written` tells of what it writes to."""


def attempt(access: Access, statements: Sequence[str], tables: Sequence[str] = ()) -> str | None:
    """Run statements, all or none; return in one line why the database refuses them.

    Args:
        access: The database.
        statements: What to run.
        tables: Whose references must hold in the end, although SQLite enforces none by itself.
    """
    if access.dialect == "postgresql":
        [statement] = statements
        return _run(access, statement)
    # A transaction of its own where none is open, which sqlite3 would else leave open.
    access.query("SAVEPOINT calista_rows")
    broken = _broken(access, tables)
    refused = next(filter(None, (_run(access, statement) for statement in statements)), None)
    if refused is None and _broken(access, tables) > broken:
        refused = f"a row of {tables[0]} would refer to nothing"
    # A deferred reference is checked now.
    refused = refused or _run(access, "RELEASE calista_rows")
    if refused is not None:
        access.query("ROLLBACK TO calista_rows")
        access.query("RELEASE calista_rows")
    return refused


def _broken(access: Access, tables: Sequence[str]) -> int:
    """Count references to nothing; where no key can be referred to, SQLite cannot tell."""
    count = 0
    for table in tables:
        with suppress(access.error):
            count += len(access.query(f"PRAGMA foreign_key_check({quote(table)})"))
    return count


def _run(access: Access, statement: str) -> str | None:
    try:
        access.write(statement)
    except access.error as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return "; ".join(lines[:2]) or type(error).__name__
    return None


def quote(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """Write a value as SQL that both dialects understand.

    PostgreSQL gives a quoted literal the type of its column, so that every type can be text there.
    """
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"
