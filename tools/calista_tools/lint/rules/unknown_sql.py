from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from calista_tools.lint.rule import Finding, rule
from calista_tools.startup.patterns import later

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.effects.operations import Operation
    from calista_tools.lint.migration import Migration

#: A statement whose first word, or whose object, is a hole (a NUL) and nothing else.
_OBJECT = later(
    r"""[\s(]*(?:(?:CREATE|ALTER|DROP|OR|REPLACE|UNIQUE|TEMP|TEMPORARY|MATERIALIZED|CONSTRAINT|INDEX
    |TABLE|TRIGGER|FUNCTION|PROCEDURE|VIEW|TYPE|SCHEMA|CONCURRENTLY|IF|NOT|EXISTS|ONLY)\b\s*)*
    ["`\[]?\0["`\];\s]*(?:[\s;(]|$)""",
    re.VERBOSE | re.IGNORECASE,
)
#: SQLAlchemy's statements on rows, of a table that is not known.
_QUERY = later(r"\b(?:insert|update|delete|select|values|where|from_select)\b[(`]")


@rule("CAL010", "unknown-sql", about=("sql",))
def check(migration: Migration) -> Iterator[Finding]:
    """SQL is put together from what only running the revision tells.

    Nobody can read what will happen: neither a reviewer, nor ``--names``, nor the rules about
    names, locks and lost data. Write the statement out, or build it from constants. Rows that are
    read to write other rows are no case of this, nor is a value inside of a statement.

    Bad::

        for row in op.get_bind().execute(sa.text("SELECT statement FROM pending")):
            op.execute(row.statement)

    Bad::

        import os
        op.execute(os.environ["UPGRADE_SQL"])

    Good::

        for table in ("note", "tag"):
            op.execute(f"CREATE INDEX ix_{table}_title ON {table} (title)")

    Good::

        for row in op.get_bind().execute(sa.text("SELECT id FROM note")):
            op.execute(f"UPDATE note SET seen = 1 WHERE id = {row.id}")
    """
    seen: set[int] = set()
    for operation in migration.operations:
        if operation.row in seen or not _is_unknown(operation, migration):
            continue
        seen.add(operation.row)
        reason = str(operation.keywords.get("reason") or "is not a constant")
        yield Finding.of(operation, f"what this SQL does is not known: it {reason}")


def _is_unknown(operation: Operation, migration: Migration) -> bool:
    """Whether a step executes SQL of which not even the object is known that it is about."""
    keywords = operation.keywords
    if operation.what != "sql" or operation.sql is not None or keywords.get("via") == "session":
        return False
    partial = keywords.get("partial")
    if isinstance(partial, str):
        tables = (operation.table, *(made.table for made in operation.objects))
        return not any(tables) and _OBJECT.match(partial) is not None
    if keywords.get("verb") or operation.foreign:
        return False  # of a helper's own statement nothing stands here that could be looked at
    spelt = [str(keywords.get("reason")), *_spelt(operation, migration)]
    return not any(map(_QUERY.search, spelt))


def _spelt(operation: Operation, migration: Migration) -> Iterator[str]:
    """Yield how what is executed is written, and what is assigned to its name."""
    node = operation.node
    if not isinstance(node, ast.Call) or not node.args:
        return
    yield ast.unparse(node.args[0])
    names = {one.id for one in ast.walk(node.args[0]) if isinstance(one, ast.Name)}
    for one in ast.walk(migration.tree):
        if isinstance(one, (ast.Assign, ast.AnnAssign)) and one.value is not None:
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            if any(isinstance(target, ast.Name) and target.id in names for target in targets):
                yield ast.unparse(one.value)
