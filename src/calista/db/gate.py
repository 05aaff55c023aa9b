"""Is this database at the revision that this version of CALISTA expects?

One query on the connection that the caller has anyway; no Alembic, and the revision files are
not looked at in an installed package.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from calista.db import revisions
from calista.errors import CalistaError

if TYPE_CHECKING:
    from sqlalchemy import Connection


class State(StrEnum):
    """How a database stands to this version of CALISTA."""

    CURRENT = "current"
    BEHIND = "behind"
    EMPTY = "empty"
    AHEAD = "ahead"
    UNKNOWN = "unknown"
    DIVERGED = "diverged"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the gate found.

    Attributes:
        current: What the database records, usually one revision; empty if it records none.
        head: The revision that this version of CALISTA expects.
    """

    state: State
    current: tuple[str, ...]
    head: str

    @property
    def upgradable(self) -> bool:
        """Whether `calista db upgrade` brings it to head."""
        return self.state in (State.BEHIND, State.EMPTY)

    @property
    def overlapping(self) -> bool:
        """Whether one of several recorded revisions comes before another: no upgrade records that."""
        known = revisions.known()
        before = (revisions.ancestors([item], known) - {item} for item in self.current)
        return len(self.current) > 1 and any(set(self.current) & passed for passed in before)

    @property
    def pending(self) -> list[revisions.Known]:
        """What an upgrade would run, in its order."""
        if not self.upgradable:
            return []
        return revisions.pending(self.current, revisions.known(), self.head)


class SchemaBehindError(CalistaError):
    """The database has not been upgraded to what this version of CALISTA expects."""

    exit_code = 3

    def __init__(self, standing: Standing) -> None:
        where = f"at revision {', '.join(standing.current)}" if standing.current else "empty"
        super().__init__(
            f"the database is {where}; this version of CALISTA needs {standing.head}",
            "run `calista db upgrade`",
        )
        self.standing = standing


class SchemaAheadError(CalistaError):
    """The database is at a revision that this version of CALISTA does not know."""

    exit_code = 4

    def __init__(self, standing: Standing) -> None:
        super().__init__(*_why_not_ours(standing))
        self.standing = standing


def _why_not_ours(standing: Standing) -> tuple[str, str]:
    """Return what is so of a database that this version must not touch, and what to do."""
    where = ", ".join(standing.current)
    hint = "use the version of CALISTA that upgraded it, or a newer one"
    if not standing.current:
        message = "this database has tables of CALISTA, and alembic_version records no revision"
        hint = "restore a backup, or record in alembic_version the revision that its schema is at"
    elif standing.overlapping:
        one = "one of them comes before another"
        message = f"this database records revisions {where} at once, and {one}"
        hint = "restore a backup, or leave in alembic_version the one that its schema is at"
    elif before := revisions.before_baseline(standing.current):
        return before
    else:
        how = "was upgraded by a newer CALISTA"
        if standing.state is State.DIVERGED:
            how = "has left the line of this CALISTA"
        unknown = f"which this version (at {standing.head}) does not know"
        message = f"this database {how}: it is at revision {where}, {unknown}"
    return f"{message}; nothing was touched", hint


def look(connection: Connection) -> Standing:
    """Compare the database's revision with this version's head; leaves no transaction open."""
    head = revisions.head()
    schema = "calista." if connection.dialect.name == "postgresql" else ""
    rows = _ask(connection, f"SELECT version_num FROM {schema}alembic_version")  # noqa: S608
    current = tuple(sorted(rows))
    if current == (head,):
        return Standing(State.CURRENT, current, head)
    if not current:
        if not _has_our_tables(connection, schema):
            return Standing(State.EMPTY, current, head)
        if _ask(connection, f"SELECT version_num FROM {schema}alembic_version"):  # noqa: S608
            # The first revision was committed between the two questions.
            return look(connection)
        return Standing(State.UNKNOWN, current, head)
    known = revisions.known()
    strange = [item for item in current if item not in known]
    if not strange:
        behind = Standing(State.BEHIND, current, head)
        return replace(behind, state=State.DIVERGED) if behind.overlapping else behind
    if len(strange) < len(current):
        return Standing(State.DIVERGED, current, head)
    passed = set(_ask(connection, f"SELECT revision FROM {schema}upgrade_log"))  # noqa: S608
    if head in passed:
        return Standing(State.AHEAD, current, head)
    return Standing(State.DIVERGED if passed & set(known) else State.UNKNOWN, current, head)


def _has_our_tables(connection: Connection, schema: str) -> bool:
    from calista.db.tables import metadata

    return any(
        _ask(connection, f"SELECT count(*) FROM (SELECT 1 FROM {schema}{name} LIMIT 0) AS t")  # noqa: S608
        for name in metadata.tables
    )


def require_current(connection: Connection) -> None:
    """Let only a database through that is exactly where this version of CALISTA expects it.

    Raises:
        SchemaBehindError: It is behind, or empty; `calista db upgrade` helps.
        SchemaAheadError: It is ahead, or its revision is unknown; nothing here helps.
    """
    standing = look(connection)
    if standing.upgradable:
        raise SchemaBehindError(standing)
    if standing.state is not State.CURRENT:
        raise SchemaAheadError(standing)


def _ask(connection: Connection, query: str) -> list[str]:
    """Run a query on a table that may not be there, without harm to the caller's transaction."""
    if not connection.in_transaction():
        try:
            return _texts(connection, query)
        except DBAPIError as error:
            return _nothing_if_missing(error)
        finally:
            connection.rollback()
    if connection.dialect.name == "sqlite":
        try:
            return _texts(connection, query)
        except DBAPIError as error:
            return _nothing_if_missing(error)
    try:
        # On PostgreSQL an error would be the end of the transaction that the caller is in.
        with connection.begin_nested():
            return _texts(connection, query)
    except DBAPIError as error:
        return _nothing_if_missing(error)


def _texts(connection: Connection, query: str) -> list[str]:
    # A NULL that somebody has put there is no revision that we know.
    return [str(value) for value in connection.exec_driver_sql(query).scalars()]


def _nothing_if_missing(error: DBAPIError) -> list[str]:
    undefined_table, undefined_schema = "42P01", "3F000"
    code = getattr(error.orig, "sqlstate", None)
    if code in (undefined_table, undefined_schema) or "no such table" in str(error.orig):
        return []
    raise error


# What the first call would pay for; a history that cannot be read is the first call's to report.
with contextlib.suppress(CalistaError):
    revisions.head()
