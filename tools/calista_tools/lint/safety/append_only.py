"""What does a revision do to a table whose rows must never change?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.effects.schema.recreation import block, recreates
from calista_tools.lint.safety.locks import changes_type
from calista_tools.lint.safety.protection import is_made_again, left_open
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.effects.objects import SchemaObject
    from calista_tools.effects.operations import Operation
    from calista_tools.effects.sql import Statement
    from calista_tools.lint.migration import Migration


class Breach(NamedTuple):
    """A step that breaks the promise, and how."""

    operation: Operation
    message: str


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
        if operation.what == "sql":
            yield from _unprotected(migration, position, tables)
    for dialect in migration.dialects:
        yield from _renamed(migration, dialect, tables)
        yield from _left_open(migration, dialect, tables)


def _written(operation: Operation, tables: Sequence[str]) -> Iterator[Breach]:
    if operation.what != "sql":
        return
    if operation.sql is None:
        verb, table = str(operation.keywords.get("verb", "")), operation.table
        if table in tables and verb in _WRITES:
            yield Breach(operation, f"{_WRITES[verb]} on append-only `{table}`")
        elif table in tables and operation.keywords.get("overwrites") is True:
            yield Breach(operation, f"what it meets is changed in append-only `{table}`")
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
    elif verb == "drop table":
        yield Breach(operation, f"append-only `{table}` is dropped")
    for change in statement.changes:
        if change.name == table and change.what.removeprefix("with ") in _WRITES:
            yield Breach(operation, f"{change.what[5:].upper()} on append-only `{table}`")
        elif change.what == "alter_type":
            message = f"the new type of `{change.name}` rewrites every row of append-only `{table}`"
            yield Breach(operation, message)
        elif change.what == "drop_column":
            yield Breach(operation, f"dropping `{change.name}` loses data of append-only `{table}`")
        elif change.what in ("disable_trigger", "enable_replica_trigger"):
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
    open_to = left_open(operations, "sqlite", {operation.table}, position)
    if open_to:
        message = (
            f"append-only `{operation.table}` is copied on SQLite, which drops its triggers; "
            f"nothing after it refuses {open_to}"
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
        open_to = left_open(operations, dialect, names)
        if open_to:
            message = f"append-only `{name}` is left open to {open_to} on {dialect}"
            yield Breach(operations[change.position], message)


def _unprotected(migration: Migration, position: int, tables: Sequence[str]) -> Iterator[Breach]:
    """Look for triggers that are dropped and not made again, and for ways around them."""
    operation = migration.operations[position]
    for dialect in sorted(operation.dialects.intersection(migration.dialects)):
        for made in operation.objects_on(dialect):
            if made.action != "drop" or made.name is None or made.name.text is None:
                continue
            for table, trigger in _triggers(migration, dialect, tables, made):
                again = is_made_again(migration.operations, dialect, trigger, position)
                if not again and left_open(migration.operations, dialect, {table}, position):
                    message = f"trigger `{trigger}` of append-only `{table}` is dropped"
                    yield Breach(operation, f"{message}, and not made again")
        effects = operation.effects(dialect)
        for statement in effects.statements if effects else ():
            for change in statement.changes:
                value = (change.new_name or "").strip("' ;").lower()
                if change.name == "session_replication_role" and value == "replica":
                    message = "append-only tables are open while `session_replication_role` is"
                    yield Breach(operation, f"{message} `replica`: no trigger fires")


def _triggers(
    migration: Migration, dialect: str, tables: Sequence[str], dropped: SchemaObject
) -> Iterator[tuple[str, str]]:
    """Yield the triggers of append-only tables that go when something is dropped."""
    name = dropped.name.text if dropped.name is not None else None
    if dropped.kind == "trigger" and dropped.table in tables and dropped.table and name:
        yield dropped.table, name
        return
    schema = migration.schemas.get(dialect)
    if schema is None or name is None or dropped.kind not in ("trigger", "function"):
        return
    for table_name in tables:
        table = schema.table(table_name)
        for trigger in table.of_kind("trigger") if table is not None else ():
            if trigger.name is None:
                continue
            if dropped.kind == "trigger":
                goes = dropped.table is None and trigger.name == name
            else:
                called = rf"(?i)\b(?:FUNCTION|PROCEDURE)\s+(?:\w+\.)?{re.escape(name)}\s*\("
                goes = re.search(called, trigger.expression) is not None
            if goes:
                yield table_name, trigger.name
