"""How is a constraint named that has no name? Where it is made, and where it is dropped."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from calista_tools.effects.names.final import final_name
from calista_tools.lint.rule import Edit, Fix

if TYPE_CHECKING:
    from calista_tools.effects.objects import SchemaObject
    from calista_tools.effects.operations import Operation
    from calista_tools.lint.migration import Migration

_ITEMS = frozenset(
    {"PrimaryKeyConstraint", "UniqueConstraint", "ForeignKeyConstraint", "ForeignKey"}
)
_LONGEST = 63


def give_name(
    migration: Migration, operation: Operation, made: SchemaObject, name: str
) -> Fix | None:
    """Return the fix that names a constraint as the policy wants, with the drop that belongs to it.

    Only where nothing can tell the difference: the line makes this one constraint, and no revision
    mentions the name that PostgreSQL would have invented.
    """
    if operation.foreign or len(name.encode()) > _LONGEST or name in migration.text:
        return None
    invented = final_name(made, "postgresql", {}).name
    if invented is not None and re.search(rf"\b{re.escape(invented)}\b", migration.text):
        return None
    edit = _name(made.node, name) or _name(operation.node, name)
    if edit is None:
        return None
    edits = [edit]
    drops = _nameless_drops(migration, operation, made)
    if len(drops) > 1 or (drops and _creations(migration, made) > 1):
        return None
    for drop in drops:
        other = _name(drop.node, name)
        if other is None:
            return None
        edits.append(other)
    named = {id(made.node), *(id(drop.objects[0].node) for drop in drops)}
    touched = [id(one.node) for step in migration.operations for one in step.objects]
    if any(touched.count(one) > 1 for one in named):
        return None  # a line that makes several: in a loop, in a helper
    return Fix(f"Name it `{name}`", tuple(edits), replaces=invented)


def _nameless_drops(
    migration: Migration, operation: Operation, made: SchemaObject
) -> list[Operation]:
    return [
        other
        for other in migration.operations
        if other.what == "drop_constraint"
        and other.direction != operation.direction
        and other.name is None
        and other.table == made.table
        and other.objects[0].kind in (made.kind, "")
    ]


def _creations(migration: Migration, made: SchemaObject) -> int:
    """Count the nameless constraints of the kind on the table: which one is dropped must be clear."""
    return len(
        {
            id(one.node)
            for operation in migration.operations
            for one in operation.objects
            if (one.action, one.kind, one.table) == ("create", made.kind, made.table)
            and one.name is None
        }
    )


def _name(node: ast.AST | None, name: str) -> Edit | None:
    """Return the edit that puts a name into a call; None where the call does not show how."""
    if not isinstance(node, ast.Call) or any(one.arg is None for one in node.keywords):
        return None
    for keyword in node.keywords:
        if keyword.arg in ("name", "constraint_name"):
            return _replace(keyword.value, name)
    called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    called = node.func.id if isinstance(node.func, ast.Name) else called
    if called.endswith("_constraint") or called in ("create_foreign_key", "create_primary_key"):
        return _replace(node.args[0], name) if node.args else None
    if called not in _ITEMS:
        return None
    arguments = [*node.args, *(one.value for one in node.keywords)]
    last = max(arguments, key=lambda one: (one.end_lineno, one.end_col_offset), default=None)
    if last is None or last.end_lineno is None or last.end_col_offset is None:
        return None
    at = last.end_lineno, last.end_col_offset + 1
    return Edit(*at, *at, f', name="{name}"')


def _replace(node: ast.expr, name: str) -> Edit | None:
    if not isinstance(node, ast.Constant) or node.value is not None:
        return None
    assert node.end_col_offset is not None
    row = node.lineno
    return Edit(row, node.col_offset + 1, row, node.end_col_offset + 1, f'"{name}"')
