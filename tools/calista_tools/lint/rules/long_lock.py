from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects import steps
from calista_tools.lint.rule import Finding, rule
from calista_tools.lint.safety.locks import LOCKING, Lock, locks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.effects.operations import Operation
    from calista_tools.lint.migration import Migration


@rule("CAL307", "long-lock", scope="schema", about=("sql", *LOCKING))
def check(migration: Migration) -> Iterator[Finding]:
    """PostgreSQL reads or writes a whole table while others wait.

    On a large table in use that is an outage. The finding says what waits for what, and what to
    write instead: for indexes, keys, checks and exclusion constraints, also those that come with a
    new column; for new types, time zones and domains, stored generated columns, validation in the
    revision that adds the constraint, ``SET TABLESPACE`` and ``REFRESH MATERIALIZED VIEW``. Left
    alone are tables that the revision itself creates, and steps that only have to wait for their
    turn, such as a dropped index, a detached partition, a trigger or a new name: ``lock_timeout``
    bounds those. Of a table that is known to be small, say so:
    ``# noqa: CAL307 - at most a hundred rows``.
    Source: https://www.postgresql.org/docs/current/sql-altertable.html

    Bad::

        op.create_index("ix_note_note_title", "note", ["title"])

    Bad::

        op.alter_column("note", "title", type_=sa.Integer(), existing_type=sa.Text())

    Bad::

        op.execute("ALTER TABLE note ADD CONSTRAINT uq_note_title UNIQUE (title)")

    Good::

        with op.get_context().autocommit_block():
            op.create_index(
                "ix_note_note_title", "note", ["title"], postgresql_concurrently=True
            )

    Good::

        op.alter_column("note", "title", type_=sa.Text(), existing_type=sa.String(50))

    Good::

        op.create_table("note", sa.Column("title", sa.Text()))
        op.create_index("ix_note_note_title", "note", ["title"])
    """
    if "postgresql" not in migration.dialects:
        return
    views: set[str | None] = set()
    not_valid: set[str | None] = set()
    for operation in migration.operations:
        if operation.direction != "upgrade" or "postgresql" not in operation.dialects:
            continue
        if operation.what == "autocommit":
            not_valid.clear()  # what came before is committed, and its locks are gone
        if operation.what == "sql":
            views.update(_views(operation))
        elif operation.keywords.get("postgresql_not_valid") is True:
            not_valid.add(operation.table)
        for lock in (*locks(operation), *_validations(operation, not_valid)):
            if lock.table in migration.made_here or (lock.table and lock.table in views):
                continue
            table = f" (`{lock.table}`)" if lock.table else ""
            yield Finding.of(operation, f"{lock.does}{table}; instead: {lock.instead}")


def _views(operation: Operation) -> Iterator[str | None]:
    for statement in steps.statements(operation):
        if statement.verb == "create materialized view":
            yield statement.table


def _validations(operation: Operation, not_valid: set[str | None]) -> Iterator[Lock]:
    """Yield checks of a constraint that the revision itself has added, whose lock is still held."""
    if operation.what != "sql":
        return
    for statement in steps.statements(operation):
        for change in statement.changes:
            if change.what == "add_constraint" and "not valid" in change.flags:
                not_valid.add(statement.table)
            elif change.what == "validate_constraint" and statement.table in not_valid:
                does = f"checking every row for `{change.name}` under the lock that added it"
                yield Lock(statement.table, does, "VALIDATE it in a revision of its own")
