"""What does raw SQL change? Its statements in the vocabulary of the schema model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.objects import Column
from calista_tools.effects.schema.catalogued import column_state, placed
from calista_tools.effects.schema.elements import Change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from calista_tools.effects.objects import SchemaObject
    from calista_tools.effects.operations import Operation
    from calista_tools.effects.sql import Statement

_DDL_WORDS = ("create", "alter", "drop", "comment", "do", "exec", "")


def statement_changes(
    operation: Operation, index: int, dialect: str, convention: Mapping[str, str]
) -> Iterator[Change]:
    """Yield the changes of an operation that executes SQL."""
    base = Change(
        "unclear", None, conditional=operation.conditional, row=operation.row, position=index
    )
    effects = operation.effects(dialect)
    if effects is None:
        # The text is put together at run time; only what begins like a query is harmless.
        objects = operation.objects_on(dialect)
        known = [one for one in objects if one.table is not None or one.name is not None]
        if operation.keywords.get("verb", "") in _DDL_WORDS and not known:
            yield base
        for made in known:
            yield from _of_object(made, operation.table, base, dialect, convention)
        return
    if effects.troubles and not effects.statements:
        yield base
    for statement in effects.statements:
        if statement.kind in ("query", "dml", "session", "transaction"):
            continue
        conditional = operation.conditional or statement.conditional
        conditional = conditional or statement.has("if not exists") or statement.has("if exists")
        here = base._replace(
            table=statement.table,
            schema=statement.schema,
            conditional=conditional,
            cascade=_cascades(statement),
        )
        yield from _of_statement(statement, here, dialect, convention)


def _cascades(statement: Statement) -> bool:
    return statement.has("cascade") or any("cascade" in one.flags for one in statement.changes)


def _of_statement(
    statement: Statement, base: Change, dialect: str, convention: Mapping[str, str]
) -> Iterator[Change]:
    if statement.unknown and statement.kind == "ddl":
        yield base
    if statement.verb == "create table":
        objects = tuple(
            placed(made, dialect, convention, base.row)
            for made in statement.objects
            if made.kind != "table"
        )
        columns = tuple(map(column_state, statement.columns))
        known = not statement.has("like") and not statement.has("partition of")
        yield base._replace(what="create_table", columns=columns, objects=objects, known=known)
        return
    if statement.verb == "create table as":
        yield base._replace(what="create_table", known=False)
        return
    for change in statement.changes:
        yield from _of_change(change.what, change.name, change.new_name, change.column, base)
    for made in statement.objects:
        yield from _of_object(made, statement.table, base, dialect, convention)


def _of_object(
    made: SchemaObject,
    about: str | None,
    base: Change,
    dialect: str,
    convention: Mapping[str, str],
) -> Iterator[Change]:
    table = made.table if made.table is not None else about
    here = base._replace(table=table, kind=made.kind)
    if made.kind == "table" and made.action != "create":
        what = "drop_table" if made.action == "drop" else "rename_table"
        yield here._replace(what=what, name=table, new_name=made.new_name)
    elif made.kind == "table":
        yield here._replace(what="create_table", known=False)
    elif made.action == "create":
        yield here._replace(what="create", made=placed(made, dialect, convention, base.row))
    else:
        name = made.name.text if made.name is not None else None
        if made.kind in ("ix", "trigger") and made.table is None:
            here = here._replace(table=None)
        yield here._replace(what=made.action, name=name, new_name=made.new_name)


def _of_change(
    what: str, name: str | None, new_name: str | None, column: object, base: Change
) -> Iterator[Change]:
    if what == "add_column" and isinstance(column, Column):
        yield base._replace(what="add_column", columns=(column_state(column),))
    elif what == "drop_column":
        yield base._replace(what="drop_column", name=name)
    elif what == "rename_column":
        yield base._replace(what="alter_column", name=name, new_name=new_name)
    elif what in _ALTERED:
        values = dict(_ALTERED[what])
        if what == "alter_type" and isinstance(column, Column):
            values["type"] = column.type
        yield base._replace(what="alter_column", name=name, values=values)


_ALTERED: dict[str, dict[str, object]] = {
    "alter_type": {},
    "set_not_null": {"nullable": False},
    "drop_not_null": {"nullable": True},
    "set_default": {"default": True},
    "drop_default": {"default": False},
}
