"""What is known of one revision file? The records that the reader hands out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


class Revision(NamedTuple):
    """One revision file's header.

    A named tuple of strings: thousands are made at every start of a command, and a ``Path`` takes
    as long as the rest of a record.

    Attributes:
        filename: The file, as it was found.
        revision: The revision id.
        down_revisions: Parents, in the order of the file; empty for a base.
        branch_labels: Names given to the branch that starts here.
        depends_on: Other revisions (or branch labels) that must run first, as they are spelt.
        doc: The module docstring, "" when there is none.
        unread: Why ``branch_labels`` or ``depends_on`` are empty here, though the file has some:
            labels that are imported, dependencies on what is installed.
    """

    filename: str
    revision: str
    down_revisions: tuple[str, ...] = ()
    branch_labels: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    doc: str = ""
    unread: tuple[Problem, ...] = ()

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.filename)

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return os.path.basename(self.filename)  # noqa: PTH119 - without making a `Path`

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.doc.strip().partition("\n")[0].strip()

    @property
    def is_base(self) -> bool:
        """Whether the history starts here."""
        return not self.down_revisions

    @property
    def is_merge(self) -> bool:
        """Whether several branches meet here."""
        return len(self.down_revisions) > 1

    @property
    def stamp(self) -> datetime | None:
        """The UTC minute in the file's name (``YYYYMMDD_HHMM_…``), None where it has none."""
        from calista_tools.history.filename import stamp_of

        return stamp_of(self.name)

    @property
    def created(self) -> datetime | None:
        """The header's ``Create Date``, else the time in the file's name, else None.

        A date without a zone is taken as UTC.
        """
        for line in self.doc.splitlines():
            name, colon, value = line.partition(":")
            if colon and name.strip() == "Create Date":
                from datetime import UTC, datetime

                try:
                    date = datetime.fromisoformat(value.strip())
                except ValueError:
                    break
                return date if date.tzinfo else date.replace(tzinfo=UTC)
        return self.stamp


class Problem(NamedTuple):
    """Why a file could not be read as a revision, or does not fit into the graph.

    Attributes:
        kind: ``unreadable`` (bytes, syntax), ``no-revision``, ``unknown-value``, ``duplicate``,
            ``missing-parent`` (a ``depends_on`` that leads nowhere too) or ``cycle``.
        line: 1-based; 1 where the whole file is meant.
    """

    kind: str
    path: Path
    message: str
    line: int = 1
