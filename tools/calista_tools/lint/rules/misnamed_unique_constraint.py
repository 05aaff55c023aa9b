from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.names.policy import misnamed
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.lint.migration import Migration


@rule("CAL102", "misnamed-unique-constraint", about=("creates uq",))
def check(migration: Migration) -> Iterator[Finding]:
    """Unique constraint is not named ``uq_<table>_<columns>``.

    A downgrade can only drop a constraint that it can name, and a name that says its columns is
    found by whoever reads the error it raises. What counts is the name in the catalog, after
    ``op.f``, the naming convention of env.py and shortening.
    That is the shape under ``policy = "calista"``. Without it the naming convention of env.py's
    ``target_metadata`` decides; where that says nothing of the kind, or the models spell the name
    out, the name is right. Set a shape of your own in ``[tool.calista.names] uq``.
    Source: https://alembic.sqlalchemy.org/en/latest/naming.html

    Bad::

        # file: ../../pyproject.toml
        [tool.calista]
        policy = "calista"
        # file: 20250826_1030_create_note.py
        op.create_unique_constraint("note_title_unique", "note", ["title"])

    Good::

        # file: ../../pyproject.toml
        [tool.calista]
        policy = "calista"
        # file: 20250826_1030_create_note.py
        op.create_unique_constraint("uq_note_title", "note", ["title"])
    """
    yield from misnamed(migration, "uq")
