"""What is to be said of head: does it drift from the metadata?

Reflecting a table takes Alembic longer than a whole step of a revision does, so that it is asked
only of tables that may differ: after a run that proved only what is new, those that a revision or
the metadata changed since; else, on SQLite, those that the metadata makes otherwise than the
revisions. PostgreSQL is asked for all tables at once, and takes longer to make them.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.roundtrip.live.sent_statements import words
from calista_tools.roundtrip.project.metadata_schema import made_by, makes_more_than_tables, unlike
from calista_tools.roundtrip.project.table_text import table_text
from calista_tools.roundtrip.proof.drift import metadata_of, table_drift, unseen_drift
from calista_tools.roundtrip.proof.parity import accepted
from calista_tools.roundtrip.proof.result import OK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import MetaData, Table

    from calista_tools.backends import PostgresServer, SqliteFolder
    from calista_tools.roundtrip.proof.result import Run
    from calista_tools.roundtrip.proof.walk import Walk
    from calista_tools.roundtrip.snapshot import Snapshot

#: Where an object happens to be in memory, which its ``repr`` may say.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
#: So many tables are reflected in the time in which an empty database is made.
_FEW = 8


class Head:
    """Looks at head, once.

    Args:
        backend: Where the metadata's schema may be made.
        walk: What led there.
        tables: Digests of the metadata's tables when head was compared the last time.
        whole: Whether the walk is to end at the last revision.

    Attributes:
        tables: The digests as they are now, for the next time; "" for tables that drift.
    """

    def __init__(
        self,
        backend: SqliteFolder | PostgresServer,
        walk: Walk,
        tables: Mapping[str, str] | None,
        *,
        whole: bool,
    ) -> None:
        self._backend = backend
        self._walk = walk
        self._known = tables
        self._whole = whole
        self._drift: list[str] = []
        self._notes: list[str] = []
        self._metadata: bool | None = None
        self._compared = False
        self.tables: dict[str, str] = {}

    @property
    def reached(self) -> bool:
        """Whether every revision is applied."""
        return self._whole and all(step.upgrade == OK for step in self._walk.steps)

    def look(self, context: MigrationContext) -> None:
        """Compare the database, which is at head, with the metadata."""
        if not self.reached:
            return
        walk = self._walk
        try:
            metadata = metadata_of(context)
            self._metadata = bool(metadata)
            self.tables = _digests(metadata)
            suspects = self._suspects(walk.at.first, walk.snapshot)
            more = makes_more_than_tables(metadata)
            made: Snapshot | Exception | None = None
            cheap = self._backend.dialect == "sqlite" and len(self.tables) > _FEW
            if more or (suspects is None and cheap):
                made = self._made(metadata)
            if suspects is None and isinstance(made, dict):
                # Of one at least: plugins of Alembic's compare what belongs to no table.
                suspects = unlike(walk.snapshot, made) or set(list(self.tables)[:1])
            self._drift = table_drift(context, suspects)
            self.tables = _remembered(self.tables, self._drift, walk.snapshot)
            if more and isinstance(made, Exception):
                raise made
            if more and isinstance(made, dict):
                self._drift += unseen_drift(walk.snapshot, made)
            self._compared = self._metadata
        except Exception as error:
            self._notes.append(f"head could not be compared with the metadata: {words(error)}")

    def report(self, run: Run, reasons: Mapping[str, str]) -> None:
        """Put into the run what was found, up to what the project wrote down with a reason."""
        if not self._walk.looked:
            try:
                self._walk.look(self.look)
            except ToolError as error:
                self._notes.append(f"head could not be compared with the metadata: {error}")
        run.notes.extend(self._notes)
        run.unknown.extend(self._notes)
        run.compared += ["drift"] * self._compared
        run.metadata = self._metadata
        run.drift, known = accepted(self._drift, reasons)
        run.notes.extend(known)

    def _made(self, metadata: Sequence[MetaData]) -> Snapshot | Exception:
        """Return what the metadata makes, or why it makes nothing in an empty database.

        Such as a column's type, which comes with an extension that only a revision creates.
        """
        scratch = self._backend.create()
        try:
            return made_by(metadata, scratch.url)
        except Exception as error:
            return error
        finally:
            scratch.drop()

    def _suspects(self, first: Snapshot | None, head: Snapshot) -> set[str] | None:
        if self._known is None:
            return None
        first = head if first is None else first
        names = {name for name in head.keys() | first.keys() if head.get(name) != first.get(name)}
        return names | {
            name
            for name in self.tables.keys() | self._known.keys()
            if self.tables.get(name) != self._known.get(name)
        }


def _digests(metadata: Sequence[MetaData]) -> dict[str, str]:
    return {str(name): _digest(table) for item in metadata for name, table in item.tables.items()}


def _digest(table: Table) -> str:
    from sqlalchemy.exc import CompileError

    try:
        return hashlib.sha256(_ADDRESS.sub("", table_text(table)).encode()).hexdigest()[:16]
    except CompileError:
        # Constructs of the project's own that only its dialects can say: compared every time.
        return secrets.token_hex(8)


def _remembered(digests: Mapping[str, str], drift: Sequence[str], head: Snapshot) -> dict[str, str]:
    """Return the digests with what is to be compared again whatever becomes of it."""
    found = dict(digests)
    for line in drift:
        words = line.partition(" (")[0].replace(":", " ").split()
        names = {
            name
            for name in head.keys() | digests.keys()
            if any(word == name or word.startswith(f"{name}.") for word in words)
        }
        if not names:
            return {}
        found |= dict.fromkeys(names, "")
    return found
