"""How is a defect seen by hand? Alembic commands, and the rows that it takes, from an empty database."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from calista_tools.roundtrip.proof.result import ERROR, SKIPPED
from calista_tools.roundtrip.rows import insertion
from calista_tools.roundtrip.snapshot import reference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from calista_tools.roundtrip.proof.result import Step
    from calista_tools.roundtrip.rows import Content, TableName
    from calista_tools.roundtrip.snapshot import Snapshot

#: A comment in SQL: what follows it has nothing to do with what stands before.
ANEW = "-- from here on, on another empty database:"
_PREPARE = (
    'python -c "import sys, pkgutil, sqlalchemy as sa;'
    ' pkgutil.resolve_name(sys.argv[1])(sa.create_engine(sys.argv[2]))" {} URL'
)


def commands(
    step: Step,
    parents: Sequence[str],
    rows: Sequence[str],
    prepare: str | None = None,
    on_the_way: Sequence[str] = (),
) -> list[str]:
    """Return what to run, in order: commands of Alembic, and SQL that ends with a semicolon.

    Args:
        step: What was found.
        parents: Its parents.
        rows: Statements that insert what it met.
        prepare: What makes the database that the history begins on.
        on_the_way: What to run first.
    """
    first = [_PREPARE.format(prepare)] if prepare else []
    found = [*first, *on_the_way, *(f"alembic upgrade {parent}" for parent in parents), *rows]
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


@dataclass(frozen=True, kw_only=True)
class Filling:
    """Rows that were put in before a revision.

    Attributes:
        after: The last revision that was applied then; None at the revision itself.
        rows: Of each table.
        schema: What the catalogs say of these tables.
        keys: Their primary keys, where rows of other values may be there already.
    """

    after: str | None = None
    rows: Mapping[TableName, Content]
    schema: Snapshot
    keys: Mapping[TableName, Collection[str]] = field(default_factory=dict)

    def referred(self, table: str) -> list[str]:
        """Return the tables that a table refers to."""
        group = self.schema.get(table, {})
        found = (
            reference(properties) for key, properties in group.items() if key.kind == "foreign key"
        )
        return sorted({match.table for match in found if match is not None})


def tables_for(
    texts: Iterable[str], changed: Collection[TableName], fillings: Sequence[Filling]
) -> set[str]:
    """Return the tables whose rows it takes to see a defect, and those that they refer to.

    Args:
        texts: What the step sent, and what was found of it: the tables that are named matter.
        changed: Other tables that matter.
        fillings: What was put in.
    """
    said = "\n".join(texts).lower()
    names = {table for filling in fillings for table in filling.rows}
    todo = [
        str(table)
        for table in names
        if table in changed or re.search(rf"(?<!\w){re.escape(table.name.lower())}(?!\w)", said)
    ]
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += (other for filling in fillings for other in filling.referred(name))
    return found


def insertions(filling: Filling, tables: Collection[str], dialect: str) -> list[str]:
    """Return statements that put in the rows of these tables, those they refer to first."""
    by_name = {str(table): table for table, content in filling.rows.items() if content.rows}
    ordered: dict[str, TableName] = {}
    circle = False

    def visit(name: str, path: tuple[str, ...]) -> None:
        nonlocal circle
        if name in path:
            circle |= name != path[-1]
        elif name in by_name and name not in ordered:
            for referred in filling.referred(name):
                visit(referred, (*path, name))
            ordered[name] = by_name[name]

    for name in sorted(by_name.keys() & tables):
        visit(name, ())
    found = [
        insertion(
            table,
            filling.rows[table],
            filling.schema.get(name, {}),
            dialect,
            filling.keys.get(table, ()),
        )
        for name, table in ordered.items()
    ]
    if circle and dialect == "postgresql":
        # These tables refer to each other: as a superuser, unchecked.
        role = "session_replication_role"
        found = [" ".join([f"SET {role} = replica;", *found, f"RESET {role};"])]
    if found and filling.after:
        found.insert(0, f"alembic upgrade {filling.after}")
    return found
