"""What do SQLAlchemy's own schema objects do when they are created or dropped by hand?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calista_tools.effects.evaluator import op_calls
from calista_tools.effects.evaluator.conventions import convention_in
from calista_tools.effects.evaluator.items import KINDS
from calista_tools.effects.evaluator.models import table_metadata, table_of, tables_of
from calista_tools.effects.evaluator.values import Construct, Method, Unknown
from calista_tools.effects.names.convention import SQLALCHEMY_DEFAULT
from calista_tools.effects.operations import Operation

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Sequence

    from calista_tools.effects.evaluator.frame import Frame

_ENUMS = frozenset({"Enum", "ENUM", "DOMAIN"})
_ELSEWHERE = Unknown("its columns stand elsewhere")


def schema_method(
    frame: Frame,
    receiver: Construct,
    name: str,
    args: Sequence[object],
    kwargs: dict[str, Any],
    node: ast.AST,
) -> bool:
    """Record ``Table(...).create(bind)`` and the like; False where it is something else."""
    made = _operation(frame, receiver, name, node)
    if made is None:
        return False
    checks = kwargs.get("checkfirst", args[1] if len(args) > 1 else False) is True
    _add(frame, made, checks=checks and receiver.name not in _ENUMS)
    return True


def ddl(frame: Frame, statement: Construct, node: ast.AST) -> Operation | None:
    """Return the record of ``CreateTable(t)`` and its like; None where it is none of a table."""
    of = statement.args[0] if statement.args else statement.kwargs.get("element")
    if statement.name == "DropColumn":
        column = statement.args[1] if len(statement.args) > 1 else statement.kwargs.get("column")
        args = [of, next(iter(column.args), None) if isinstance(column, Construct) else column]
        return op_calls.operation(frame, "drop_column", args, {}, node, None)
    element = table_of(of) or of
    if statement.name.endswith(("Table", "Index")) and isinstance(element, Construct):
        verb = "create" if statement.name.startswith("Create") else "drop"
        return _operation(frame, element, verb, node)
    return None


def model_method(frame: Frame, name: str, node: ast.AST) -> None:
    """Record that a table is created or dropped of which nothing is known here."""
    keywords = {"name": name, "reason": "its table is that of a model"}
    frame.state.add(Operation("unknown", frame.state.direction, node, keywords=keywords))


def all_tables(
    frame: Frame, metadata: object, name: str, kwargs: dict[str, Any], node: ast.AST
) -> None:
    """Record ``metadata.create_all(bind)`` or ``drop_all``, as far as its tables are known."""
    chosen = kwargs.get("tables")
    found: Sequence[object] | None = tables_of(frame.state, metadata)
    if isinstance(chosen, (list, tuple)):
        found = [table_of(one) for one in chosen]
    elif chosen is not None or found is None:
        found = [None]
    verb = name.removesuffix("_all")
    for table in found if verb == "create" else reversed(found):
        if isinstance(table, Construct):
            made = _operation(frame, table, verb, node)
        else:
            keywords = {"name": name, "reason": "its tables are those of a metadata"}
            made = Operation("unknown", frame.state.direction, node, keywords=keywords)
        if made is not None:
            _add(frame, made, checks=kwargs.get("checkfirst", True) is not False)


def _add(frame: Frame, made: Operation, *, checks: bool) -> None:
    frame.state.conditional += checks
    if checks and made.what == "drop_table":
        made.keywords = {**made.keywords, "if_exists": True}
    frame.state.add(made)
    frame.state.conditional -= checks


def _operation(frame: Frame, of: Construct, verb: str, node: ast.AST) -> Operation | None:
    make = _MAKERS.get(of.name) if of.args or of.name in _ENUMS else None
    return make(frame, of, verb, node) if make is not None else None


def _enum(frame: Frame, of: Construct, verb: str, node: ast.AST) -> Operation:
    name = of.kwargs.get("name")
    keywords = {"name": name if isinstance(name, str) else None}
    return Operation(f"{verb}_type", frame.state.direction, node, keywords=keywords)


def _table(frame: Frame, of: Construct, verb: str, node: ast.AST) -> Operation:
    schema = {key: value for key, value in of.kwargs.items() if key == "schema"}
    if verb == "drop":
        return op_calls.operation(frame, "drop_table", of.args[:1], schema, node, None)
    items = [of.args[0], *(_items(of) or [_ELSEWHERE])]
    made = op_calls.operation(frame, "create_table", items, dict(of.kwargs), node, None)
    convention = convention_in(table_metadata(of))
    if convention is not None:
        # The convention of the table's own metadata applies, not the one that Alembic is given.
        made.keywords = {**made.keywords, "convention": convention or SQLALCHEMY_DEFAULT}
    return made


def _items(table: Construct) -> list[object]:
    """Return a table's columns and constraints; Flask's ``db.Table`` is handed no metadata."""
    first = table.args[1] if len(table.args) > 1 else None
    without = isinstance(first, Construct) and (first.name == "Column" or first.name in KINDS)
    return table.args[1 if without else 2 :]


def _index(frame: Frame, of: Construct, verb: str, node: ast.AST) -> Operation:
    table = next(filter(None, map(_table_name, of.args[1:])), None)
    unknown = Unknown("is the table of a column that is not constant")
    args = [of.args[0], table or unknown]
    if verb == "drop":
        return op_calls.operation(frame, "drop_index", args, {}, node, None)
    return op_calls.operation(
        frame, "create_index", [*args, of.args[1:]], dict(of.kwargs), node, None
    )


_MAKERS: dict[str, Callable[[Frame, Construct, str, ast.AST], Operation]] = {
    "Table": _table,
    "Index": _index,
    **dict.fromkeys(_ENUMS, _enum),
}


def _table_name(column: object) -> str | None:
    """Return the table of ``table.c.column``."""
    while isinstance(column, (Method, Construct)):
        if isinstance(column, Construct) and column.name in ("Table", "table") and column.args:
            name = column.args[0]
            return name if isinstance(name, str) else None
        column = column.receiver
    return None
