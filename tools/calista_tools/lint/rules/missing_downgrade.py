from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.lint.migration import Migration


@rule("CAL305", "missing-downgrade")
def check(migration: Migration) -> Iterator[Finding]:
    """``upgrade()`` changes something, ``downgrade()`` does not undo it.

    An empty downgrade runs without an error and leaves the schema as it was: the next upgrade
    fails on what is still there, and no test of a single step notices. Where nothing can be undone,
    let ``downgrade()`` raise, and say why and what to do instead beside the rule's code.
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
            op.drop_column("note", "body")


        def downgrade():  # noqa: CAL305 - the texts are gone; restore the backup
            raise NotImplementedError
    """
    upgrade = migration.function("upgrade")
    if upgrade is None or does_nothing(upgrade.body):
        return
    downgrade = migration.function("downgrade")
    if downgrade is None:
        if not migration.binds("downgrade"):
            yield Finding.at_header(upgrade, "`downgrade()` is missing")
    elif does_nothing(downgrade.body):
        yield Finding.at_header(downgrade, "`downgrade()` does nothing, `upgrade()` does")
    elif only_raises(downgrade.body):
        yield Finding.at_header(downgrade, "`downgrade()` only raises")


def does_nothing(body: Sequence[ast.stmt]) -> bool:
    """Whether a body holds nothing but strings, ``...``, ``pass`` and a bare ``return``."""
    for statement in body:
        if isinstance(statement, ast.Expr):
            nothing = isinstance(statement.value, ast.Constant)
        elif isinstance(statement, ast.Return):
            nothing = statement.value is None or isinstance(statement.value, ast.Constant)
        else:
            nothing = isinstance(statement, ast.Pass)
        if not nothing:
            return False
    return True


def only_raises(body: Sequence[ast.stmt]) -> bool:
    """Whether a body ends in ``raise`` before it has done anything."""
    rest = [
        statement
        for statement in body
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
    ]
    return bool(rest) and isinstance(rest[0], ast.Raise)
