"""What will the catalog hold of an object or a column that a revision makes?"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from calista_tools.effects.names.final import final_name
from calista_tools.effects.schema.elements import ColumnState, Placed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from calista_tools.effects.objects import Column, SchemaObject


#: What is the same on both dialects is one object, and kept once where schemas are kept.
_placed = lru_cache(maxsize=4096)(Placed)


_column_state = lru_cache(maxsize=4096)(ColumnState)


def placed(made: SchemaObject, dialect: str, convention: Mapping[str, str], row: int) -> Placed:
    """Return an object as the catalog will have it."""
    final = final_name(made, dialect, convention)
    guess = (
        dialect == "postgresql"
        and made.name is None
        and (made.raw or made.kind not in convention)
        and made.kind in ("pk", "uq", "fk", "ck", "ix", "ex")
    )
    return _placed(
        made.kind,
        final.name,
        made.columns,
        made.referred_table,
        made.referred_columns,
        made.unique,
        final.implicit or (made.raw and made.name is None),
        final.reason,
        made.expression,
        guess,
        final.full,
        made.name.text if made.name is not None else None,
        getattr(made.node, "lineno", row) if made.node is not None else row,
        made.referred_schema,
        made.parts if guess else None,
    )


def column_state(column: Column) -> ColumnState:
    """Return a column as the model keeps it."""
    attributes = column.attributes
    default = (
        column.server_default is not None
        or "identity" in attributes
        or "computed" in attributes
        or "server_default" in attributes
    )
    return _column_state(column.name, column.type, column.nullable, default)
