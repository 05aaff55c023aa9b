"""What has a file of what rules are about? A rule that is about none of it need not look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.names.policy import created_by_kind, renamed

if TYPE_CHECKING:
    from calista_tools.lint.migration import Migration


def traits(migration: Migration) -> frozenset[str]:
    """Return what the file has of what rules are about.

    The words of its steps (``Operation.what``), ``creates pk`` and the like for what
    ``upgrade()`` creates or renames, ``guard``, and ``trouble`` where something could not be followed.
    """
    kept: frozenset[str] | None = migration.kept.get("traits")
    if kept is None:
        kept = migration.kept["traits"] = frozenset(_found(migration))
    return kept


def _found(migration: Migration) -> set[str]:
    found = {operation.what for operation in migration.operations}
    found.update(f"creates {kind}" for kind in created_by_kind(migration))
    found.update(f"renames {named.made.kind}" for named in renamed(migration))
    if migration.evaluation.guards:
        found.add("guard")
    if migration.evaluation.troubles:
        found.add("trouble")
    return found


def traits_of(migration: Migration) -> frozenset[str] | None:
    """Return what the file has that rules are about; None where that cannot be told."""
    try:
        return traits(migration)
    except Exception:  # our bug: the rules that need the same will say so, each for itself
        return None
