"""Is a step DDL, data or neither, and on which dialects do two steps meet?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.sql import effects

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.effects.operations import Operation
    from calista_tools.effects.sql import Statement

_DDL = frozenset(
    (
        "create_table", "drop_table", "rename_table", "create_table_comment", "drop_table_comment",
        "add_column", "drop_column", "alter_column", "create_index", "drop_index",
        "create_unique_constraint", "create_check_constraint", "create_foreign_key",
        "create_primary_key", "create_exclude_constraint", "drop_constraint", "create_type",
        "drop_type",
    )
)  # fmt: skip
_DATA_VERBS = frozenset(("insert", "update", "delete", "replace", "truncate", "merge", "copy"))


def statements(operation: Operation) -> tuple[Statement, ...]:
    """Return the SQL statements of a step, read for a dialect that it runs on."""
    if operation.sql is None:
        return ()
    dialect = "postgresql" if "postgresql" in operation.dialects else "sqlite"
    return effects(operation.sql, dialect).statements


def changes_schema(operation: Operation) -> bool:
    """Whether a step changes the schema; what is temporary or switches triggers does not."""
    if operation.what != "sql":
        return operation.what in _DDL
    if operation.sql is None:
        verb = str(operation.keywords.get("verb", "")).lower()
        return verb.startswith(("create", "drop", "alter")) and len(verb) > 6
    return any(
        statement.kind == "ddl"
        and "temporary" not in statement.flags
        and not _only_switches_triggers(statement)
        for statement in statements(operation)
    )


def changes_data(operation: Operation) -> bool:
    """Whether a step writes or removes rows, other than those of SQLite's own tables."""
    if operation.what == "bulk_insert":
        return True
    if operation.what != "sql":
        return False
    if operation.sql is None:
        return str(operation.keywords.get("verb", "")).lower() in _DATA_VERBS
    return any(
        statement.kind == "dml" and not (statement.table or "").startswith("sqlite_")
        for statement in statements(operation)
    )


def tables_of(operation: Operation) -> Iterator[str]:
    """Yield the tables whose rows a data step writes or removes, as far as they are known."""
    if operation.table:
        yield operation.table
    for statement in statements(operation):
        yield from statement.tables


def about(operation: Operation) -> Iterator[str]:
    """Yield the tables that a step names, in its SQL too."""
    yield from tables_of(operation)
    for item in operation.objects:
        if item.table:
            yield item.table
    for statement in statements(operation):
        if statement.table:
            yield statement.table


def created_tables(operations: Sequence[Operation]) -> frozenset[str]:
    """Return the tables that these steps create."""
    return frozenset(
        item.table
        for operation in operations
        for item in operation.objects
        if item.kind == "table" and item.action == "create" and item.table
    )


def renamed(operations: Sequence[Operation]) -> Iterator[tuple[str, str]]:
    """Yield the old and the new name of each table that is renamed."""
    for operation in operations:
        for item in operation.objects:
            if item.kind == "table" and item.action == "rename" and item.table and item.new_name:
                yield item.table, item.new_name


def of(operations: Sequence[Operation], direction: str) -> list[Operation]:
    """Return the steps of ``upgrade`` or of ``downgrade``."""
    return [operation for operation in operations if operation.direction == direction]


def _only_switches_triggers(statement: Statement) -> bool:
    return bool(statement.changes) and all(
        change.what.endswith("_trigger") for change in statement.changes
    )
