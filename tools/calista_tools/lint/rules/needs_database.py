from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.lint.migration import Migration


@rule("CAL203", "needs-database", about=("read",))
def check(migration: Migration) -> Iterator[Finding]:
    """Revision reads the database, which ``--sql`` does not have, and does not say so.

    ``alembic upgrade --sql`` writes a script without a connection: a query gives nothing, or the
    command stops half-way. Say what happens then with ``context.is_offline_mode()``, or why the
    script is not for this revision. ``op.get_bind().dialect`` is known in both modes.
    Source: https://alembic.sqlalchemy.org/en/latest/offline.html

    Bad::

        rows = op.get_bind().execute(sa.text("SELECT id FROM note")).fetchall()

    Bad::

        if "note" in sa.inspect(op.get_bind()).get_table_names():
            op.drop_table("note")

    Good::

        from alembic import context

        if not context.is_offline_mode():
            rows = op.get_bind().execute(sa.text("SELECT id FROM note")).fetchall()

    Good::

        op.execute("UPDATE note SET body = '' WHERE body IS NULL")
    """
    seen = set()
    for operation in migration.operations:
        direction = operation.direction
        if operation.what == "read" and operation.offline is None and direction not in seen:
            seen.add(direction)
            if _leaves_offline(migration.function(direction)):
                continue
            message = f"`{direction}()` reads the database: `--sql` cannot render it"
            yield Finding.of(operation, message)


def _leaves_offline(function: ast.FunctionDef | ast.AsyncFunctionDef | None) -> bool:
    """Whether the function raises or returns early where there is no database."""
    return function is not None and any(
        isinstance(statement, ast.If)
        and isinstance(statement.body[-1], (ast.Raise, ast.Return))
        and any(word in ast.unparse(statement.test) for word in ("is_offline_mode", "as_sql"))
        for statement in function.body
    )
