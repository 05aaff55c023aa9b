from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.schema.recreation import block, recreates
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.effects.operations import Batch
    from calista_tools.effects.schema import Schema
    from calista_tools.lint.migration import Migration


@rule("CAL306", "silent-recreation", scope="schema", about=("batch_exit",))
def check(migration: Migration) -> Iterator[Finding]:
    """Batch block copies the whole table on SQLite without saying so.

    Whatever is in a block besides a plain new column or an index makes Alembic create a new table,
    copy the rows and drop the old one: triggers, expression indexes and unnamed checks are gone
    without a word, and with ``PRAGMA foreign_keys=ON`` rows that refer to it go, too. Where that is
    meant, write ``recreate="always"``, and make again what is lost; where SQLite can alter the table
    itself (a dropped or renamed column), call ``op`` without a batch block.
    Where nothing that is known of the table is lost, and no key refers to it, this is said under
    ``policy = "calista"`` alone.
    Source: https://alembic.sqlalchemy.org/en/latest/batch.html

    Bad::

        with op.batch_alter_table("note") as batch_op:
            batch_op.alter_column("title", nullable=False)

    Good::

        with op.batch_alter_table("note", recreate="always") as batch_op:
            batch_op.alter_column("title", nullable=False)

    Good::

        with op.batch_alter_table("note") as batch_op:
            batch_op.add_column(sa.Column("title", sa.Text(), nullable=True))
    """
    if "sqlite" not in migration.dialects:
        return
    schema = migration.schemas.get("sqlite")
    operations = migration.operations
    for position, operation in enumerate(operations):
        batch = operation.batch
        if operation.what != "batch_exit" or batch is None or operation.direction != "upgrade":
            continue
        if "sqlite" not in operation.dialects or batch.table in migration.made_here:
            continue
        if batch.recreate == "always" or not recreates(batch.recreate, block(operations, position)):
            continue
        lost = _lost(schema, batch.table, batch.schema) if schema is not None else ""
        if migration.config.policy is None and not lost and not _matters(schema, batch):
            continue
        message = f"`{batch.table or 'the table'}` is copied on SQLite{lost}"
        yield Finding.of(operation, f'{message}; if that is meant, say recreate="always"')


def _matters(schema: Schema | None, batch: Batch) -> bool:
    """Whether a table is unknown, or rows of others refer to its own."""
    if schema is None or schema.table(batch.table, batch.schema) is None:
        return True
    return any(
        one.kind == "fk" and one.referred_table == batch.table
        for table in schema.tables.values()
        for one in table.objects
    )


def _lost(schema: Schema, name: str | None, of_schema: str | None) -> str:
    table = schema.table(name, of_schema)
    if table is None:
        return ""
    lost = [
        f"{'trigger' if one.kind == 'trigger' else 'index'} `{one.name}`"
        for one in table.objects
        if one.kind == "trigger" or (one.kind == "ix" and None in (one.columns or ()))
    ]
    return f", which loses {', '.join(lost)}" if lost else ""
