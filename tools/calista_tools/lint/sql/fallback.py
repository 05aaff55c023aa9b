"""What does sqlglot make of a statement that our own recogniser does not know?"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any

from calista_tools.lint.sql.records import HOLE

if TYPE_CHECKING:
    from calista_tools.lint.sql.draft import Draft

#: Longer statements are not handed on: sqlglot takes a second for 100 kB.
MAX_LENGTH = 20_000


@cache
def _sqlglot() -> Any:
    """Return sqlglot; None where the extra ``tools`` is not installed."""
    try:
        import sqlglot
    except ImportError:
        return None
    # It warns of what it cannot parse; here that is the question, not a surprise.
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    return sqlglot


def ask(text: str, draft: Draft) -> bool:
    """Fill ``draft`` with kind, verb and table as sqlglot sees them; False where it cannot."""
    if len(text) > MAX_LENGTH or HOLE in text or (sqlglot := _sqlglot()) is None:
        return False
    dialect = "postgres" if draft.dialect == "postgresql" else draft.dialect
    try:
        # Without a bound it would follow parentheses until Python's stack ends.
        trees = sqlglot.parse(text, dialect=dialect) if text.count("(") < 200 else []
    except (
        sqlglot.errors.SqlglotError,
        RecursionError,
        ValueError,
        AttributeError,
        TypeError,
        IndexError,
    ):
        return False
    if len(trees) != 1 or trees[0] is None:
        return False
    return _fill(trees[0], draft, sqlglot.exp)


def _fill(tree: Any, draft: Draft, exp: Any) -> bool:
    verb = _VERBS.get(type(tree).__name__)
    if verb is None:
        return False
    draft.kind = (
        "ddl" if verb in ("create", "drop", "alter") else "query" if verb == "select" else "dml"
    )
    what = str(tree.args.get("kind") or "").lower() if draft.kind == "ddl" else ""
    draft.verb = f"{verb} {what}".strip()
    table = tree.find(exp.Table)
    if table is None or not table.name:
        return True
    if draft.kind == "dml":
        draft.tables.append(table.name)
    if draft.kind == "dml" or what == "table":
        draft.on(table.db or None, table.name)
    if what == "table" and verb in ("create", "drop"):
        draft.touch(verb, "table", table.name, table=table.name)
    return True


_VERBS = {
    "Create": "create",
    "Drop": "drop",
    "Alter": "alter",
    "Insert": "insert",
    "Update": "update",
    "Delete": "delete",
    "Merge": "merge",
    "Select": "select",
    "Union": "select",
}
