from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.names.policy import misnamed
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.lint.migration import Migration


@rule("CAL105", "misnamed-check-constraint", about=("creates ck",))
def check(migration: Migration) -> Iterator[Finding]:
    """Check constraint is not named ``ck_<table>_<what it says>``.

    A check's name is all that the error of a refused row says. Under a convention that holds
    ``%(constraint_name)s`` the prefix is added to a plain name, and ``op.f`` keeps a whole name as
    it is.
    That is the shape under ``policy = "calista"``. Without it the naming convention of env.py's
    ``target_metadata`` decides; where that says nothing of the kind, or the models spell the name
    out, the name is right. Set a shape of your own in ``[tool.calista.names] ck``.
    Source: https://alembic.sqlalchemy.org/en/latest/naming.html

    Bad::

        # file: ../../pyproject.toml
        [tool.calista]
        policy = "calista"
        # file: 20250826_1030_create_note.py
        op.create_check_constraint(op.f("positive"), "note", "version > 0")

    Good::

        # file: ../../pyproject.toml
        [tool.calista]
        policy = "calista"
        # file: 20250826_1030_create_note.py
        op.create_check_constraint(op.f("ck_note_positive_version"), "note", "version > 0")
    """
    yield from misnamed(migration, "ck")
