from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.effects import steps
from calista_tools.lint.rule import Finding, rule
from calista_tools.lint.safety.data_migration import named
from calista_tools.lint.safety.saved import Saved
from calista_tools.startup.patterns import later

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.effects.operations import Operation
    from calista_tools.effects.sql import Statement
    from calista_tools.history import Revision
    from calista_tools.lint.migration import Migration

#: What a revision id or a file name looks like, other than a plain word.
_REFERENCE = later(r"\b(?=\w*[\d_])\w{3,}\b|\.py\b")
_ALWAYS = r"(?is)\bwhere\s*\(?\s*(?:true|1|1\s*=\s*1)\s*\)?\s*(?:;|$|\breturning\b)"


@rule("CAL301", "destructive-step", about=("drop_table", "drop_column", "sql"))
def check(migration: Migration) -> Iterator[Finding]:
    """Upgrade drops a table, a column or all rows, and names no data migration.

    What is dropped is gone; a downgrade brings the column back, not what was in it. Move the data
    in a revision of its own first, and name that one: a line ``Data migration: <revision>`` in the
    docstring (its id or its file), or the reason of the ``noqa``. Say what the downgrade brings back.
    ``DropTable(…)`` and ``DROP SCHEMA … CASCADE`` drop, too; tables are emptied by ``DELETE`` and
    ``TRUNCATE``, SQLAlchemy's ``delete()`` and a session's ``query(…).delete()``; ``WHERE true``
    spares no row. What was copied before in the same revision is saved; a column that an ``UPDATE``
    only asks about in its ``WHERE`` was not copied.

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
    if revision is not None and _names_migration(revision):
        return
    seen = set()
    replaced = _replaced(upgrade)
    saved = Saved()
    for operation in upgrade:
        for lost in _lost(operation):
            if lost in replaced or (operation.row, lost) in seen or saved.holds(lost, operation):
                continue
            seen.add((operation.row, lost))
            yield Finding.of(operation, f"{lost}, and no data migration is named")
        saved.add(operation)


def _replaced(upgrade: Sequence[Operation]) -> frozenset[str]:
    """Return the losses of tables whose name a new table takes, into which rows were put before."""
    created = steps.created_tables(upgrade)
    filled = {
        table for step in upgrade if steps.changes_data(step) for table in steps.tables_of(step)
    }
    return frozenset(
        f"drops table `{new}`" for old, new in steps.renamed(upgrade) if old in created & filled
    )


def _names_migration(revision: Revision) -> bool:
    """Whether the docstring names a revision, by its id or its file, that moves the data."""
    known = {*revision.down_revisions, *revision.depends_on}
    return any(
        _REFERENCE.search(text) or not known.isdisjoint(re.findall(r"[\w-]+", text))
        for text in named(revision.doc)
    )


def _lost(operation: Operation) -> Iterator[str]:
    """Yield what data a step removes."""
    if operation.what == "drop_table":
        yield f"drops table `{operation.table or '?'}`"
    elif operation.what == "drop_column":
        column = operation.keywords.get("column_name")
        shown = column if isinstance(column, str) else "?"
        yield f"drops column `{operation.table or '?'}.{shown}`"
    elif operation.keywords.get("verb") == "delete" and not operation.keywords.get("where", True):
        yield f"empties table `{operation.table or '?'}`"
    for statement in steps.statements(operation):
        if "temporary" in statement.flags:
            continue
        if statement.verb == "drop table":
            for table in statement.tables or (statement.table,):
                yield f"drops table `{table}`"
        elif statement.verb == "drop database":
            yield "drops a database"
        elif statement.verb == "truncate" or (
            statement.verb == "delete" and not _chooses(statement, operation.sql or "")
        ):
            yield f"empties table `{statement.table}`"
        for change in statement.changes:
            if change.what == "drop_column":
                yield f"drops column `{statement.table}.{change.name}`"
            elif change.what == "drop_schema" and "cascade" in statement.flags:
                yield f"drops schema `{change.name}` and all that is in it"


def _chooses(statement: Statement, text: str) -> bool:
    """Whether a DELETE leaves rows: it has a condition, and not one that always holds."""
    if not statement.flags & {"where", "using"}:
        return False
    return re.search(_ALWAYS, text[statement.start : statement.end]) is None
