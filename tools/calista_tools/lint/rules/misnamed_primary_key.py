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
    Set the shape in ``[tool.calista.names] pk``.
    Source: https://alembic.sqlalchemy.org/en/latest/naming.html

    Bad::

        op.create_table(
            "note",
            sa.Column("id", sa.Integer(), nullable=False),
            sa.PrimaryKeyConstraint("id", name="note_id"),
        )

    Good::

        op.create_table(
            "note",
            sa.Column("id", sa.Integer(), nullable=False),
            sa.PrimaryKeyConstraint("id", name="pk_note"),
        )
    """
    yield from misnamed(migration, "pk")
