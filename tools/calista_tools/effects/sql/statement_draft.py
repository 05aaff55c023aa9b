"""What is known so far of the statement that is being parsed?"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from calista_tools.effects.objects import Column, Name, SchemaObject
from calista_tools.effects.sql.statement_effects import Change, Statement

if TYPE_CHECKING:
    from calista_tools.effects.sql.statement_effects import Trigger

    #: What a foreign key refers to: schema, table, columns.
    Referred = tuple[str | None, str | None, tuple[str | None, ...] | None]

#: Where a column of raw SQL stands until the evaluator says which call it came from.
NOWHERE = ast.Pass(lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)


class Draft:
    """A statement in the making; ``finish`` turns it into the record."""

    __slots__ = (
        "changes",
        "columns",
        "conditional",
        "dialect",
        "flags",
        "kind",
        "objects",
        "schema",
        "table",
        "tables",
        "trigger",
        "unknown",
        "verb",
        "written",
    )

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.kind = "other"
        self.verb = ""
        self.table: str | None = None
        self.schema: str | None = None
        self.tables: list[str] = []
        self.flags: set[str] = set()
        self.objects: list[SchemaObject] = []
        self.changes: list[Change] = []
        self.columns: list[Column] = []
        self.written: tuple[str, ...] = ()
        self.trigger: Trigger | None = None
        self.conditional = False
        self.unknown = ""

    def on(self, schema: str | None, table: str) -> None:
        """Say which table the statement is about."""
        self.schema, self.table = schema, table

    def touch(
        self,
        action: str,
        kind: str,
        name: str | None,
        *,
        table: str | None = None,
        schema: str | None = None,
        columns: tuple[str | None, ...] | None = (),
        referred: Referred = (None, None, ()),
        new_name: str | None = None,
        unique: bool = False,
        expression: str = "",
        parts: tuple[str | None, ...] | None = None,
    ) -> None:
        """Record an object that the statement creates, renames or drops."""
        self.objects.append(
            SchemaObject(
                action,
                kind,
                table,
                None if name is None else Name(name, final=True),
                columns,
                referred[1],
                referred[2],
                implicit=name is None,
                new_name=new_name,
                raw=True,
                unique=unique,
                expression=expression,
                schema=schema if schema is not None else self.schema,
                referred_schema=referred[0],
                parts=parts,
            )
        )

    def change(
        self,
        what: str,
        name: str | None = None,
        new_name: str | None = None,
        column: Column | None = None,
        flags: frozenset[str] | set[str] = frozenset(),
    ) -> None:
        """Record one action of an ``ALTER``."""
        self.changes.append(Change(what, name, new_name, column, frozenset(flags)))

    def finish(self, start: int, end: int) -> Statement:
        """Return the record."""
        return Statement(
            kind=self.kind,
            verb=self.verb,
            table=self.table,
            schema=self.schema,
            tables=tuple(self.tables),
            flags=frozenset(self.flags),
            objects=tuple(self.objects),
            changes=tuple(self.changes),
            columns=tuple(self.columns),
            written=self.written,
            trigger=self.trigger,
            conditional=self.conditional,
            unknown=self.unknown,
            start=start,
            end=end,
        )
