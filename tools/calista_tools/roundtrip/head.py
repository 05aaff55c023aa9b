"""What is to be said of head: does it drift from the metadata?

After a run that proved only what is new, only those tables are compared that a revision or the
metadata changed since: reflecting all of them takes longer than proving a revision.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from calista_tools.errors import ToolError
from calista_tools.roundtrip.drift import made_by, metadata_of, table_drift, unseen_drift
from calista_tools.roundtrip.live import snapshot_of
from calista_tools.roundtrip.parity import accepted
from calista_tools.roundtrip.statements import words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import URL

    from calista_tools.backends import PostgresServer, SqliteFolder
    from calista_tools.roundtrip.result import Run
    from calista_tools.roundtrip.snapshot import Snapshot
    from calista_tools.roundtrip.walk import Walk


class Head:
    """Looks at head, once.

    Args:
        place: Where the metadata's schema may be made.
        tables: Digests of the metadata's tables when head was compared the last time.
        reasons: Drift that the project wrote down.

    Attributes:
        tables: The digests as they are now.
    """

    def __init__(
        self,
        place: SqliteFolder | PostgresServer,
        tables: Mapping[str, str] | None,
        reasons: Mapping[str, str],
    ) -> None:
        self._place = place
        self._known = tables
        self._reasons = reasons
        self.tables: dict[str, str] = {}

    def look(self, walk: Walk, run: Run, *, compare: bool) -> None:
        """Read head once more as a whole, and put its drift into the run if it is to be compared."""
        found: list[str] = []

        def at_head(context: MigrationContext) -> None:
            if not compare:
                return
            self.tables = _digests(context)
            try:
                found.extend(table_drift(context, self._suspects(walk.first, walk.snapshot)))
                if make := made_by(context):
                    scratch = self._place.create()
                    found.extend(unseen_drift(walk.snapshot, _made(make, scratch.url)))
                    scratch.drop()
            except Exception as error:
                run.notes.append(f"head could not be compared with the metadata: {words(error)}")

        try:
            walk.look(at_head)
        except ToolError as error:
            run.notes.append(f"head could not be compared with the metadata: {error}")
        run.drift, known = accepted(found, self._reasons)
        run.notes.extend(known)

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


def _digests(context: MigrationContext) -> dict[str, str]:
    return {
        str(name): hashlib.sha256(
            f"{table!r}{sorted(map(repr, table.indexes))}{sorted(map(repr, table.constraints))}".encode()
        ).hexdigest()[:16]
        for metadata in metadata_of(context)
        for name, table in metadata.tables.items()
    }


def _made(make: Callable[[Any], None], url: URL) -> Snapshot:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    plain = {"sqlite+aiosqlite": "sqlite"}.get(url.drivername, url.drivername)
    engine = create_engine(url.set(drivername=plain), poolclass=NullPool)
    make(engine)
    engine.dispose()
    return snapshot_of(url.set(drivername=plain))
