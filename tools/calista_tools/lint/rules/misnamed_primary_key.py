from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.names.policy import misnamed
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.lint.migration import Migration


@rule("CAL101", "misnamed-primary-key", about=("creates pk",))
def check(migration: Migration) -> Iterator[Finding]:
    """Primary key is not named ``pk_<table>``.

    SQLite keeps no name for a primary key unless it is given one, and PostgreSQL invents another
    than the convention: a later revision can then not drop it by one name on both. What counts is
    the name in the catalog, after ``op.f``, the naming convention of env.py and shortening.
    That is the shape under ``policy = "calista"``. Without it the naming convention of env.py's
    ``target_metadata`` decides; where that says nothing of the kind, or the models spell the name
    out, the name is right. Set a shape of your own in ``[tool.calista.names] pk``.
    Source: https://alembic.sqlalchemy.org/en/latest/naming.html

    Bad::

        # file: ../../pyproject.toml
        [tool.calista]
        policy = "calista"
        # file: 20250826_1030_create_note.py
        op.create_table(
            "note",
            sa.Column("id", sa.Integer(), nullable=False),
            sa.PrimaryKeyConstraint("id", name="note_id"),
        )

    Good::

        # file: ../../pyproject.toml
        [tool.calista]
        policy = "calista"
        # file: 20250826_1030_create_note.py
        op.create_table(
            "note",
            sa.Column("id", sa.Integer(), nullable=False),
            sa.PrimaryKeyConstraint("id", name="pk_note"),
        )
    """
    yield from misnamed(migration, "pk")
