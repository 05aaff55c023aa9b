from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.closest import closest
from calista_tools.effects.schema.applying import apply
from calista_tools.lint.names.policy import WORDS
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.effects.operations import Operation
    from calista_tools.effects.schema import Change, Placed, Schema, Table
    from calista_tools.lint.migration import Migration


@rule(
    "CAL109",
    "dropped-unknown-name",
    scope="schema",
    about=("drop_index", "drop_constraint", "sql"),
    lasting=True,
)
def check(migration: Migration) -> Iterator[Finding]:
    """Something is dropped under a name that nothing created.

    The step fails when it runs, on one dialect or on both: the convention, ``op.f``, shortening or
    a rename made another name of it than the one that is dropped. Only tables whose whole making
    the history shows are judged; of an index or a trigger that is dropped without its table, only
    where the whole history shows that none was made.
    Source: https://alembic.sqlalchemy.org/en/latest/naming.html

    Bad::

        # file: 20250826_1030_create_note.py
        def upgrade():
            op.create_table("note", sa.Column("title", sa.Text()))
            op.create_index("ix_note_note_title", "note", ["title"])


        def downgrade():
            op.drop_index("ix_note_title", "note")
            op.drop_table("note")

    Good::

        # file: 20250826_1030_create_note.py
        def upgrade():
            op.create_table("note", sa.Column("title", sa.Text()))
            op.create_index("ix_note_note_title", "note", ["title"])


        def downgrade():
            op.drop_index("ix_note_note_title", "note")
            op.drop_table("note")
    """
    if not migration.convention.certain and migration.convention.path is not None:
        return
    reported: set[int] = set()
    for dialect, before in migration.schemas.items():
        changes = {way: migration.changes(dialect, way) for way in ("upgrade", "downgrade")}
        both = [*changes["upgrade"], *changes["downgrade"]]
        if not any(change.what == "drop" for change in both):
            continue
        schema = before.around(both)
        for direction in changes:
            for change in changes[direction]:
                operation = migration.operations[change.position]
                if change.position not in reported and _judged(change, operation, dialect):
                    message = _wrong(schema, before, change, dialect)
                    if message:
                        reported.add(change.position)
                        yield Finding.of(operation, message)
                apply(schema, (change,))


def _judged(change: Change, operation: Operation, dialect: str) -> bool:
    if change.what != "drop" or change.name is None or change.conditional:
        return False
    if change.kind == "function" or operation.keywords.get("if_exists"):
        return False
    batch = operation.batch
    if dialect == "sqlite" and change.kind != "ix" and operation.what == "drop_constraint":
        # Outside of a block SQLite drops no constraint; a block's convention names what has none.
        return batch is not None and "naming_convention" not in batch.keywords
    return True


def _wrong(schema: Schema, before: Schema, change: Change, dialect: str) -> str:
    """Return what is wrong with a drop, "" where nothing is or where that is not certain."""
    if change.table is not None:
        table = _missing(schema, change, dialect)
        return _message(change, table, dialect) if table is not None else ""
    # The revision's own tables as they are by now, all others as they were before it.
    tables = {**before.tables, **schema.tables}.values()
    if not schema.clear or not all(table.known for table in tables):
        return ""
    wanted = (change.name or "").lower()
    there = [one for table in tables for one in table.objects]
    # PostgreSQL refuses to drop a constraint's index, in words of its own.
    if any(_may_have(one, dialect) for one in there if one.kind == change.kind):
        return ""
    if any(one.name is not None and one.name.lower() == wanted for one in there):
        return ""
    return _no_such(f"there is no {WORDS[change.kind]}", change, there, dialect)


def _may_have(one: Placed, dialect: str) -> bool:
    """Whether an object may have any name: what nobody named has none on SQLite, for certain."""
    return one.name is None and (dialect == "postgresql" or not one.implicit)


def _missing(schema: Schema, change: Change, dialect: str) -> Table | None:
    """Return the table that should have the name and has not; None where that is not certain."""
    if not schema.clear or change.name is None:
        return None
    table = schema.table(change.table, change.schema)
    if table is None or not table.known:
        return None
    for one in table.objects:
        if one.kind != change.kind and change.kind:
            continue
        if _may_have(one, dialect):
            return None
        if one.name is not None and one.name.lower() == change.name.lower():
            return None
    return table


def _message(change: Change, table: Table, dialect: str) -> str:
    what = f"`{table.name}` has no {WORDS[change.kind]}"
    return _no_such(what, change, table.objects, dialect)


def _no_such(what: str, change: Change, there: Sequence[Placed], dialect: str) -> str:
    names = [one.name for one in there if one.name and change.kind in ("", one.kind)]
    near = closest(change.name or "", names, at_least=0.5)
    hint = f"; there is `{near}`" if near else ""
    return f"{what} `{change.name}` on {dialect}{hint}"
