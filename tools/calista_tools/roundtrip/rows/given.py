"""Which rows does the project give itself? A file of its own, by revision and table.

::

    [tool.calista.roundtrip]
    rows = "tests/rows.toml"
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from calista_tools.roundtrip.rows.model import Value


@dataclass(frozen=True, slots=True)
class GivenRows:
    """Rows by revision, and by table within it."""

    revisions: Mapping[str, Mapping[str, Sequence[Mapping[str, Value]]]]

    def at(self, revisions: Sequence[str]) -> Mapping[str, Sequence[Mapping[str, Value]]]:
        """Return the rows to put in, by table, once these revisions were applied."""
        found: dict[str, list[Mapping[str, Value]]] = {}
        for revision in revisions:
            for table, rows in self.revisions.get(revision, {}).items():
                found.setdefault(table, []).extend(rows)
        return found
