from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.rule import Finding, rule
from calista_tools.lint.safety.locks import LOCKING, locks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.lint.migration import Migration


@rule("CAL307", "long-lock", scope="schema", about=("sql", *LOCKING))
def check(migration: Migration) -> Iterator[Finding]:
    """PostgreSQL reads or writes a whole table while others wait.

    On a large table in use that is an outage. The finding says what waits for what, and what to
    write instead. Tables that the revision itself creates are left alone; for one that is known to
    be small, say so: ``# noqa: CAL307 - at most a hundred rows``.
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
    for operation in migration.operations:
        if operation.direction != "upgrade" or "postgresql" not in operation.dialects:
            continue
        for lock in locks(operation):
            if lock.table in migration.made_here:
                continue
            table = f" (`{lock.table}`)" if lock.table else ""
            yield Finding.of(operation, f"{lock.does}{table}; instead: {lock.instead}")
