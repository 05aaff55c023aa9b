"""What does a piece of SQL do? The records that ``effects`` returns and rules query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from calista_tools.effects.objects import Column, SchemaObject


#: A word that stands for a part of the text that is not known.
HOLE = "calista__hole"


class Only(NamedTuple):
    """A construct that one dialect alone understands.

    Attributes:
        dialect: The one that does.
        construct: As a message would show it: ``dollar-quoted string``, ``JSONB``, ``PRAGMA``.
        offset: Where the first one stands in the text.
    """

    dialect: str
    construct: str
    offset: int


class Trigger(NamedTuple):
    """When a trigger fires and what it does.

    Attributes:
        timing: ``BEFORE``, ``AFTER`` or ``INSTEAD OF``; SQLite's default is ``BEFORE``.
        events: ``INSERT``, ``UPDATE``, ``DELETE``, ``TRUNCATE``.
        columns: Of ``UPDATE OF``; empty for all of them.
        level: ``ROW`` or ``STATEMENT``.
        when: The condition; "" where it fires always.
        function: The function that PostgreSQL calls; None on SQLite.
        raises: The body holds a ``RAISE(…)`` (SQLite).
    """

    timing: str
    events: tuple[str, ...]
    columns: tuple[str, ...]
    level: str
    when: str
    function: str | None
    raises: bool


class Change(NamedTuple):
    """One action of an ``ALTER`` statement.

    Attributes:
        what: ``add_column``, ``drop_column``, ``rename_column``, ``alter_type``, ``set_not_null``,
            ``drop_not_null``, ``set_default``, ``drop_default``, ``add_constraint``,
            ``drop_constraint``, ``rename_constraint``, ``validate_constraint``,
            ``alter_constraint``, ``rename``, ``enable_trigger``, ``enable_always_trigger``,
            ``enable_replica_trigger``, ``disable_trigger``, ``add_value``, ``rename_value``,
            ``set_schema``, ``attach_partition``, ``detach_partition`` or ``other``. Also ``set``
            of a session's setting, and ``with delete`` (``insert`` …) of rows beside the
            statement's own.
        name: The column, constraint, trigger or enum value that it is about.
        column: What ``add_column`` adds; for ``alter_type`` its ``type`` is the new one.
        flags: Lower-case words of the clause: ``not valid``, ``using``, ``using index``,
            ``cascade``, ``if exists``, ``if not exists``, ``default``, ``not null``, ``check``,
            ``foreign key``, ``unique``, ``primary key``, ``exclude``.
    """

    what: str
    name: str | None = None
    new_name: str | None = None
    column: Column | None = None
    flags: frozenset[str] = frozenset()


class Statement(NamedTuple):
    """One statement.

    Attributes:
        kind: ``ddl``, ``dml``, ``query``, ``transaction`` (``BEGIN``, ``COMMIT`` …), ``session``
            (``SET``, ``PRAGMA`` …) or ``other``.
        verb: Lower-case: ``create table``, ``create table as``, ``alter table``, ``drop index``,
            ``insert``, ``replace``, ``update``, ``delete``, ``truncate``, ``merge``, ``select``,
            ``do``, ``pragma`` …; the first word where we know no better.
        table: What it creates, alters, indexes or writes to; the first one of several.
        tables: All tables that rows are written to or removed from, or that are dropped.
        flags: Lower-case words: ``if exists``, ``if not exists``, ``or replace``, ``or ignore``,
            ``or abort`` …, ``concurrently``, ``cascade``, ``unique``, ``temporary``, ``where``,
            ``on conflict``, ``do nothing``, ``do update``, ``not exists``, ``returning``,
            ``from``, ``using``, ``full``, ``partition of``, ``like``, ``values``.
        objects: Constraints, indexes, triggers, functions and tables that it touches.
        columns: Of ``CREATE TABLE``; for DML the names that it writes, as far as it lists them.
        conditional: Stands under a test of a ``DO`` block.
        unknown: Why its effects cannot be known in full; "" where they are.
        start, end: Where it stands in the text.
    """

    kind: str
    verb: str
    table: str | None
    schema: str | None
    tables: tuple[str, ...]
    flags: frozenset[str]
    objects: tuple[SchemaObject, ...]
    changes: tuple[Change, ...]
    columns: tuple[Column, ...]
    written: tuple[str, ...]
    trigger: Trigger | None
    conditional: bool
    unknown: str
    start: int
    end: int

    def has(self, *words: str) -> bool:
        """Whether all of these flags are set, on the statement or one of its changes."""
        flags = self.flags.union(*(change.flags for change in self.changes))
        return all(word in flags for word in words)


class SqlTrouble(NamedTuple):
    """What could not be parsed, or is put together at run time; said once, softly."""

    message: str
    offset: int


class Effects(NamedTuple):
    """Everything that a text of one or more statements does on one dialect."""

    statements: tuple[Statement, ...] = ()
    troubles: tuple[SqlTrouble, ...] = ()

    @property
    def objects(self) -> tuple[SchemaObject, ...]:
        """Constraints, indexes, triggers, functions and tables touched, in order."""
        if len(self.statements) == 1:
            return self.statements[0].objects
        return tuple(item for statement in self.statements for item in statement.objects)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of its statements."""
        return frozenset(statement.kind for statement in self.statements)
