from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.names.policy import misnamed
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.lint.migration import Migration


@rule("CAL106", "misnamed-trigger", about=("creates trigger", "renames trigger"))
def check(migration: Migration) -> Iterator[Finding]:
    """Trigger is not named ``<table>_<what it does>``.

    SQLite keeps triggers in one namespace, so a name without its table soon meets another one; and
    a batch operation that recreates the table drops its triggers, which are then found by name.
    That is the shape under ``policy = "calista"``; without it any name is right. Set a shape of your
    own in ``[tool.calista.names] trigger``: ``tr_%(table_name)s_%(action)s`` for one.
    Source: https://www.sqlite.org/lang_createtrigger.html

    Bad::

        # file: ../../pyproject.toml
        [tool.calista]
        policy = "calista"
        # file: 20250826_1030_create_note.py
        op.execute(
            "CREATE TRIGGER forbid_mod BEFORE UPDATE ON note "
            "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        )

    Good::

        # file: ../../pyproject.toml
        [tool.calista]
        policy = "calista"
        # file: 20250826_1030_create_note.py
        op.execute(
            "CREATE TRIGGER note_forbid_mod BEFORE UPDATE ON note "
            "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        )
    """
    yield from misnamed(migration, "trigger")
