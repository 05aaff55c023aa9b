"""What is named in a schema: the records of names, columns, constraints, indexes, triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    import ast
    from collections.abc import Mapping


#: The dialects that a line is followed on; guards are answered for each of them.
ALL_DIALECTS = frozenset({"sqlite", "postgresql"})


class Name(NamedTuple):
    """A name as the revision gives it.

    Attributes:
        text: The name as written (evaluated); None where it cannot be known.
        final: ``op.f`` or ``conv``: the naming convention is not applied again.
        reason: Why the name cannot be known; "" where it is.
        node: The expression that gives the name, for fixes; None where it comes from SQL.
    """

    text: str | None
    final: bool = False
    reason: str = ""
    node: ast.expr | None = None


class Column(NamedTuple):
    """A column as ``sa.Column(...)`` or raw SQL gives it.

    Attributes:
        name: None where it cannot be known.
        type: The type's source text as SQLAlchemy spells it, ``String(length=26)``; "" if unknown.
        nullable: None where it was not said; a primary key is never nullable.
        server_default: The default's text; ``True`` where there is one that cannot be known.
        attributes: The other keywords with a known value (``unique``, ``index``, ``comment`` …).
    """

    name: str | None
    type: str
    nullable: bool | None
    primary_key: bool
    server_default: str | bool | None
    attributes: Mapping[str, object]
    node: ast.AST


class SchemaObject(NamedTuple):
    """One constraint, index, trigger or function that an operation creates, renames or drops.

    Attributes:
        action: ``create``, ``drop`` or ``rename``.
        kind: ``pk``, ``uq``, ``ix``, ``fk``, ``ck``, ``trigger``, ``function`` or ``table``; ""
            where a constraint is dropped without saying which kind it is.
        name: None where the revision gives none: the convention or the database will.
        columns: None where they cannot be known; an expression in an index is ``None`` in there.
        referred_schema: As the revision names it; None for the default one.
        implicit: Made by ``unique=True``, ``index=True``, ``primary_key=True`` or a type, so that
            there was no place to write a name.
        new_name: For ``rename``.
        dialects: Where it comes to be, of those that the operation runs on.
        raw: Written in SQL: neither convention nor SQLAlchemy's shortening touches the name.
        expression: A check's condition, a trigger's or function's text; of an index what it serves
            alone: its WHERE, its operator class or method.
        node: Where in the file.
        parts: What PostgreSQL makes a name of; None for the columns.
    """

    action: str
    kind: str
    table: str | None
    name: Name | None
    columns: tuple[str | None, ...] | None = ()
    referred_table: str | None = None
    referred_columns: tuple[str | None, ...] | None = ()
    implicit: bool = False
    new_name: str | None = None
    raw: bool = False
    unique: bool = False
    expression: str = ""
    schema: str | None = None
    dialects: frozenset[str] = ALL_DIALECTS
    node: ast.AST | None = None
    referred_schema: str | None = None
    parts: tuple[str | None, ...] | None = None
