"""What does a revision do to a table whose rows must never change?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.safety.locks import changes_type
from calista_tools.lint.schema.recreation import block, recreates
from calista_tools.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from calista_tools.lint.migration import Migration
    from calista_tools.lint.operations import Operation
    from calista_tools.lint.sql import Statement


class Breach(NamedTuple):
    """A step that breaks the promise, and how."""

    operation: Operation
    message: str


#: What an append-only table's triggers must refuse. SQLite's REPLACE deletes without firing a
#: DELETE trigger, so an INSERT trigger has to look for the row that it would replace.
_REFUSED = {
    "postgresql": ("UPDATE", "DELETE", "TRUNCATE"),
    "sqlite": ("UPDATE", "DELETE", "INSERT"),
}
_SHOWN = {"INSERT": "INSERT OR REPLACE"}
_WRITES = {"update": "UPDATE", "delete": "DELETE", "truncate": "TRUNCATE", "merge": "MERGE"}


def breaches(migration: Migration, tables: Sequence[str]) -> Iterator[Breach]:
    """Yield what ``upgrade()`` does to append-only tables, in its order."""
    for position, operation in enumerate(migration.operations):
        if operation.direction != "upgrade":
            continue
        yield from _written(operation, tables)
        yield from _rewritten(operation, tables)
        if operation.what == "batch_exit" and operation.table in tables:
            yield from _recreated(migration, position)
    for dialect in migration.dialects:
        yield from _renamed(migration, dialect, tables)
        yield from _left_open(migration, dialect, tables)


def _written(operation: Operation, tables: Sequence[str]) -> Iterator[Breach]:
    if operation.what != "sql":
        return
    if operation.sql is None:
        verb = str(operation.keywords.get("verb", ""))
        if operation.table in tables and verb in _WRITES:
            yield Breach(operation, f"{_WRITES[verb]} on append-only `{operation.table}`")
        return
    effects = operation.effects(next(iter(sorted(operation.dialects)), "postgresql"))
    for statement in effects.statements if effects else ():
        for table in statement.tables or (statement.table,):
            if table in tables:
                yield from _statement(operation, statement, table or "")


def _statement(operation: Operation, statement: Statement, table: str) -> Iterator[Breach]:
    verb = statement.verb
    if verb in _WRITES:
        yield Breach(operation, f"{_WRITES[verb]} on append-only `{table}`")
    elif verb == "replace" or (statement.has("or replace") and verb == "insert"):
        yield Breach(operation, f"REPLACE removes rows of append-only `{table}`")
    elif verb == "insert" and statement.has("do update"):
        yield Breach(operation, f"ON CONFLICT DO UPDATE changes rows of append-only `{table}`")
    for change in statement.changes:
        if change.what == "alter_type":
            message = f"the new type of `{change.name}` rewrites every row of append-only `{table}`"
            yield Breach(operation, message)
        elif change.what == "drop_column":
            yield Breach(operation, f"dropping `{change.name}` loses data of append-only `{table}`")
        elif change.what == "disable_trigger":
            yield Breach(operation, f"append-only `{table}` is open while its trigger is disabled")


def _rewritten(operation: Operation, tables: Sequence[str]) -> Iterator[Breach]:
    table = operation.table
    if table not in tables:
        return
    name = operation.columns[0] if operation.columns else None
    if operation.what == "alter_column" and "postgresql" in operation.dialects:
        if operation.keywords.get("type_") is not None and changes_type(operation):
            message = f"the new type of `{name}` rewrites every row of append-only `{table}`"
            yield Breach(operation, message + ", and no trigger fires")
    elif operation.what == "drop_column":
        yield Breach(operation, f"dropping `{name}` loses data of append-only `{table}`")
    elif operation.what == "drop_table":
        yield Breach(operation, f"append-only `{table}` is dropped")


def _recreated(migration: Migration, position: int) -> Iterator[Breach]:
    """Look for a batch block that loses the triggers, and for their making after it."""
    operations = migration.operations
    operation = operations[position]
    batch = operation.batch
    if batch is None or "sqlite" not in operation.dialects or "sqlite" not in migration.dialects:
        return
    if not recreates(batch.recreate, block(operations, position)):
        return
    covered = _covered(operations[position:], "sqlite", {operation.table})
    missing = [event for event in _REFUSED["sqlite"] if event not in covered]
    if missing and None not in covered:
        shown = ", ".join(_SHOWN.get(event, event) for event in missing)
        message = (
            f"append-only `{operation.table}` is copied on SQLite, which drops its triggers; "
            f"nothing after it refuses {shown}"
        )
        yield Breach(operation, message)


def _renamed(migration: Migration, dialect: str, tables: Sequence[str]) -> Iterator[Breach]:
    """Look for tables that leave the list by their new name: nothing would guard them any more."""
    for change in migration.changes(dialect):
        away = change.table in tables and change.new_name not in tables
        if change.what == "rename_table" and change.new_name is not None and away:
            message = (
                f"append-only `{change.table}` becomes `{change.new_name}`, "
                "which `append-only` does not name"
            )
            yield Breach(migration.operations[change.position], message)


def _left_open(migration: Migration, dialect: str, tables: Sequence[str]) -> Iterator[Breach]:
    operations = migration.operations
    for change in migration.changes(dialect):
        name, names = change.table, {change.table}
        if change.what == "rename_table" and change.table not in tables:
            # Its triggers come with a table, under whichever name they were made.
            name, names = change.new_name, {change.table, change.new_name}
            before = migration.schemas.get(dialect)
            table = before.table(change.table, change.schema) if before is not None else None
            bare = table is not None and table.known and not table.of_kind("trigger")
            if not bare and change.table not in migration.made_here:
                continue
        elif change.what != "create_table":
            continue
        if name is None or name not in tables:
            continue
        covered = _covered(operations, dialect, names)
        missing = [event for event in _REFUSED[dialect] if event not in covered]
        if missing and None not in covered:
            shown = ", ".join(_SHOWN.get(event, event) for event in missing)
            message = f"append-only `{name}` is left open to {shown} on {dialect}"
            yield Breach(operations[change.position], message)


def _covered(
    operations: Sequence[Operation], dialect: str, names: Collection[str | None]
) -> set[str | None]:
    """Return the events that triggers made here react to; None where some SQL is not known."""
    found: set[str | None] = set()
    for operation in operations:
        if operation.direction != "upgrade" or dialect not in operation.dialects:
            continue
        if operation.what == "unknown":
            found.add(None)
        if operation.what != "sql":
            continue
        effects = operation.effects(dialect)
        if effects is None or effects.troubles:
            if operation.keywords.get("verb", "") in ("", "create", "do"):
                found.add(None)
            continue
        for statement in effects.statements:
            if statement.trigger is not None and statement.table in names:
                found.update(event.upper() for event in statement.trigger.events)
            if statement.unknown:
                found.add(None)
    return found
