"""What does one evaluated argument say: a name, a column, a table, SQL, a type?"""

from __future__ import annotations

import ast
from typing import Any

from calista_tools.effects.evaluator.values import Construct, External, Final, Method, Unknown
from calista_tools.effects.objects import Name


def argument(node: ast.AST, position: int | None, *keywords: str) -> ast.expr | None:
    """Return the expression of a call's argument, where it stands there by itself."""
    if not isinstance(node, ast.Call):
        return None
    for keyword in node.keywords:
        if keyword.arg in keywords:
            return keyword.value
    if position is None or position >= len(node.args):
        return None
    for arg in node.args[: position + 1]:
        if type(arg) is ast.Starred:
            return None
    return node.args[position]


def name_of(value: object, node: ast.expr | None = None) -> Name | None:
    """Return a name argument as a ``Name``; None where none is given."""
    if value is None:
        return None
    if isinstance(value, str):
        if isinstance(value, Final):
            return Name(str(value), True, "", node)
        return Name(value, False, "", node)
    if isinstance(value, Unknown):
        return Name(None, False, value.reason, node)
    if isinstance(value, Construct):
        return Name(None, False, f"is the result of `{value.name}()`", node)
    if isinstance(value, (External, Method)):
        return Name(None, False, f"is `{value.name}`", node)
    return Name(None, False, "is no string", node)


def text_of(value: object) -> str | None:
    """Return a string argument, None where it is none or unknown."""
    return str(value) if isinstance(value, str) else None


def columns_of(value: object) -> tuple[str | None, ...] | None:
    """Return column names; None for each expression; None for all where they are unknown."""
    if isinstance(value, str):
        return (str(value),)
    if isinstance(value, (list, tuple)):
        for item in value:
            if isinstance(item, Unknown):
                return None
        return tuple(map(column_name, value))
    return None


def column_name(value: object) -> str | None:
    """Return the column that an index or constraint element names, None for an expression."""
    if isinstance(value, str):
        return str(value)
    while isinstance(value, (Construct, Method)):
        if isinstance(value, Construct):
            if value.name in ("Column", "column", "literal_column", "text") and value.args:
                first = value.args[0]
                if not isinstance(first, str):
                    return None
                bare = first.split()[0].strip('"') if first.split() else ""
                return bare if bare.isidentifier() else None
            if value.name in ("desc", "asc", "nullsfirst", "nullslast", "nulls_first"):
                value = (
                    value.receiver if value.receiver is not None else next(iter(value.args), None)
                )
                if isinstance(value, str):
                    return str(value)
                continue
            return None
        receiver = value.receiver
        if isinstance(receiver, Method) and receiver.name in ("c", "columns"):
            return value.name
        return None
    return None


def table_of(value: object) -> str | None:
    """Return the name of ``sa.table("t", …)``, ``sa.Table(…)`` or a model's ``__table__``."""
    if isinstance(value, Construct):
        if value.name in ("table", "Table") and value.args:
            return text_of(value.args[0])
        if value.name == "alias":
            return table_of(value.receiver)
    names = getattr(value, "names", None) or getattr(
        getattr(value, "receiver", None), "names", None
    )
    if isinstance(names, dict):
        return text_of(names.get("__tablename__"))
    return None


def sql_text(value: object) -> str | None:
    """Return the SQL of a string or of ``sa.text(...)`` and what is chained to it."""
    while isinstance(value, Construct):
        if value.name in ("text", "DDL", "TextClause", "literal_column") and value.receiver is None:
            value = value.args[0] if value.args else value.kwargs.get("text")
            break
        value = value.receiver
    return str(value) if isinstance(value, str) else None


def type_text(value: object) -> str:
    """Return a type (or an expression) as its source would spell it."""
    if isinstance(value, External):
        return value.name
    if isinstance(value, Construct):
        if not value.args and not value.kwargs and value.receiver is None:
            return f"{value.name}()"
        inside = [_spelled(arg) for arg in value.args]
        inside += [f"{key}={_spelled(item)}" for key, item in value.kwargs.items()]
        text = f"{value.name}({', '.join(inside)})"
        if isinstance(value.receiver, Construct) and not value.name[:1].isupper():
            # Not where it is what a class is taken from: Flask's `db.String()`.
            return f"{type_text(value.receiver)}.{text}"
        return text
    return ""


def _spelled(value: Any) -> str:
    if isinstance(value, (External, Construct)):
        return type_text(value)
    if isinstance(value, (str, int, float, bool, type(None))):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_spelled, value[:50]))}]"
    return "…"
