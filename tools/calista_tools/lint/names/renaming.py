"""How is a wrong name put right, in upgrade and downgrade together?

Only where the file spells the name as a string, everywhere in the same way: what is put together
at run time is left to its author. What stands in SQL: ``renaming_in_sql``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from calista_tools.effects.names.convention import wants_name
from calista_tools.lint.names.renaming_in_sql import rename_in_sql
from calista_tools.lint.rule import Edit, Fix

if TYPE_CHECKING:
    from collections.abc import Callable

    from calista_tools.effects.objects import SchemaObject
    from calista_tools.lint.migration import Migration

#: PostgreSQL's limit; SQLAlchemy refuses a longer plain name and shortens one given by `op.f`.
_LONGEST = 63


def rename(migration: Migration, made: SchemaObject, shown: str) -> Fix | None:
    """Return the fix that gives an object the name that the policy wants.

    Args:
        migration: The file.
        made: What is created under a wrong name.
        shown: The name wanted; ``…`` stands for the part that is the author's.
    """
    old = made.name.text if made.name is not None else None
    if old is None or made.name is None:
        return None
    new = shown.replace("…", old)
    if not _plain(new):
        return None
    if made.raw or made.kind == "trigger":
        return rename_in_sql(migration, made, new) if len(new.encode()) <= _LONGEST else None
    template = migration.convention.templates.get(made.kind)
    if not made.name.final and template is not None and wants_name(template):
        return None  # the convention adds to what is written
    if len(new.encode()) > _LONGEST:
        return None
    return _everywhere(migration, old, f"Rename to `{new}`", lambda quote: f"{quote}{new}{quote}")


def finalize(migration: Migration, made: SchemaObject) -> Fix | None:
    """Return the fix that says of a name that it is final: ``op.f``."""
    old = made.name.text if made.name is not None else None
    if old is None or made.raw or not _plain(old) or not _imports_op(migration.tree):
        return None
    message = f'Write `op.f("{old}")`'
    return _everywhere(migration, old, message, lambda quote: f"op.f({quote}{old}{quote})")


def _plain(name: str) -> bool:
    """Whether a name can stand between any quotes as it is."""
    return name.isprintable() and not set("'\"\\{}").intersection(name)


def _everywhere(
    migration: Migration, old: str, message: str, spelled: Callable[[str], str]
) -> Fix | None:
    """Replace every string of the file that is this name; None where some are not strings."""
    nodes: dict[tuple[int, int], ast.Constant] = {}
    for node in _named(migration).get(old, ()):
        if node is None:
            return None
        nodes[node.lineno, node.col_offset] = node
    if not nodes or len(migration.mentions.of(old)) != len(nodes):
        return None
    edits = []
    for (row, column), node in sorted(nodes.items()):
        written = _written(migration, node)
        if written is None or written[1:-1] != old or node.end_col_offset is None:
            return None
        end_column = node.end_col_offset + 1
        edits.append(Edit(row, column + 1, row, end_column, spelled(written[0])))
    return Fix(message, tuple(edits), replaces=old)


def _named(migration: Migration) -> dict[str, list[ast.Constant | None]]:
    """Return the strings of each name in the file's steps; None for what is no string of its own."""
    known: dict[str, list[ast.Constant | None]] | None = migration.kept.get("named")
    if known is not None:
        return known
    found: dict[str, list[ast.Constant | None]] = {}
    for operation in migration.operations:
        names = [made.name for made in operation.objects if made.name is not None]
        if operation.name is not None:
            names.append(operation.name)
        for name in names:
            if name.text is None:
                continue
            node = name.node
            if isinstance(node, ast.Call) and len(node.args) == 1:
                node = node.args[0]  # op.f("…")
            own = isinstance(node, ast.Constant) and not operation.foreign
            found.setdefault(name.text, []).append(node if own else None)  # type: ignore[arg-type]
    migration.kept["named"] = found
    return found


def _written(migration: Migration, node: ast.Constant) -> str | None:
    """Return how a string is written; None where it is over several lines."""
    if node.end_lineno != node.lineno or not 1 <= node.lineno <= len(migration.lines):
        return None
    # A tree counts bytes. To encode a line for each of the names on it takes the square of its length.
    line = migration.encoded_lines[node.lineno - 1]
    return line[node.col_offset : node.end_col_offset].decode(errors="replace")


def _imports_op(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "alembic"
        and any(alias.name == "op" and alias.asname is None for alias in node.names)
        for node in tree.body
    )
