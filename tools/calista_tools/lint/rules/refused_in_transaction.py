from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects import steps
from calista_tools.lint.rule import Finding, rule
from calista_tools.lint.safety.refusals import (
    ends_transaction,
    refusals,
    runs_in_transactions,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.effects.operations import Operation
    from calista_tools.lint.migration import Migration
    from calista_tools.lint.safety.refusals import Refusal


@rule(
    "CAL312",
    "refused-in-transaction",
    about=("create_index", "drop_index", "sql"),
    lasting=True,
)
def check(migration: Migration) -> Iterator[Finding]:
    """PostgreSQL refuses the statement inside of a transaction, and the revision runs in one.

    ``CREATE INDEX CONCURRENTLY cannot run inside a transaction block``: the upgrade stops there. So
    do ``DROP INDEX`` and ``REINDEX`` with ``CONCURRENTLY``, ``DETACH PARTITION … CONCURRENTLY``,
    ``VACUUM``, ``CREATE`` and ``DROP DATABASE`` or ``TABLESPACE``, and ``ALTER SYSTEM``. An
    autocommit block leaves the transaction for as long as it lasts. In there, too, such a statement
    has to be executed alone: several in one string are a transaction, and a ``DO`` block is one.

    Nothing is said behind a raw ``COMMIT``, which some drivers take for the end, nor where the
    revision, its helpers or ``env.py`` set how the connection is isolated.
    Source: https://alembic.sqlalchemy.org/en/latest/api/runtime.html#alembic.runtime.migration.MigrationContext.autocommit_block

    Bad::

        op.create_index("ix_note_title", "note", ["title"], postgresql_concurrently=True)

    Bad::

        op.execute("VACUUM ANALYZE note")

    Bad::

        with op.get_context().autocommit_block():
            op.execute("SET lock_timeout = '5s'; DROP INDEX CONCURRENTLY ix_note_title")

    Good::

        with op.get_context().autocommit_block():
            op.create_index("ix_note_title", "note", ["title"], postgresql_concurrently=True)

    Good::

        with op.get_context().autocommit_block():
            op.execute("SET lock_timeout = '5s'")
            op.execute("DROP INDEX CONCURRENTLY ix_note_title")

    Good::

        op.execute("ANALYZE note")
    """
    if "postgresql" not in migration.dialects:
        return
    for direction in ("upgrade", "downgrade"):
        for operation, refusal, outside in _refused(steps.of(migration.operations, direction)):
            if not outside and not refusal.inside:
                continue
            if not runs_in_transactions(migration):
                return
            yield Finding.of(operation, _message(refusal))


def _refused(operations: list[Operation]) -> Iterator[tuple[Operation, Refusal, bool]]:
    """Yield the steps that need to be outside of a transaction, and whether they stand in one."""
    depth = 0
    for operation in operations:
        if "postgresql" not in operation.dialects:
            continue
        if operation.what == "autocommit":
            depth += 1
        elif operation.what == "autocommit_exit":
            depth -= 1
        elif not depth and ends_transaction(operation):
            return
        for refusal in refusals(operation):
            yield operation, refusal, not depth


def _message(refusal: Refusal) -> str:
    block = "`with op.get_context().autocommit_block():`"
    if refusal.inside == "DO":
        return f"PostgreSQL refuses `{refusal.what}` in a `DO` block: execute it alone in {block}"
    if refusal.inside == "text":
        return (
            f"PostgreSQL refuses `{refusal.what}` in a string with other statements: "
            f"execute each alone in {block}"
        )
    return f"PostgreSQL refuses `{refusal.what}` in a transaction: put it into {block}"
