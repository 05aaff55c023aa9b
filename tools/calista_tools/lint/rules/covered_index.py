from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.schema.applying import apply
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.effects.schema import Change, Placed, Schema, Table
    from calista_tools.lint.migration import Migration

_KEYS = ("ix", "uq", "pk")


@rule("CAL310", "covered-index", scope="schema", about=("creates ix",))
def check(migration: Migration) -> Iterator[Finding]:
    """Index is the beginning of another index or key of the same table.

    What searches by the first columns of an index can use the longer one: the shorter one costs
    every write its time and answers no query that the longer one does not. Indexes with
    a condition, an expression, an operator class or another method are not compared.
    Source: https://www.postgresql.org/docs/current/indexes-multicolumn.html

    Bad::

        op.create_table(
            "note",
            sa.Column("author_id", sa.Integer()),
            sa.Column("title", sa.Text()),
        )
        op.create_index("ix_note_note_author_id", "note", ["author_id"])
        op.create_index("ix_note_note_author_id_note_title", "note", ["author_id", "title"])

    Good::

        op.create_table(
            "note",
            sa.Column("author_id", sa.Integer()),
            sa.Column("title", sa.Text()),
        )
        op.create_index("ix_note_note_author_id_note_title", "note", ["author_id", "title"])
        op.create_index("ix_note_note_title", "note", ["title"])
    """
    reported: set[int] = set()
    for dialect, before in migration.schemas.items():
        changes = migration.changes(dialect)
        if not any(change.what == "create" and change.kind == "ix" for change in changes):
            continue
        if not _can_be_covered(before, changes):
            continue
        schema = before.around(changes)
        apply(schema, changes)
        for change in changes:
            table = schema.table(change.table, change.schema)
            if table is None or change.position in reported:
                continue
            pair = _covered(migration, change, table)
            if pair is not None:
                reported.add(change.position)
                short, long = pair
                message = (
                    f"index `{short.name}` is the beginning of `{long.name}` on `{table.name}`"
                )
                yield Finding.of(migration.operations[change.position], message)


#: What changes no object that is there already.
_ADDITIONS = frozenset(("create_table", "add_column", "create", "drop", "alter_column"))


def _can_be_covered(before: Schema, changes: Sequence[Change]) -> bool:
    """Whether any index made here begins like anything else: nearly none does."""
    if any(change.what not in _ADDITIONS or change.new_name is not None for change in changes):
        return True
    short = [
        change
        for change in changes
        if change.made is not None and change.kind == "ix" and change.made.columns
    ]
    beside: dict[str | None, list[Placed]] = {}  # by first column
    for other in changes:
        for one in (*other.objects, *((other.made,) if other.made is not None else ())):
            if one.columns and one.kind in _KEYS:
                beside.setdefault(one.columns[0], []).append(one)
    for change in short:
        made = change.made
        assert made is not None
        assert made.columns
        table = before.table(change.table, change.schema)
        there = table.of_kind(*_KEYS) if table is not None else ()
        for one in (*there, *beside.get(made.columns[0], ())):
            if one is not made and _begins(made, one):
                return True
    return False


def _covered(migration: Migration, change: Change, table: Table) -> tuple[Placed, Placed] | None:
    made = change.made
    if change.what != "create" or made is None or made.kind not in ("ix", "uq"):
        return None
    if made.name is None or table.named(made.name) is None or not _plain(migration, change, made):
        return None
    for other in table.of_kind(*_KEYS):
        if other.name in (None, made.name) or other.expression:
            continue
        if made.kind == "ix" and not made.unique and _begins(made, other):
            return made, other
    return None


def _plain(migration: Migration, change: Change, made: Placed) -> bool:
    """Whether it is an ordinary index, of all rows, in the usual order."""
    keywords = migration.operations[change.position].keywords
    special = any(
        key.startswith(("postgresql_", "sqlite_")) and key != "postgresql_concurrently"
        for key in keywords
    )
    return not made.expression and not special and migration.operations[change.position].sql is None


def _begins(short: Placed, long: Placed) -> bool:
    one, other = short.columns, long.columns
    if not one or not other or None in one or None in other:
        return False
    return len(one) <= len(other) and other[: len(one)] == one
