"""Which rows belong to a table at one moment of a step, whoever holds them?

The rows of partitions are read as those of their root. One that is detached becomes a table of its
own, and one that is attached ceases to be one: its rows stay where they are, and yet the root has
fewer or more of them than before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from calista_tools.roundtrip.rows.table_model import Content

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

    from calista_tools.roundtrip.rows.table_model import RowState, TableName
    from calista_tools.roundtrip.snapshot import Snapshot

_QUOTED = re.compile(r'"((?:[^"]|"")+)"')


@dataclass(frozen=True)
class Moment:
    """A database before, between or after the parts of a step.

    Attributes:
        state: The rows, a partition's among those of its root.
        schema: Read only where rows are others than before.
    """

    state: RowState
    schema: Snapshot

    @cached_property
    def parents(self) -> Mapping[str, str]:
        """By table: what it inherits from or is a partition of, as snapshots spell names."""
        return {name: parent for name, (parent, _) in self._inherits.items()}

    @cached_property
    def roots(self) -> Mapping[str, str]:
        """By partition: the table that its rows are read by."""
        above = {name: parent for name, (parent, bound) in self._inherits.items() if bound}
        return {name: _last(above, name) for name in above}

    @cached_property
    def functions(self) -> Set[str]:
        """The names of the project's own functions, in lower case, without their schema."""
        keys = (key for group in self.schema.values() for key in islice(group, 1))
        return {
            key.name.partition("(")[0].rpartition(".")[2].lower()
            for key in keys
            if key.kind == "function"
        }

    @cached_property
    def _inherits(self) -> Mapping[str, tuple[str, bool]]:
        found = {}
        for group in self.schema.values():
            for key, properties in group.items():
                if key.kind == "table" and (parents := properties.get("inherits")):
                    parent = _QUOTED.sub(lambda name: name[1].replace('""', '"'), parents[0])
                    found[key.name] = (parent, "bound" in properties)
                break
        return found

    def relatives(self, table: TableName) -> Set[str]:
        """Return the names by which others write a table's rows: its parents' and partitions'."""
        mine, found = str(table), set()
        for name in self.parents:
            line = [name]
            while line[-1] in self.parents:
                line.append(self.parents[line[-1]])
            if mine in line:
                found.update(line)
        return {name.rpartition(".")[2].lower() for name in found - {mine}}

    def rows_of(self, table: TableName, since: Moment) -> Content | None:
        """Return a table's rows, of which some may be held elsewhere since another moment."""
        content = self.state.contents.get(table)
        if content is None:
            root = self.roots.get(str(table))
            return next((c for name, c in self.state.contents.items() if str(name) == root), None)
        apart = self._held(table, since.roots, self.roots)
        return _together([content, *apart])

    def taken_in(self, table: TableName, then: Moment) -> Content | None:
        """Return the rows at this moment of the tables that are partitions of this one then."""
        return _together(self._held(table, then.roots, self.roots))

    def _held(
        self, table: TableName, ours: Mapping[str, str], not_in: Mapping[str, str]
    ) -> list[Content]:
        return [
            rows
            for name, rows in self.state.contents.items()
            if ours.get(str(name)) == str(table) and str(name) not in not_in
        ]


def _last(above: Mapping[str, str], name: str) -> str:
    while name in above:
        name = above[name]
    return name


def _together(contents: Sequence[Content]) -> Content | None:
    filled = [content for content in contents if content.rows]
    if len(filled) < 2:
        return next(iter([*filled, *contents]), None)
    columns = filled[0].columns
    rows = list(filled[0].rows)
    for content in filled[1:]:
        places = [content.columns.index(n) if n in content.columns else None for n in columns]
        rows += [tuple(None if at is None else row[at] for at in places) for row in content.rows]
    return Content(columns, tuple(rows))
