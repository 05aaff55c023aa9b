from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from calista_tools.effects.sql import effects
from calista_tools.lint.reasons import no_way_back, texts
from calista_tools.lint.rule import Finding, rule
from calista_tools.lint.safety.left_behind import leaves_nothing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from calista_tools.lint.migration import Migration

    _Function = ast.FunctionDef | ast.AsyncFunctionDef


@rule("CAL305", "missing-downgrade")
def check(migration: Migration) -> Iterator[Finding]:
    """``upgrade()`` changes something, ``downgrade()`` does not undo it.

    An empty downgrade runs without an error and leaves the schema as it was: the next upgrade
    fails on what is still there, and no test of a single step notices. One that only prints, asks or
    warns is as empty. Where nothing can be undone, let ``downgrade()`` raise, and say why and what
    to do instead: in what it raises, in its docstring, or beside the rule's code.

    Nothing is to be undone, and ``downgrade()`` may be empty, where every step is of a kind that
    leaves nothing behind: ``VALIDATE CONSTRAINT``, ``ANALYZE``, ``VACUUM``, ``REINDEX``, ``CLUSTER``,
    ``REFRESH MATERIALIZED VIEW``, ``LOCK``, ``SET``, a query, ``setval``, temporary tables.
    Source: https://alembic.sqlalchemy.org/en/latest/tutorial.html#running-our-second-migration

    Bad::

        def upgrade():
            op.add_column("note", sa.Column("body", sa.Text()))


        def downgrade():
            pass

    Bad::

        def upgrade():
            op.add_column("note", sa.Column("body", sa.Text()))

    Good::

        def upgrade():
            op.add_column("note", sa.Column("body", sa.Text()))


        def downgrade():
            op.drop_column("note", "body")

    Good::

        def upgrade():
            op.execute("ALTER TABLE note VALIDATE CONSTRAINT ck_note_title")


        def downgrade():
            pass

    Good::

        def upgrade():
            op.drop_column("note", "body")


        def downgrade():  # noqa: CAL305 - the texts are gone; restore the backup
            raise NotImplementedError

    Good::

        def upgrade():
            op.drop_column("note", "body")


        def downgrade():
            raise NotImplementedError("the texts are gone; restore the backup")
    """
    upgrade = migration.function("upgrade")
    if upgrade is None or does_nothing(upgrade.body):
        return
    downgrade = migration.function("downgrade")
    if downgrade is None:
        given = migration.assigned("downgrade")
        if not migration.binds("downgrade") or (
            given is not None and isinstance(given.value, ast.Constant)
        ):
            yield Finding.at_header(upgrade, "`downgrade()` is missing")
    elif does_nothing(downgrade.body):
        if leaves_nothing(migration.evaluation):
            return
        found = Finding.at_header(downgrade, "`downgrade()` does nothing, `upgrade()` does")
        yield found._replace(excuse=_excuse(downgrade, migration))
    elif only_raises(downgrade.body, migration.functions):
        found = Finding.at_header(downgrade, "`downgrade()` only raises")
        yield found._replace(excuse=_excuse(downgrade, migration))


def _excuse(downgrade: _Function, migration: Migration) -> str:
    return no_way_back(downgrade, migration.functions, texts(migration.tree.body))


#: Calls that change nothing in a database.
_HARMLESS = frozenset(
    (
        "get_bind", "get_context", "getLogger", "print", "warn", "debug", "info", "warning",
        "error", "is_offline_mode", "getenv",
    )
)  # fmt: skip


def does_nothing(body: Sequence[ast.stmt]) -> bool:
    """Whether a body holds nothing that could change a database."""
    return all(map(_is_nothing, body))


def _is_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.If):
        never = isinstance(statement.test, ast.Constant) and not statement.test.value
        said = never or does_nothing(statement.body)
        return said and _is_harmless(statement.test) and does_nothing(statement.orelse)
    if isinstance(statement, (ast.Expr, ast.Return, ast.Assign, ast.AnnAssign)):
        return statement.value is None or _is_harmless(statement.value)
    return isinstance(statement, (ast.Pass, ast.Import, ast.ImportFrom))


def _is_harmless(expression: ast.expr) -> bool:
    """Whether what an expression calls, if anything, says or asks and does no more."""
    # Asked of itself first: to walk through a step takes longer than to know that it is one.
    return _is_harmless_itself(expression) and all(map(_is_harmless_itself, ast.walk(expression)))


def _is_harmless_itself(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        return name in _HARMLESS or (name == "execute" and _only_asks(node))
    return not isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom))


def _only_asks(call: ast.Call) -> bool:
    """Whether a statement is a comment or a query that calls no function."""
    text = call.args[0] if len(call.args) == 1 and not call.keywords else None
    if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
        return False
    found = effects(text.value, "postgresql").statements
    return all(one.verb == "select" and "(" not in text.value for one in found)


def only_raises(body: Sequence[ast.stmt], functions: Mapping[str, _Function]) -> bool:
    """Whether a body ends in ``raise`` before it has done anything, or in a helper that does."""
    first = next((statement for statement in body if not _is_nothing(statement)), None)
    if isinstance(first, ast.Raise):
        return True
    if isinstance(first, ast.Assert):
        return isinstance(first.test, ast.Constant) and not first.test.value
    call = first.value if isinstance(first, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return False
    helper = functions.get(call.func.id)
    return helper is not None and helper.body != body and only_raises(helper.body, {})
