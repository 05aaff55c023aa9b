from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from calista_tools.lint.migration import Migration

    _Function = ast.FunctionDef | ast.AsyncFunctionDef

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@rule("CAL203", "needs-database", about=("read",), whole=True)
def check(migration: Migration) -> Iterator[Finding]:
    """Revision reads the database, which ``--sql`` does not have, and does not say so.

    ``alembic upgrade --sql`` writes a script without a connection: a query gives nothing, or the
    command stops half-way. Say what happens then with ``context.is_offline_mode()``, or why the
    script is not for this revision. Of downgrades, for which hardly anybody has a script written,
    this is said under ``policy = "calista"`` alone; without it, too, it is not said of new revisions
    where a published one cannot be rendered already. ``op.get_bind().dialect`` is known in both modes.
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
            if direction == "downgrade" and migration.config.policy is None:
                continue
            function = migration.function(direction)
            if function is not None and _leaves_offline(function, migration.functions):
                continue
            message = f"`{direction}()` reads the database: `--sql` cannot render it"
            yield Finding.of(operation, message)


def _leaves_offline(function: _Function, known: Mapping[str, _Function]) -> bool:
    """Whether a function raises or returns early where there is no database."""
    known = {**known, **{one.name: one for one in function.body if isinstance(one, _FUNCTIONS)}}
    for statement in function.body:
        if isinstance(statement, ast.Assert) and _asks(statement.test):
            return True
        if (
            isinstance(statement, ast.If)
            and _asks(statement.test)
            and isinstance(statement.body[-1], (ast.Raise, ast.Return))
        ):
            return True
        called = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(called, ast.Call) and isinstance(called.func, ast.Name):
            helper = known.get(called.func.id)
            if helper is not None and helper is not function and _raises_offline(helper):
                return True
    return False


def _raises_offline(helper: _Function) -> bool:
    """Whether a helper raises where there is no database; what it returns ends itself alone."""
    return any(
        (isinstance(statement, ast.Assert) and _asks(statement.test))
        or (
            isinstance(statement, ast.If)
            and _asks(statement.test)
            and isinstance(statement.body[-1], ast.Raise)
        )
        for statement in helper.body
    )


def _asks(test: ast.expr) -> bool:
    """Whether a test asks if there is a database."""
    return any(word in ast.unparse(test) for word in ("is_offline_mode", "as_sql"))
