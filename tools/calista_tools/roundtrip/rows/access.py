"""How do we read and write rows beside a migration run, without disturbing its transactions?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Traces of what a step wrote.

    Attributes:
        locks: PostgreSQL: by relation, how the step's transactions locked it; None if unknown.
        accesses: SQLite: what its authorizer was told, see `touched.note`; None if unknown.
    """

    locks: Mapping[int, Set[str]] | None = None
    accesses: Set[tuple[int, str]] | None = None


class Access(Protocol):
    """A database between two steps, when nothing of the run is uncommitted."""

    @property
    def dialect(self) -> str:
        """Which database it is."""

    @property
    def error(self) -> type[Exception]:
        """What a refused statement raises."""

    def written(self) -> Written:
        """Return what may have been written to since this was asked for the last time."""

    def query(self, sql: str) -> Sequence[Sequence[Any]]:
        """Run one statement past SQLAlchemy, each its own transaction; return its rows."""


def attempt(access: Access, statements: Sequence[str]) -> str | None:
    """Run statements, all or none; return in one line why the database refuses them."""
    if access.dialect == "postgresql":
        [statement] = statements
        return _run(access, statement)
    # A transaction of its own where none is open, which sqlite3 would else leave open.
    access.query("SAVEPOINT calista_rows")
    refused = None
    for statement in (*statements, "RELEASE calista_rows"):
        refused = _run(access, statement)
        if refused is not None:
            access.query("ROLLBACK TO calista_rows")
            access.query("RELEASE calista_rows")
            break
    return refused


def _run(access: Access, statement: str) -> str | None:
    try:
        access.query(statement)
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
