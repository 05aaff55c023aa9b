from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects import steps
from calista_tools.lint.rule import Finding, rule
from calista_tools.lint.traits import traits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.effects.operations import Operation
    from calista_tools.lint.migration import Migration


@rule("CAL309", "crowded-autocommit", about=("autocommit", "sql"))
def check(migration: Migration) -> Iterator[Finding]:
    """Autocommit block is not alone in its revision.

    The block commits whatever came before it, at once and for good. When it fails then, the
    revision is half applied and not stamped, and running it again meets its own first half. A raw
    ``COMMIT`` does the same.
    Source: https://alembic.sqlalchemy.org/en/latest/api/runtime.html#alembic.runtime.migration.MigrationContext.autocommit_block

    Bad::

        op.add_column("note", sa.Column("body", sa.Text()))
        if op.get_bind().dialect.name == "postgresql":
            with op.get_context().autocommit_block():
                op.execute("CREATE INDEX CONCURRENTLY ix_note_note_body ON note (body)")

    Good::

        if op.get_bind().dialect.name == "postgresql":
            with op.get_context().autocommit_block():
                op.execute("CREATE INDEX CONCURRENTLY ix_note_note_body ON note (body)")
        else:
            op.create_index("ix_note_note_body", "note", ["body"])
    """
    if "autocommit" not in traits(migration) and b"commit" not in migration.source.lower():
        return
    for direction in ("upgrade", "downgrade"):
        operations = steps.of(migration.operations, direction)
        blocks, outside = _parts(operations)
        for block in blocks:
            raw = block.what == "sql"
            beside = next(
                (
                    other
                    for other in outside
                    if other.dialects & block.dialects
                    and (not raw or operations.index(other) < operations.index(block))
                ),
                None,
            )
            if beside is not None and raw:
                yield Finding.of_line(
                    block,
                    f"COMMIT behind another step (line {beside.row}): "
                    "give each a revision of its own",
                )
            elif beside is not None:
                yield Finding.of_line(
                    block,
                    f"autocommit block beside another step (line {beside.row}): "
                    "give it a revision of its own",
                )


def _commits(operation: Operation) -> bool:
    """Whether a step is a raw COMMIT, which does what the beginning of a block does."""
    found = steps.statements(operation)
    return any(one.kind == "transaction" and one.verb in ("commit", "end") for one in found)


def _parts(operations: Sequence[Operation]) -> tuple[list[Operation], list[Operation]]:
    """Return the beginnings of the blocks, and the steps that stand outside of all of them."""
    blocks, outside = [], []
    depth = 0
    for operation in operations:
        if operation.what == "autocommit":
            blocks.append(operation)
            depth += 1
        elif operation.what == "autocommit_exit":
            depth -= 1
        elif not depth and _commits(operation):
            blocks.append(operation)
        elif not depth and (steps.changes_schema(operation) or steps.changes_data(operation)):
            outside.append(operation)
    return blocks, outside
