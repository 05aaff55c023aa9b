from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.names.policy import misnamed
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.lint.migration import Migration


@rule("CAL111", "misnamed-exclusion-constraint", about=("creates ex",))
def check(migration: Migration) -> Iterator[Finding]:
    """Exclusion constraint is not named as ``[tool.calista.names] ex`` wants it.

    There is no policy for them by default: SQLite has none, and SQLAlchemy's naming convention does
    not know them. A project that sets ``ex`` has them named alike; what counts is the name in the
    catalog, as with the other kinds.
    Source: https://www.postgresql.org/docs/current/sql-createtable.html

    Bad::

        # file: ../../pyproject.toml
        [tool.calista.names]
        ex = "ex_%(table_name)s_%(column_0_N_name)s"
        # file: 20250826_1030_exclude.py
        op.create_exclude_constraint("no_overlap", "slot", ("room", "="), ("during", "&&"))

    Good::

        # file: ../../pyproject.toml
        [tool.calista.names]
        ex = "ex_%(table_name)s_%(column_0_N_name)s"
        # file: 20250826_1030_exclude.py
        op.create_exclude_constraint("ex_slot_room_during", "slot", ("room", "="), ("during", "&&"))

    Good::

        op.create_exclude_constraint("no_overlap", "slot", ("room", "="), ("during", "&&"))
    """
    yield from misnamed(migration, "ex")
