from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.names.policy import misnamed
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.lint.migration import Migration


@rule("CAL103", "misnamed-index", about=("creates ix",))
def check(migration: Migration) -> Iterator[Finding]:
    """Index is not named ``ix_<table>_<table>_<column>…``.

    The policy's default is SQLAlchemy's ``column_0_N_label`` token, which repeats the table for
    each column: it looks odd and is what ``index=True`` and autogenerate give. What counts is the
    name in the catalog, after ``op.f``, the naming convention of env.py and shortening. An index on
    an expression has no columns to be named after and is left alone.
    That is the shape under ``policy = "calista"``. Without it the naming convention of env.py's
    ``target_metadata`` decides; where that says nothing of the kind, or the models spell the name
    out, the name is right. Set a shape of your own in ``[tool.calista.names] ix``.
    Source: https://alembic.sqlalchemy.org/en/latest/naming.html

    Bad::

        # file: ../../pyproject.toml
        [tool.calista]
        policy = "calista"
        # file: 20250826_1030_create_note.py
        op.create_index("note_title_idx", "note", ["title"])

    Bad::

        # file: ../../pyproject.toml
        [tool.calista]
        policy = "calista"
        # file: 20250826_1030_create_note.py
        op.execute("CREATE INDEX note_title_idx ON note (title)")

    Good::

        # file: ../../pyproject.toml
        [tool.calista]
        policy = "calista"
        # file: 20250826_1030_create_note.py
        op.create_index("ix_note_note_title", "note", ["title"])

    Good::

        # file: ../../pyproject.toml
        [tool.calista]
        policy = "calista"
        # file: 20250826_1030_create_note.py
        op.create_index("note_lower_title", "note", [sa.text("lower(title)")])
    """
    yield from misnamed(migration, "ix")
