"""Does a batch block copy the whole table on SQLite? As Alembic decides it.

Source: ``requires_recreate_in_batch`` in ``alembic/ddl/sqlite.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from calista_tools.effects.operations import Operation

#: What a block may hold besides plain columns without the table being copied.
_IN_PLACE = frozenset({"create_index", "drop_index"})
#: What is sent at once, not with the block.
_NOT_BATCHED = frozenset({"sql", "read", "raise", "batch", "batch_exit", "bulk_insert"})


def recreates(recreate: str, inside: Iterable[Operation]) -> bool | None:
    """Return whether the table is copied; None where that cannot be known.

    Args:
        recreate: The block's argument: ``auto``, ``always``, ``never``, or "" for unknown.
        inside: The operations of the block.
    """
    if recreate == "always":
        return True
    if recreate == "never":
        return False
    if recreate != "auto":
        return None
    needed: bool | None = False
    for operation in inside:
        if operation.what in _IN_PLACE or operation.what in _NOT_BATCHED:
            continue
        if operation.what != "add_column":
            return True
        if operation.columns is None:
            needed = None
            continue
        for spec in operation.specs:
            if spec.attributes.get("default_is_expression"):
                return True
            if spec.attributes.get("computed") == "stored":
                return True
        if any(made.kind in ("uq", "fk", "ck") for made in operation.objects_on("sqlite")):
            return True
    return needed


def block(operations: Sequence[Operation], end: int) -> Iterator[Operation]:
    """Yield the operations of the batch block that closes at ``end``, the last one first."""
    batch = operations[end].batch
    for position in range(end - 1, -1, -1):
        operation = operations[position]
        if operation.batch is batch:
            if operation.what == "batch":
                return
            yield operation
