from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.lint import steps
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.lint.migration import Migration
    from calista_tools.lint.operations import Operation

_NAMED = re.compile(r"^[ \t]*data[ -]migration:[ \t]*\S", re.IGNORECASE | re.MULTILINE)


@rule("CAL301", "destructive-step", about=("drop_table", "drop_column", "sql"))
def check(migration: Migration) -> Iterator[Finding]:
    """Upgrade drops a table, a column or all rows, and names no data migration.

    What is dropped is gone; a downgrade brings the column back, not what was in it. Move the data
    in a revision of its own first, and name that one: a line ``Data migration: <revision>`` in the
    docstring, or the reason of the ``noqa``. Say what the downgrade brings back.

    Bad::

        op.drop_column("note", "body")

    Bad::

        op.execute("DROP TABLE note")

    Good::

        # file: 20250826_1030_drop_note_body.py
        \"\"\"drop note.body

        Data migration: 3f2a copied the texts to note_text; downgrade brings an empty column back.
        \"\"\"
        from alembic import op
        revision = "b7"
        down_revision = "3f2a"

        def upgrade():
            op.drop_column("note", "body")

        def downgrade():
            op.add_column("note", sa.Column("body", sa.Text()))

    Good::

        op.drop_index("ix_note_note_body", table_name="note")
    """
    upgrade = steps.of(migration.operations, "upgrade")
    revision = migration.revision
    if revision is not None and _NAMED.search(revision.doc):
        return
    seen = set()
    for number, operation in enumerate(upgrade):
        for lost in _lost(operation):
            if (operation.row, lost) in seen or _is_saved(lost, operation, upgrade[:number]):
                continue
            seen.add((operation.row, lost))
            yield Finding.of(operation, f"{lost}, and no data migration is named")


def _lost(operation: Operation) -> Iterator[str]:
    """Yield what data a step removes."""
    if operation.what == "drop_table":
        yield f"drops table `{operation.table or '?'}`"
    elif operation.what == "drop_column":
        column = operation.keywords.get("column_name") or "?"
        yield f"drops column `{operation.table or '?'}.{column}`"
    for statement in steps.statements(operation):
        if "temporary" in statement.flags:
            continue
        if statement.verb == "drop table":
            for table in statement.tables or (statement.table,):
                yield f"drops table `{table}`"
        elif statement.verb == "truncate" or (
            statement.verb == "delete" and not statement.flags & {"where", "using"}
        ):
            yield f"empties table `{statement.table}`"
        for change in statement.changes:
            if change.what == "drop_column":
                yield f"drops column `{statement.table}.{change.name}`"


def _is_saved(lost: str, operation: Operation, before: Sequence[Operation]) -> bool:
    """Whether the revision made the thing itself, or copied what was in it to another place."""
    name = lost.partition("`")[2].rstrip("`")
    table, _, column = name.partition(".")
    created = steps.created_tables(before)
    if table in created or table.startswith("_alembic_tmp_"):
        return True
    if any(
        earlier.what == "add_column"
        and earlier.table == table
        and any(spec.name == column for spec in earlier.specs)
        for earlier in before
    ):
        return True
    copied = re.compile(rf"\b{re.escape(column or table)}\b")
    return any(
        earlier.sql is not None
        and steps.changes_data(earlier)
        and not set(steps.tables_of(earlier)).isdisjoint({table, *created})
        and copied.search(earlier.sql.partition("SELECT" if not column else "=")[2]) is not None
        for earlier in before
        if earlier.dialects & operation.dialects
    )
