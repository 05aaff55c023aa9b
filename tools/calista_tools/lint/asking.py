"""What does a revision change that asks the database first? Answered from the schema before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.evaluator import follow
from calista_tools.effects.schema.applying import apply
from calista_tools.effects.schema.changes import changes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calista_tools.effects.operations import Operation
    from calista_tools.effects.schema.elements import Change
    from calista_tools.effects.schema.state import Schema
    from calista_tools.lint.migration import Migration


def asks(migration: Migration) -> bool:
    """Whether what ``upgrade()`` does depends on what the database answers."""
    return any(
        operation.what == "read" and operation.direction == "upgrade"
        for operation in migration.operations
    )


def answered(migration: Migration, dialect: str, before: Schema) -> list[Change]:
    """Return what a revision changes on a dialect, given the schema that it meets."""
    templates = migration.convention.templates
    seen: tuple[int, Schema] = (0, before)

    def look(operations: Sequence[Operation]) -> Schema:
        nonlocal seen
        if len(operations) != seen[0]:
            now = before.copy()
            apply(now, changes_of(operations, dialect, templates))
            seen = (len(operations), now)
        return seen[1]

    operations = follow(migration.tree, migration.path, migration.project, dialect, look)
    return changes_of(operations, dialect, templates)
