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
        temporary = _temporary(operations)
        first: dict[str, Operation] = {}
        for item in operations:
            if steps.changes_schema(item) and not _drops_temporary(item, temporary):
                for dialect in item.dialects:
                    first.setdefault(dialect, item)
        if not first:
            continue
        replaced = steps.created_tables(operations) if _drops_any(operations) else frozenset()
        for item in operations:
            if not steps.changes_data(item) or _is_rebuild(item, replaced):
                continue
            met = [first[dialect] for dialect in item.dialects if dialect in first]
            beside = min(met, key=operations.index) if met else None
            if beside is not None:
                message = f"data step beside DDL (line {beside.row}): give it its own revision"
                yield Finding.of(item, message)
                break


def _temporary(operations: Sequence[Operation]) -> frozenset[str | None]:
    """Return the temporary tables that the steps make."""
    return frozenset(
        statement.table
        for item in operations
        for statement in steps.statements(item)
        if statement.verb.startswith("create table") and "temporary" in statement.flags
    )


def _drops_temporary(item: Operation, made: frozenset[str | None]) -> bool:
    """Whether a step only drops temporary tables that the revision made."""
    if item.what == "drop_table":
        return item.table in made
    found = steps.statements(item)
    return bool(made) and all(
        statement.verb == "drop table" and made.issuperset(statement.tables or (statement.table,))
        for statement in found
        if statement.kind == "ddl" and "temporary" not in statement.flags
    )


def _drops_any(operations: Sequence[Operation]) -> bool:
    """Whether a table is dropped or altered, as where another one takes its place."""
    return any(
        item.what == "drop_table"
        or any(one.verb in ("drop table", "alter table") for one in steps.statements(item))
        for item in operations
    )


def _is_rebuild(item: Operation, created: frozenset[str]) -> bool:
    """Whether rows go from a table to its replacement, as SQLite's ALTER TABLE page has it.

    Args:
        item: The step.
        created: The tables that the steps create where they drop some, too.
    """
    found = [statement for statement in steps.statements(item) if statement.kind == "dml"]
    return bool(found) and all(
        statement.verb == "insert"
        and statement.table in created
        and "values" not in statement.flags
        for statement in found
    )
