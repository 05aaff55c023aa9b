"""Was what a step removes made by the same revision, or copied to another place before?

Asked for every removal of a file, so each step is read once: by the words of what it copies.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from calista_tools.effects import steps
from calista_tools.startup.patterns import later
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calista_tools.effects.operations import Operation
    from calista_tools.effects.sql import Statement

#: Every column of a table: ``*`` or ``t.*``, not ``count(*)`` and no product.
_EVERYTHING = later(
    r'(?:^|,)\s*(?:(?:ALL|DISTINCT)\s+)?(?:"?(\w+)"?\.)?\*\s*(?:,|FROM\b)', re.IGNORECASE
)
_CONDITION = later(r"'(?:[^']|'')*'|[()]|\b(?:WHERE|RETURNING)\b", re.IGNORECASE)
_WORD = later(r"\w+")


class _Copy(NamedTuple):
    """A data step that may have copied something.

    Attributes:
        text: The SQL that the statement is a part of.
    """

    operation: Operation
    statement: Statement
    text: str


class Saved:
    """What the steps that were added so far made, and what they copied."""

    def __init__(self) -> None:
        self._created: set[str] = set()
        self._added: set[tuple[str | None, str | None]] = set()
        self._by_word: dict[str, list[_Copy]] = {}
        self._by_table: dict[str | None, list[_Copy]] = {}
        #: Of them those that may take every column of a table.
        self._by_word_all: dict[str, list[_Copy]] = {}
        self._sources: dict[tuple[int, bool], str] = {}
        self._words: dict[tuple[int, bool], frozenset[str]] = {}
        self._stars: dict[tuple[int, bool], tuple[re.Match[str], ...]] = {}
        self._new: dict[int, tuple[int, bool]] = {}

    def add(self, operation: Operation) -> None:
        """Take in the next step."""
        self._created |= steps.created_tables((operation,))
        if operation.what == "add_column":
            self._added.update((operation.table, spec.name) for spec in operation.specs)
        for statement in steps.statements(operation):
            if statement.kind == "dml" or statement.verb == "create table as":
                copy = _Copy(operation, statement, operation.sql or "")
                for name in {*statement.tables, statement.table}:
                    self._by_table.setdefault(name, []).append(copy)
                text = copy.text[statement.start : statement.end]
                all_columns = self._takes_all(copy, text)
                for word in _words(text):
                    self._by_word.setdefault(word, []).append(copy)
                    if all_columns:
                        self._by_word_all.setdefault(word, []).append(copy)

    def holds(self, lost: str, operation: Operation) -> bool:
        """Whether what a step removes is not lost, as far as its own revision says.

        Args:
            lost: What is removed, its name between backticks.
            operation: The step.
        """
        name = lost.partition("`")[2].rstrip("`")
        table, _, column = name.partition(".")
        if table in self._created or table.startswith("_alembic_tmp_"):
            return True
        if (table, column) in self._added:
            return True
        candidates = _candidates(self._by_word, column or table)
        if not self._created:  # then a step is about the table alone
            candidates = min(candidates, self._by_table.get(table, ()), key=len)
        named = (copy for copy in candidates if self._mentions(copy, column or table))
        whole = (
            copy for copy in _candidates(self._by_word_all, table) if self._copies_all(copy, table)
        )
        return any(
            not copy.operation.dialects.isdisjoint(operation.dialects)
            and self._is_about(copy.statement, table)
            for copy in chain(named, whole)
        )

    def _takes_all(self, copy: _Copy, text: str) -> bool:
        """Whether a step may take every column of some table."""
        if "*" not in text or copy.statement.verb == "update":
            return "*" in text
        return _EVERYTHING.search(_source(copy.statement, copy.text, whole=True)) is not None

    def _is_about(self, statement: Statement, table: str) -> bool:
        tables = (*statement.tables, statement.table)
        return table in tables or not self._created.isdisjoint(tables)

    def _mentions(self, copy: _Copy, name: str) -> bool:
        """Whether what a step copies mentions a name."""
        key = self._key(copy)
        if key not in self._words:
            self._words[key] = _words(self._source(copy, key))
        words = _words(name)
        if not words <= self._words[key]:
            return False
        if _WORD.fullmatch(name):
            return True
        pattern = rf"\b{re.escape(name)}\b"
        return re.search(pattern, self._source(copy, key), re.IGNORECASE) is not None

    def _copies_all(self, copy: _Copy, table: str) -> bool:
        """Whether a step takes every column of a table."""
        key = self._key(copy)
        source = self._source(copy, key)
        if key not in self._stars:
            self._stars[key] = tuple(_EVERYTHING.finditer(source))
        name = rf'\b{re.escape(table)}\b"?' if self._stars[key] else ""
        for star in self._stars[key]:
            alias = rf'\s+(?:AS\s+)?"?{star[1]}\b' if star[1] not in (None, table) else ""
            taken = rf'\b(?:FROM|JOIN)\s+(?:"?\w+"?\.)?"?{name}{alias}'
            if re.search(taken, source, re.IGNORECASE):
                return True
        return False

    def _source(self, copy: _Copy, key: tuple[int, bool]) -> str:
        if key not in self._sources:
            self._sources[key] = _source(copy.statement, copy.text, whole=key[1])
        return self._sources[key]

    def _key(self, copy: _Copy) -> tuple[int, bool]:
        """Return what a step's source is kept by: the step, and whether it fills a new column."""
        statement = copy.statement
        at, whole = self._new.get(id(copy), (-1, False))
        if not whole and at != len(self._added):
            whole = any((statement.table, name) in self._added for name in statement.written)
            self._new[id(copy)] = (len(self._added), whole)
        return id(copy), whole


def _candidates(by_word: dict[str, list[_Copy]], name: str) -> Sequence[_Copy]:
    """Return the steps whose text has the rarest word of a name."""
    return min((by_word.get(word, []) for word in _words(name)), key=len, default=[])


def _words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(text))


def _source(statement: Statement, text: str, *, whole: bool) -> str:
    """Return the part of a data step from which what it writes is taken.

    A condition counts only where it says what goes into a column that is new: ``SET kind = 'old'
    WHERE is_old``.
    """
    text = text[statement.start : statement.end]
    if statement.verb in ("insert", "replace", "merge", "create table as"):
        return "".join(re.split(r"\bSELECT\b", text, maxsplit=1, flags=re.IGNORECASE)[1:])
    if statement.verb != "update":
        return ""
    text = text.partition("=")[2]
    if whole:
        return text
    depth = 0
    for found in _CONDITION.finditer(text):
        if found[0] in "()":
            depth += 1 if found[0] == "(" else -1
        elif depth == 0 and not found[0].startswith("'"):
            return text[: found.start()]
    return text
