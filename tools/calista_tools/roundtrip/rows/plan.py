"""Which rows suit a table? Each is a little different: ordinary, at the edges, as empty as can be."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from calista_tools.roundtrip.rows.samples import sample
from calista_tools.roundtrip.rows.solve import ANY, solve
from calista_tools.roundtrip.rows.written_values import to_sqlite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from calista_tools.roundtrip.rows.access import Access
    from calista_tools.roundtrip.rows.solve import Solution
    from calista_tools.roundtrip.rows.table_model import (
        Content,
        ForeignKey,
        Table,
        TableName,
        Value,
    )

PlannedRow = dict[str, "Value"]
#: Every third row is as empty as the table allows.
_EMPTY_EVERY = 3
#: Where an expression looks into a document: ``->> 'id'``, ``json_extract(meta, '$.id')``.
_PATH = re.compile(r"'(?:\$\.)?(\w+(?:\.\w+)*)'")


class Planner:
    """Makes rows for one table.

    Args:
        access: The database, asked which values its CHECKs accept.
        table: What the rows are for.
        contents: The rows of all tables, for references.
        start: How many rows were made before: others come now.
    """

    def __init__(
        self,
        access: Access,
        table: Table,
        contents: Mapping[TableName, Content],
        start: int,
    ) -> None:
        self.table = table
        self.start = start
        self._sqlite = access.dialect == "sqlite"
        self._columns = {c.name: c for c in table.columns if not c.computed}
        self._choices = {key: _referred(key, contents) for key in table.foreign_keys}
        fixed = {
            name: [values[at] for values in choices]
            for key, choices in self._choices.items()
            for at, name in enumerate(key.columns)
            if choices
        }
        self._paths = [path for text in table.generated for path in _PATH.findall(text)]
        self._groups: list[list[Solution]] = []
        self.unanswered: list[str] = []
        if table.checks or any(column.checks for column in table.columns):
            self._groups, self.unanswered = solve(access, table, start, fixed)

    def missing(self) -> list[ForeignKey]:
        """Return references that need a row where there is none."""
        return [
            key
            for key, choices in self._choices.items()
            if not choices and not any(self._columns[name].nullable for name in key.columns)
        ]

    def row(self, number: int, attempt: int = 0, *, full: bool = False) -> PlannedRow:
        """Return a row; other attempts return others for the same place.

        Args:
            number: Its place, from 0.
            attempt: How often the database refused one for this place.
            full: Never leave a column empty.
        """
        nth = self.start + number + attempt
        empty = not full and nth % _EMPTY_EVERY == _EMPTY_EVERY - 1
        turn = self.start + number + attempt * 5
        keys = self.table.key_columns
        row: PlannedRow = {}
        for name, column in self._columns.items():
            if empty and name not in keys and column.nullable:
                row[name] = None
                continue
            value = self._plain(name, turn)
            # Not the default where another value is known: it may be the clock.
            if value is not None or not column.default:
                row[name] = value
        for solutions in self._groups:
            for name, value in _choose(solutions, turn, empty=empty).items():
                row[name] = self._plain(name, turn) if value is ANY else value
        for at, (key, choices) in enumerate(self._choices.items()):
            optional = any(self._columns[name].nullable for name in key.columns)
            if not choices or (empty and optional and not keys & set(key.columns)):
                row |= dict.fromkeys(key.columns)
            else:
                fits = self._fitting(key, choices, row)
                # Later keys move on only when the first went round: no pair comes twice.
                place = turn if at == 0 else turn + turn // max(len(fits), 1)
                row |= dict(zip(key.columns, fits[place % len(fits)], strict=True))
        return row

    def _fitting(
        self, key: ForeignKey, choices: list[tuple[Value, ...]], row: PlannedRow
    ) -> list[tuple[Value, ...]]:
        """Return the rows to refer to that agree with what CHECKs demand of this one, if any do."""
        solved = {name for solution in self._solved() for name in solution}
        places = [at for at, name in enumerate(key.columns) if name in solved]
        if not places:
            return choices
        fits = [
            values
            for values in choices
            if all(str(values[at]) == str(row.get(key.columns[at])) for at in places)
        ]
        return fits or choices

    def _plain(self, name: str, turn: int) -> Value:
        """Return a value that suits the column by itself."""
        column = self._columns[name]
        text = sample(column, turn, key=name in self.table.key_columns)
        if self._paths and text is not None and column.type in ("json", "jsonb"):
            text = _with_paths(text, self._paths, turn)
        return to_sqlite(column, text) if self._sqlite else text

    def _solved(self) -> list[Solution]:
        return [solutions[0] for solutions in self._groups if solutions]


def _with_paths(text: str, paths: Sequence[str], turn: int) -> str:
    """Put values into a document where generated columns look for them."""
    document = json.loads(text)
    for path in paths:
        inner = document
        *outer, last = path.split(".")
        for key in outer:
            inner = inner.setdefault(key, {})
        # Digits are both a text and a number.
        inner.setdefault(last, str(70 + turn))
    return json.dumps(document)


def link(
    planned: Mapping[TableName, list[PlannedRow]], tables: Sequence[Table], *, root: bool = False
) -> None:
    """Let rows that are planned together refer to each other, each to its neighbour.

    Args:
        planned: The rows by table.
        tables: Whose references are made.
        root: Whether the first row of a table that refers to itself refers to none, where it can.
    """
    for _ in tables:
        for table in tables:
            for key in table.foreign_keys:
                others = planned.get(key.table)
                if not others:
                    continue
                optional = [c.name for c in table.columns if c.nullable and c.name in key.columns]
                for number, row in enumerate(planned[table.name]):
                    if root and number == 0 and optional and key.table == table.name:
                        row |= dict.fromkeys(optional)
                        continue
                    other = others[max(number - 1, 0) % len(others)]
                    for name, referred in zip(key.columns, key.referred, strict=True):
                        row[name] = other.get(referred)


def _referred(key: ForeignKey, contents: Mapping[TableName, Content]) -> list[tuple[Value, ...]]:
    content = contents.get(key.table)
    if content is None or not content.rows:
        return []
    lower = {name.lower(): at for at, name in enumerate(content.columns)}
    places = [lower.get(name.lower()) for name in key.referred]
    if None in places:
        return []
    rows = [tuple(_writable(row[at]) for at in places if at is not None) for row in content.rows]
    return [values for values in rows if None not in values]


def _writable(value: Value) -> Value:
    """Return a value that was read as it is written again: PostgreSQL takes everything as text."""
    return ("true" if value else "false") if isinstance(value, bool) else value


def _choose(solutions: Sequence[Solution], turn: int, *, empty: bool) -> Solution:
    """Take one of the solutions, with NULLs in it only where the row is to be empty."""
    wanted = [found for found in solutions if (None in found.values()) == empty]
    pool = wanted or solutions
    return pool[turn % len(pool)]
