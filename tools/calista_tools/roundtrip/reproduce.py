"""How is a defect seen by hand? Alembic commands, and the rows that it takes, from an empty database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.roundtrip.result import ERROR, SKIPPED
from calista_tools.roundtrip.rows import insertion
from calista_tools.roundtrip.snapshot import reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from calista_tools.roundtrip.result import Step
    from calista_tools.roundtrip.rows import RowState, TableName
    from calista_tools.roundtrip.snapshot import Snapshot

#: A comment in SQL: what follows it has nothing to do with what stands before.
ANEW = "-- from here on, on another empty database:"
_PREPARE = (
    'python -c "import sys, pkgutil, sqlalchemy as sa;'
    ' pkgutil.resolve_name(sys.argv[1])(sa.create_engine(sys.argv[2]))" {} URL'
)
#: Whole words of a statement, as names are written in it.
_WORD = re.compile(r"\w+")


def commands(
    step: Step, parents: Sequence[str], rows: Sequence[str], prepare: str | None = None
) -> list[str]:
    """Return what to run, in order: commands of Alembic, and SQL that ends with a semicolon.

    Args:
        step: What was found.
        parents: Its parents.
        rows: Statements that insert what it met.
        prepare: What makes the database that the history begins on.
    """
    first = [_PREPARE.format(prepare)] if prepare else []
    found = [*first, *(f"alembic upgrade {parent}" for parent in parents), *rows]
    found.append(f"alembic upgrade {step.revision}")
    if step.upgrade == ERROR and step.downgrade != SKIPPED:
        # It passes without these rows, or in one run: what comes after that was found that way.
        found += [ANEW, *first, f"alembic upgrade {step.revision}"]
    if step.downgrade != SKIPPED:
        # Not `-1`, which is ambiguous behind a merge; only this revision is above its parent here.
        found.append(f"alembic downgrade {parents[0] if parents else 'base'}")
        if step.upgrade_again != SKIPPED:
            found.append(f"alembic upgrade {step.revision}")
    return found


def from_nothing(step: Step, prepare: str | None = None) -> list[str]:
    """Return what shows that an empty database cannot be upgraded to a revision."""
    first = [_PREPARE.format(prepare)] if prepare else []
    return [*([ANEW] if step.reproduce else []), *first, f"alembic upgrade {step.revision}"]


def rows_for(
    statements: Iterable[str], state: RowState, snapshot: Snapshot, dialect: str
) -> list[str]:
    """Return statements that insert the rows which a step met.

    Args:
        statements: What the step sent: the tables that it names matter.
        state: The rows before it.
        snapshot: The schema before it.
        dialect: In which the statements are written.
    """
    words = {word.lower() for text in statements for word in _WORD.findall(text)}
    by_name = {str(table): table for table, content in state.contents.items() if content.rows}
    wanted = sorted(name for name, table in by_name.items() if table.name.lower() in words)
    ordered: dict[str, TableName] = {}
    circle = False

    def visit(name: str, path: tuple[str, ...]) -> None:
        nonlocal circle
        if name in path:
            circle |= name != path[-1]
        elif name in by_name and name not in ordered:
            for referred in _referred(snapshot, name):
                visit(referred, (*path, name))
            ordered[name] = by_name[name]

    for name in wanted:
        visit(name, ())
    found = [
        insertion(table, state.contents[table], snapshot.get(name, {}), dialect)
        for name, table in ordered.items()
    ]
    if circle and dialect == "postgresql":
        # These tables refer to each other: as a superuser, unchecked.
        role = "session_replication_role"
        found = [" ".join([f"SET {role} = replica;", *found, f"RESET {role};"])]
    return found


def _referred(snapshot: Snapshot, table: str) -> list[str]:
    group = snapshot.get(table, {})
    found = (
        reference(properties) for key, properties in group.items() if key.kind == "foreign key"
    )
    return sorted({match.table for match in found if match is not None})
