"""What do SQLAlchemy's own schema objects do when they are created or dropped by hand?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.evaluator import records
from calista_tools.lint.evaluator.values import Construct, Method, Unknown
from calista_tools.lint.operations import Operation

if TYPE_CHECKING:
    import ast

    from calista_tools.lint.evaluator.frame import Frame

_ENUMS = frozenset({"Enum", "ENUM", "DOMAIN"})


def schema_method(frame: Frame, receiver: Construct, name: str, node: ast.Call) -> bool:
    """Record ``Table(...).create(bind)`` and the like; False where it is something else."""
    state = frame.state
    if receiver.name in _ENUMS:
        type_name = receiver.kwargs.get("name")
        keywords = {"name": type_name if isinstance(type_name, str) else None}
        state.add(Operation(f"{name}_type", state.direction, node, keywords=keywords))
        return True
    if receiver.name == "Table" and receiver.args:
        if name == "create":
            items = [receiver.args[0], *receiver.args[2:]]
            made = records.operation(frame, "create_table", items, receiver.kwargs, node, None)
        else:
            made = records.operation(frame, "drop_table", receiver.args[:1], {}, node, None)
        state.add(made)
        return True
    if receiver.name == "Index" and receiver.args:
        table = next(filter(None, map(_table_of, receiver.args[1:])), None)
        unknown = Unknown("is the table of a column that is not constant")
        args = [receiver.args[0], table or unknown]
        if name == "create":
            args.append(receiver.args[1:])
            state.add(records.operation(frame, "create_index", args, receiver.kwargs, node, None))
        else:
            state.add(records.operation(frame, "drop_index", args, {}, node, None))
        return True
    return False


def _table_of(column: object) -> str | None:
    """Return the table of ``table.c.column``."""
    while isinstance(column, (Method, Construct)):
        if isinstance(column, Construct) and column.name in ("Table", "table") and column.args:
            name = column.args[0]
            return name if isinstance(name, str) else None
        column = column.receiver
    return None


def create_all(frame: Frame, node: ast.Call) -> None:
    """Record ``metadata.create_all(bind)``, whose tables stand elsewhere."""
    keywords = {"name": "create_all", "reason": "its tables are those of a metadata"}
    frame.state.add(Operation("unknown", frame.state.direction, node, keywords=keywords))
