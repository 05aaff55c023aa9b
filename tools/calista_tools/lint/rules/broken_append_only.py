from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.rule import Finding, rule
from calista_tools.lint.safety.append_only import breaches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.lint.migration import Migration


@rule("CAL308", "broken-append-only", scope="schema", lasting=True)
def check(migration: Migration) -> Iterator[Finding]:
    """Append-only table is written to, rewritten, or left open.

    The tables are those of ``[tool.calista] append-only``. Triggers refuse what comes through SQL,
    but none fires when PostgreSQL rewrites a table for a new type, TRUNCATE needs a trigger of its
    own, SQLite's REPLACE deletes without firing DELETE triggers, and a batch operation that copies
    the table drops them all. A trigger counts where it refuses: with ``RAISE``, for every column;
    against REPLACE for every key that the revision makes. One that is dropped has to be made again
    in the same revision. ``WITH``, ``on_conflict_do_update`` and ``session_replication_role`` are no
    ways round it. A table that is renamed has to be named there by its new name, too; one that gets
    a name of the list needs the triggers like one that is made under it.
    Source: https://www.sqlite.org/lang_conflict.html

    Bad::

        op.execute("UPDATE ledger SET amount = 0")

    Bad::

        op.create_table("ledger", sa.Column("amount", sa.Integer()))

    Good::

        op.execute("INSERT INTO ledger (amount) VALUES (0)")

    Good::

        op.add_column("ledger", sa.Column("note", sa.Text(), nullable=True))
    """
    tables = migration.config.append_only
    operations = migration.operations
    if not any(step.table in tables or step.what in ("sql", "rename_table") for step in operations):
        return
    reported: set[tuple[object, str]] = set()
    for operation, message in breaches(migration, tables):
        if (operation, message) not in reported:
            reported.add((operation, message))
            yield Finding.of(operation, message)
