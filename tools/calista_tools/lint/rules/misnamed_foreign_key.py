from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.names.policy import misnamed
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.lint.migration import Migration


@rule("CAL104", "misnamed-foreign-key", about=("creates fk",))
def check(migration: Migration) -> Iterator[Finding]:
    """Foreign key is not named ``fk_<table>_<columns>_<referred table>``.

    A downgrade can only drop a constraint it can name, and each dialect invents a different name
    when none is given. What counts is the name in the catalog, after ``op.f``, the naming
    convention of env.py and shortening.
    That is the shape under ``policy = "calista"``. Without it the naming convention of env.py's
    ``target_metadata`` decides; where that says nothing of the kind, or the models spell the name
    out, the name is right. Set a shape of your own in ``[tool.calista.names] fk``.
    Source: https://alembic.sqlalchemy.org/en/latest/naming.html

    Bad::

        # file: ../../pyproject.toml
        [tool.calista]
        policy = "calista"
        # file: 20250826_1030_create_note.py
        op.create_foreign_key("event_fk", "event", "stream", ["stream_id"], ["id"])

    Good::

        # file: ../../pyproject.toml
        [tool.calista]
        policy = "calista"
        # file: 20250826_1030_create_note.py
        op.create_foreign_key(
            "fk_event_stream_id_stream", "event", "stream", ["stream_id"], ["id"]
        )
    """
    yield from misnamed(migration, "fk")
