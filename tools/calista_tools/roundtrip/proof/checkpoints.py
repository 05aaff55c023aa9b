"""How is an earlier state of a scratch database made again? From a copy, and what came after it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic.script import Script

    from calista_tools.backends import ScratchDatabase


class Checkpoints:
    """The copies of one scratch database, and what was applied since the last of them.

    Args:
        database: Of what.
        origin: Makes the database again what it is now; by default a copy of it is kept.
        beginning: Makes it what it was before the first revision, if it is behind that already.

    Attributes:
        since: Applied since the last copy was made.
    """

    def __init__(
        self,
        database: ScratchDatabase,
        origin: Callable[[], None] | None = None,
        beginning: Callable[[], None] | None = None,
    ) -> None:
        self.since: list[Script] = []
        self._database = database
        self._first = None if origin else database.copy()
        self._to_origin = origin or partial(database.replace_by, self._first)
        self._to_beginning = beginning or self._to_origin
        #: None stands for the origin.
        self._copy: ScratchDatabase | None = None

    def to_origin(self) -> None:
        """Make the database what it was in the beginning."""
        self._to_origin()
        self.since = []

    def to_beginning(self) -> None:
        """Make the database what it was before any revision."""
        self._to_beginning()
        self.since = []

    def to_copy(self) -> list[Script]:
        """Make the database what it was at the last copy; return what was applied after that."""
        scripts, self.since = self.since, []
        if self._copy is None:
            self._to_origin()
        else:
            self._database.replace_by(self._copy)
        return scripts

    def mark(self) -> None:
        """Keep a copy of the database as it is now."""
        if self._copy is not None:
            self._copy.drop()
        self._copy = self._database.copy()
        self.since = []

    def close(self) -> None:
        """Drop the copies."""
        for copy in (self._copy, self._first):
            if copy is not None:
                copy.drop()
