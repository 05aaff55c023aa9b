"""What does a revision change on one dialect? Operations and raw SQL, in one vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.names.final import final_name, fits
from calista_tools.effects.schema.catalogued import column_state, placed
from calista_tools.effects.schema.elements import Change, Placed
from calista_tools.effects.schema.recreation import recreates
from calista_tools.effects.schema.sql_changes import statement_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from calista_tools.effects.objects import SchemaObject
    from calista_tools.effects.operations import Operation


def changes_of(
    operations: Sequence[Operation],
    dialect: str,
    convention: Mapping[str, str],
    direction: str = "upgrade",
) -> list[Change]:
    """Return what the operations of one direction change on a dialect, in order."""
    found: list[Change] = []
    replaced: set[str | None] = set()
    renamed: set[str | None] = set()
    copied = False
    for index, operation in enumerate(operations):
        if operation.direction != direction or dialect not in operation.dialects:
            continue
        if operation.unlikely:
            found.append(_unlikely(operation, index, dialect, convention))
            continue
        if operation.what == "batch" and operation.batch is not None:
            inside = list(_block(operations, index))
            copied = (
                dialect == "sqlite" and recreates(operation.batch.recreate, inside) is not False
            )
            replaced = _replaced(inside) if copied else set()
            renamed = _renamed_in_copy(inside) if copied else set()
            if inside or copied:  # an empty block does nothing, whatever it restates
                found.extend(_opening(operation, index, dialect, convention, copied=copied))
            continue
        if operation.what == "batch_exit":
            replaced, renamed, copied = set(), set(), False
        if renamed and operation.what in _KEYED and renamed.intersection(operation.columns or ()):
            continue
        if operation.what == "drop_column" and replaced.intersection(operation.columns or ()):
            continue
        found.extend(_changes(operation, index, dialect, convention))
        if copied and operation.what == "add_column":
            found.extend(_keyed(operation, index))
    return found


def _unlikely(
    operation: Operation, index: int, dialect: str, convention: Mapping[str, str]
) -> Change:
    """Return what would be made if somebody else had made tables: said, but not done."""
    made = tuple(
        placed(one, dialect, convention, operation.row)._replace(reason=operation.unlikely)
        for one in operation.objects_on(dialect)
        if one.action == "create"
    )
    return Change(
        "unlikely",
        operation.table,
        operation.schema,
        objects=made,
        row=operation.row,
        position=index,
    )


def same_on_postgresql(
    operations: Sequence[Operation], changes: Sequence[Change], direction: str
) -> bool:
    """Whether what the operations change on SQLite is for certain what they change there.

    Most revisions do the same on both; following their changes twice took as long as that.
    """
    for operation in operations:
        if operation.direction == direction:
            if operation.what == "sql" or operation.unlikely or len(operation.dialects) < 2:
                return False
            for made in operation.objects:
                if made.name is None or len(made.dialects) < 2:
                    return False
    for change in changes:
        if change.what == "recreate" or (change.what in _BY_NAME and not fits(change.name)):
            return False
        if change.made is not None and not fits(change.made.name):
            return False
        for one in change.objects:
            if not fits(one.name):
                return False
    return True


#: Changes that find an object by the name that it has on the dialect.
_BY_NAME = frozenset(("drop", "rename"))


def _keyed(operation: Operation, index: int) -> Iterator[Change]:
    """Yield the key that a copied table gets with a column; a plain ADD COLUMN adds none."""
    keyed = tuple(spec.name for spec in operation.specs if spec.primary_key)
    if keyed:
        made = Placed("pk", None, keyed, implicit=True, reason=_UNNAMED, row=operation.row)
        yield Change(
            "create", operation.table, operation.schema, kind="pk", made=made, position=index
        )


_UNNAMED = "SQLite keeps no name for it"


def _opening(
    operation: Operation,
    index: int,
    dialect: str,
    convention: Mapping[str, str],
    *,
    copied: bool,
) -> Iterator[Change]:
    """Yield what comes before a block's steps: the reflection, and what ``table_args`` restates."""
    naming = operation.batch.naming_convention if operation.batch is not None else None
    base = Change("recreate", operation.table, operation.schema, row=operation.row, position=index)
    if copied:
        # Alembic reflects the table first, then does to it what the block says.
        yield base._replace(values=naming)
    if operation.objects:
        objects = tuple(
            placed(made, dialect, convention, operation.row)
            for made in operation.objects_on(dialect)
        )
        yield base._replace(what="restate", objects=objects, known=copied)


def _block(operations: Sequence[Operation], start: int) -> Iterator[Operation]:
    """Yield the operations of the batch block that opens at ``start``."""
    batch = operations[start].batch
    for position in range(start + 1, len(operations)):
        operation = operations[position]
        if operation.batch is batch:
            if operation.what == "batch_exit":
                return
            yield operation


def _replaced(inside: Sequence[Operation]) -> set[str | None]:
    """Return the columns that a block drops and adds again: a copy keeps what stands on them."""
    dropped: set[str | None] = set()
    found: set[str | None] = set()
    for operation in inside:
        if operation.what == "drop_column":
            dropped.update(operation.columns or ())
        elif operation.what == "add_column":
            found |= dropped.intersection(spec.name for spec in operation.specs)
    return found


def _renamed_in_copy(inside: Sequence[Operation]) -> set[str | None]:
    """Return the new names under which a block that copies its table finds no column.

    A column keeps its old name until the copy is made, and what stands on others is left out
    without a word.
    Source: ``_transfer_elements_to_new_table`` in Alembic's ``operations/batch.py``.
    """
    new: set[str | None] = set()
    there: set[str | None] = set()
    for operation in inside:
        if operation.what == "alter_column":
            name = operation.keywords.get("new_column_name")
            there.update(operation.columns or ())
            if isinstance(name, str):
                new.add(name)
        elif operation.what == "add_column":
            there.update(spec.name for spec in operation.specs)
    return new - there


#: What a block makes on columns of its table.
_KEYED = frozenset({"create_primary_key", "create_unique_constraint", "create_foreign_key"})


def _changes(
    operation: Operation, index: int, dialect: str, convention: Mapping[str, str]
) -> Iterable[Change]:
    what = operation.what
    convention = operation.convention(convention)
    if what == "sql":
        return statement_changes(operation, index, dialect, convention)
    base = Change(
        what,
        operation.table,
        operation.schema,
        conditional=operation.conditional,
        row=operation.row,
        position=index,
    )
    if what in ("create_table", "add_column", "alter_column"):
        objects = tuple(
            placed(made, dialect, convention, operation.row)
            if not operation.foreign
            else placed(made, dialect, convention, operation.row)._replace(row=operation.row)
            for made in operation.objects_on(dialect)
            if made.kind != "table"
        )
        if what == "alter_column":
            return (_altered(operation, base._replace(objects=objects)),)
        return (
            base._replace(
                columns=tuple(map(column_state, operation.specs)),
                objects=objects,
                known=operation.columns is not None,
                reason="" if operation.columns is not None else "has unknown columns",
            ),
        )
    if what == "drop_column":
        name = operation.columns[0] if operation.columns else None
        return (base._replace(name=name),)
    if what == "unknown":
        return (base._replace(what="unclear"),)
    if what in ("drop_table", "rename_table"):
        new = operation.objects[0].new_name if what == "rename_table" else None
        return (base._replace(name=operation.table, new_name=new),)
    return [
        _object_change(operation, made, base, dialect, convention)
        for made in operation.objects_on(dialect)
    ]


def _altered(operation: Operation, base: Change) -> Change:
    keywords = operation.keywords
    values: dict[str, object] = {}
    if isinstance(keywords.get("nullable"), bool):
        values["nullable"] = keywords["nullable"]
    if operation.new_type is not None:
        values["type"] = operation.new_type
    if keywords.get("server_default", False) is not False:
        values["default"] = keywords["server_default"] is not None
    new = keywords.get("new_column_name")
    return base._replace(
        name=operation.columns[0] if operation.columns else None,
        new_name=str(new) if isinstance(new, str) else None,
        values=values,
    )


def _object_change(
    operation: Operation,
    made: SchemaObject,
    base: Change,
    dialect: str,
    convention: Mapping[str, str],
) -> Change:
    if made.action == "create":
        one = placed(made, dialect, convention, operation.row)
        if operation.foreign:
            one = one._replace(row=operation.row)
        return base._replace(what="create", kind=made.kind, made=one)
    final = final_name(made, dialect, convention)
    return base._replace(
        what=made.action,
        kind=made.kind,
        table=made.table,
        name=final.name,
        new_name=made.new_name,
        reason=final.reason,
    )
