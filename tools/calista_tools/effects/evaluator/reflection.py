"""What does a reflected table say? ``sa.Table("t", metadata, autoload_with=bind)`` and its like.

It is answered from the schema that the revisions before leave behind, as an inspector is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.evaluator import inspection
from calista_tools.effects.evaluator.values import ClassValue, Construct, Instance, Live, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calista_tools.effects.evaluator.frame import Frame
    from calista_tools.effects.schema import Placed

#: What a table has; by kind, what its constraints and indexes are.
_CLASSES = {
    "pk": ClassValue("PrimaryKeyConstraint", [], {}),
    "uq": ClassValue("UniqueConstraint", [], {}),
    "fk": ClassValue("ForeignKeyConstraint", [], {}),
    "ck": ClassValue("CheckConstraint", [], {}),
    "ix": ClassValue("Index", [], {}),
}
_COLUMN = ClassValue("Column", [], {})
_TABLE = ClassValue("Table", [], {})
_PARTS = {
    "primary_key": ("pk",),
    "foreign_key_constraints": ("fk",),
    "foreign_keys": ("fk",),
    "indexes": ("ix",),
    "constraints": ("pk", "uq", "fk", "ck"),
}


def is_reflected(table: Construct) -> bool:
    """Whether a ``Table(...)`` is read from the database."""
    if table.name != "Table":
        return False
    metadata = table.args[1] if len(table.args) > 1 else None
    return (
        isinstance(table.kwargs.get("autoload_with"), Live)
        or table.kwargs.get("autoload") is True
        or (isinstance(metadata, Construct) and "reflected" in metadata.kwargs)
    )


def part(frame: Frame, table: Construct, name: str) -> object:
    """Return an attribute of a reflected table; None where it is none of these."""
    kinds = _PARTS.get(name)
    look = frame.state.look
    if kinds is None and name not in ("columns", "c"):
        return None
    unknown = Unknown("is read from the database")
    if look is None or not table.args or not isinstance(table.args[0], str):
        return unknown if kinds is not None else None
    found = look().table(table.args[0])
    if found is None or not found.known:
        return unknown if kinds is not None else None
    if kinds is None:
        return None
    made = [_object(one) for one in found.of_kind(*kinds) if inspection.is_known(one)]
    if name == "primary_key":
        return made[0] if made else Instance(_CLASSES["pk"], {"name": None, "columns": []})
    return made


def _object(placed: Placed) -> Instance:
    columns = _columns(placed.columns)
    made = Instance(
        _CLASSES[placed.kind],
        {
            "name": placed.name,
            "columns": columns,
            "column_keys": [one.names["name"] for one in columns],
            "unique": placed.unique,
        },
    )
    if placed.kind == "fk":
        made.names["referred_table"] = Instance(_TABLE, {"name": placed.referred_table})
        targets = [f"{placed.referred_table}.{one}" for one in placed.referred_columns or ()]
        made.names["target_fullname"] = targets[0] if targets else Unknown("is not known")
        # A foreign key of one column stands for its constraint here.
        made.names["constraint"] = made
        made.names["parent"] = columns[0] if columns else None
    return made


def _columns(names: Sequence[str | None] | None) -> list[Instance]:
    return [Instance(_COLUMN, {"name": name}) for name in names or ()]
