"""What will a statement touch? SQLite says so before it runs, to whom it asks for permission.

Its authorizer is told the name of every table that is written to and of every object that is made
or dropped, by triggers and cascades too: some that are untouched in the end, and none too few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Set

Accesses = set[tuple[int, str]]

# Numbers of https://www.sqlite.org/c3ref/c_alter_table.html.
_ATTACH = 24
_ALTER_TABLE = 26
_PRAGMA = 19
_ROW_ACTIONS = frozenset({9, 18, 23})
_TABLE_ACTIONS = frozenset({2, 11, _ALTER_TABLE, 29, 30})
_VIEW_ACTIONS = frozenset({8, 17})
#: Indexes and triggers: their table is the second thing that is told.
_PART_ACTIONS = frozenset({1, 7, 10, 16})
_SECOND = _PART_ACTIONS | {_ALTER_TABLE}
_SCHEMA_ACTIONS = _TABLE_ACTIONS | _VIEW_ACTIONS | _PART_ACTIONS
_NOTED = _ROW_ACTIONS | _SCHEMA_ACTIONS


def note(noted: Accesses, action: int, first: str | None, second: str | None, *_: Any) -> int:
    """Note what an authorizer is told if it bears on rows or on the schema; allow everything."""
    if action in _NOTED:
        name = second if action in _SECOND else first
        if name is not None and not name.startswith("sqlite_"):
            noted.add((action, name))
    elif action == _ATTACH or (action == _PRAGMA and (first or "").lower() == "writable_schema"):
        # VACUUM attaches a copy and moves every table; by the pragma anything can be written.
        noted.add((_ATTACH, ""))
    return 0


def written_tables(noted: Set[tuple[int, str]]) -> set[str]:
    """Return the tables whose rows may be others, or whose columns are."""
    rows = _ROW_ACTIONS | _TABLE_ACTIONS
    return {name for action, name in noted if action in rows}


def changes_tables(noted: Set[tuple[int, str]]) -> bool:
    """Tell whether there may be other tables than before."""
    return any(action in _TABLE_ACTIONS or action == _ATTACH for action, _ in noted)


def changed_schema(noted: Set[tuple[int, str]]) -> tuple[set[str], bool] | None:
    """Return the tables and views whose rows in the schema table may be others.

    Returns:
        Their names, and whether one was altered, which also changes what refers to it and may be
        a renaming to a name that nothing told of. None if anything may have changed.
    """
    if any(action == _ATTACH for action, _ in noted):
        return None
    names = {name for action, name in noted if action in _SCHEMA_ACTIONS}
    altered = any(action == _ALTER_TABLE for action, _ in noted)
    return (names, altered) if names else None
