from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.history import Problem
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.lint.migration import Migration


@rule("CAL006", "unreadable-revision", lasting=True)
def check(migration: Migration) -> Iterator[Finding]:
    """File cannot be read as a revision.

    Alembic imports every Python file of the versions folder. One that does not parse, or has no
    ``revision``, stops every command, and nothing else can be checked in it.

    Bad::

        # file: 20250826_1030_create_event_store.py
        revision = "3f2a"
        down_revision = None
        def upgrade(:
            pass

    Bad::

        # file: 20250826_1030_create_event_store.py
        down_revision = None

        def upgrade():
            pass

    Good::

        # file: 20250826_1030_create_event_store.py
        revision = "3f2a"
        down_revision = None

        def upgrade():
            pass
    """
    if isinstance(migration.header, Problem):
        yield Finding(migration.header.line, 1, migration.header.message)
