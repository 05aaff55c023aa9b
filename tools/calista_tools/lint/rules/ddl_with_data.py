from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects import steps
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.effects.operations import Operation
    from calista_tools.lint.migration import Migration


@rule("CAL302", "ddl-with-data", about=("sql", "bulk_insert"))
def check(migration: Migration) -> Iterator[Finding]:
    """Revision changes both the schema and the data.

    DDL holds its locks until the transaction ends, so the data step keeps everybody waiting; and
    where DDL commits by itself, a failure between the two leaves half a revision. Keep each in a
    revision of its own, and make the data step one that can be run twice. Objects that are added to
    a session are data, too; temporary tables are no DDL that anybody waits for.

    Bad::

        op.add_column("note", sa.Column("size", sa.Integer()))
        op.execute("UPDATE note SET size = length(body)")

    Good::

        op.add_column("note", sa.Column("size", sa.Integer()))

    Good::

        op.execute("UPDATE note SET size = length(body)")
    """
    for direction in ("upgrade", "downgrade"):
        operations = steps.of(migration.operations, direction)
        schema = [
            item
            for item in operations
            if steps.changes_schema(item) and not _drops_temporary(item, operations)
        ]
        if not schema:
            continue
        for item in operations:
            if not steps.changes_data(item) or _is_rebuild(item, operations):
                continue
            beside = next((other for other in schema if other.dialects & item.dialects), None)
            if beside is not None:
                message = f"data step beside DDL (line {beside.row}): give it its own revision"
                yield Finding.of(item, message)
                break


def _drops_temporary(item: Operation, operations: Sequence[Operation]) -> bool:
    """Whether a step only drops temporary tables that the revision made."""
    made = {
        statement.table
        for other in operations
        for statement in steps.statements(other)
        if statement.verb.startswith("create table") and "temporary" in statement.flags
    }
    if item.what == "drop_table":
        return item.table in made
    found = steps.statements(item)
    return bool(made) and all(
        statement.verb == "drop table" and made.issuperset(statement.tables or (statement.table,))
        for statement in found
        if statement.kind == "ddl" and "temporary" not in statement.flags
    )


def _is_rebuild(item: Operation, operations: Sequence[Operation]) -> bool:
    """Whether rows go from a table to its replacement, as SQLite's ALTER TABLE page has it."""
    dropped = {other.table for other in operations if other.what == "drop_table"} | {
        table
        for other in operations
        for statement in steps.statements(other)
        if statement.verb in ("drop table", "alter table")
        for table in (*statement.tables, statement.table)
    }
    created = steps.created_tables(operations)
    found = [statement for statement in steps.statements(item) if statement.kind == "dml"]
    return bool(found) and all(
        statement.verb == "insert"
        and statement.table in created
        and "values" not in statement.flags
        and bool(dropped)
        for statement in found
    )
