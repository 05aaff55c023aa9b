"""What becomes of a schema when something is changed?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.names.shortening import clip
from calista_tools.effects.schema.copying import recreate
from calista_tools.effects.schema.elements import Change, ColumnState, Event, Placed, Table, key_of
from calista_tools.effects.schema.numbering import columns_in, merged
from calista_tools.effects.schema.references import (
    refer_to_renamed,
    refer_to_renamed_table,
    unrefer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from calista_tools.effects.schema.state import Schema


def apply(
    schema: Schema, changes: Iterable[Change], tell: Callable[[Event], None] | None = None
) -> None:
    """Change a schema; ``tell`` hears of each object that is made, dropped or renamed."""
    for change in changes:
        handler = _HANDLERS.get(change.what)
        if handler is not None:
            handler(schema, change, tell or _nobody)


def _nobody(event: Event) -> None:
    """Hear of an event and do nothing."""
    del event


def _create_table(schema: Schema, change: Change, tell: Callable[[Event], None]) -> None:
    if change.table is None:
        schema.clear = False
        for placed in change.objects:
            tell(Event("create", "", placed, change))
        return
    key = key_of(change.table, change.schema)
    if change.conditional and key in schema.tables:
        return
    known = change.known and change.reason == ""
    columns = {one.name: one for one in change.columns if one.name is not None}
    table = Table(change.table, change.schema, columns, (), known and len(columns) > 0)
    schema.tables[key] = table
    schema.take(table.name, 1)
    heard = tell is not _nobody
    if heard:
        tell(Event("create", table.name, Placed("table", table.name, ()), change))
    objects = sorted(change.objects, key=lambda one: _ORDER.get(one.kind, 9))
    made = []
    for placed in merged(objects) if schema.dialect == "postgresql" else objects:
        made.append(schema.place(table, placed, key))
        if heard:
            tell(Event("create", table.name, made[-1], change))
    if made:
        schema.tables[key] = Table(table.name, table.schema, columns, tuple(made), table.known)


#: PostgreSQL makes a table's checks first, then its keys, indexes, and foreign keys last.
_ORDER = {"ck": 0, "pk": 1, "uq": 2, "ex": 2, "fk": 4, "ix": 5}


def _drop_table(schema: Schema, change: Change, tell: Callable[[Event], None]) -> None:
    if change.table is None:
        schema.clear = False
        return
    table = schema.table(change.table, change.schema)
    heard = tell is not _nobody
    if heard:
        tell(Event("drop", change.table, Placed("table", change.table, ()), change))
    if table is None:
        return
    del schema.tables[key_of(table.name, table.schema)]
    schema.take(table.name, -1)
    schema.release(table.objects)
    if heard:
        for placed in table.objects:
            tell(Event("drop", table.name, placed._replace(implicit=True), change))
    if change.cascade:
        unrefer(schema, change, tell, table)


def _rename_table(schema: Schema, change: Change, tell: Callable[[Event], None]) -> None:
    table = schema.table(change.table, change.schema)
    if change.table is None or change.new_name is None:
        schema.clear = False
        return
    new = change.new_name
    tell(Event("rename", new, Placed("table", new, ()), change, change.table))
    if table is None:
        return
    del schema.tables[key_of(table.name, table.schema)]
    schema.take(table.name, -1)
    schema.take(new, 1)
    schema.tables[key_of(new, table.schema)] = table._replace(name=new)
    for placed in table.objects:
        if placed.name is not None:
            schema.places[placed.name] = key_of(new, table.schema)
        tell(Event("rename", new, placed._replace(implicit=True), change, placed.name))
    refer_to_renamed_table(schema, table, new)


def _with_table(schema: Schema, change: Change) -> Table | None:
    """Return the table of a change; one that no revision made appears as far as it is known."""
    table = schema.table(change.table, change.schema)
    if table is None and change.table is not None:
        table = Table(change.table, change.schema, {}, (), known=False)
        schema.tables[key_of(change.table, change.schema)] = table
    return table


def _add_column(schema: Schema, change: Change, tell: Callable[[Event], None]) -> None:
    table = _with_table(schema, change)
    if table is None:
        schema.clear = False
        return
    added = {one.name: one for one in change.columns if one.name is not None}
    known = table.known and bool(added)
    table = Table(table.name, table.schema, {**table.columns, **added}, table.objects, known)
    schema.tables[key_of(table.name, table.schema)] = table
    for placed in change.objects:
        _place(schema, table.name, table.schema, placed, change, tell)


def _place(
    schema: Schema,
    name: str,
    table_schema: str | None,
    placed: Placed,
    change: Change,
    tell: Callable[[Event], None],
) -> None:
    table = schema.tables[key_of(name, table_schema)]
    if change.conditional and placed.name is not None and table.named(placed.name, placed.kind):
        return
    replaced = table.of_kind("pk") if placed.kind == "pk" else ()
    # Most names are new: what has none of them need not be looked through.
    if (
        schema.dialect == "sqlite"
        and placed.kind in _CONSTRAINTS
        and placed.name is not None
        and placed.name in schema.places
    ):
        # A copy keeps constraints by name: a second one of a name takes the place of the first.
        replaced += tuple(
            one for one in table.of_kind(*_CONSTRAINTS - {"pk"}) if one.name == placed.name
        )
    table = _without(schema, table, replaced, change, tell)
    made = schema.put(table, placed)
    tell(Event("create", table.name, made, change))


_CONSTRAINTS = frozenset({"pk", "uq", "fk", "ck"})


def _without(
    schema: Schema,
    table: Table,
    replaced: tuple[Placed, ...],
    change: Change,
    tell: Callable[[Event], None],
) -> Table:
    """Take away what a new object replaces: the primary key, of which a table has one."""
    if not replaced:
        return table
    for old in replaced:
        tell(Event("drop", table.name, old._replace(implicit=True), change))
    schema.release(replaced)
    return table._replace(objects=tuple(one for one in table.objects if one not in replaced))


def _drop_column(schema: Schema, change: Change, tell: Callable[[Event], None]) -> None:
    table = _with_table(schema, change)
    if table is None or change.name is None:
        if table is not None:
            schema.tables[key_of(table.name, table.schema)] = table._replace(known=False)
        return
    columns = {key: one for key, one in table.columns.items() if key != change.name}
    gone = tuple(one for one in table.objects if _depends(one, change.name, table))
    schema.release(gone)
    objects = tuple(one for one in table.objects if one not in gone)
    schema.tables[key_of(table.name, table.schema)] = table._replace(
        columns=columns, objects=objects
    )
    for placed in gone:
        tell(Event("drop", table.name, placed._replace(implicit=True), change))
    if change.cascade:
        unrefer(schema, change, tell, table, {change.name})


def _depends(placed: Placed, column: str, table: Table) -> bool:
    """Whether an object goes with a column."""
    if placed.kind in ("trigger", "function"):
        return False
    if placed.columns and column in placed.columns:
        return True
    return placed.kind == "ck" and column in columns_in(placed.expression, table)


def _alter_column(schema: Schema, change: Change, tell: Callable[[Event], None]) -> None:
    table = _with_table(schema, change)
    if table is None or change.name is None:
        return
    values = change.values or {}
    before = table.columns.get(change.name) or ColumnState(change.name, "", None, default=False)
    nullable = values.get("nullable", before.nullable)
    after = ColumnState(
        change.new_name or change.name,
        str(values.get("type", before.type)),
        nullable if isinstance(nullable, bool) else before.nullable,
        bool(values.get("default", before.default)),
    )
    columns: dict[str, ColumnState]
    if after.name == change.name:
        columns = {**table.columns, change.name: after}
    else:
        columns = {
            after.name or key if key == change.name else key: after if key == change.name else one
            for key, one in table.columns.items()
        }
        columns.setdefault(after.name or change.name, after)
    objects = table.objects
    if change.new_name is not None and change.new_name != change.name:
        objects = tuple(_renamed_in(one, change.name, change.new_name) for one in objects)
    for placed in change.objects:
        _place(schema, table.name, table.schema, placed, change, tell)
        objects = (*objects, placed)
    schema.tables[key_of(table.name, table.schema)] = table._replace(
        columns=columns, objects=objects
    )
    if change.new_name is not None:
        refer_to_renamed(schema, table, change.name, change.new_name)


def _renamed_in(placed: Placed, old: str, new: str) -> Placed:
    if placed.columns and old in placed.columns:
        columns = tuple(new if one == old else one for one in placed.columns)
        return placed._replace(columns=columns)
    return placed


def _create(schema: Schema, change: Change, tell: Callable[[Event], None]) -> None:
    placed = change.made
    if placed is None:
        return
    if placed.kind == "function":
        tell(Event("create", change.table or "", placed, change))
        return
    table = _with_table(schema, change)
    if table is None:
        schema.clear = False
        tell(Event("create", "", placed, change))
        return
    if placed.name is None and placed.reason and not placed.implicit:
        schema.tables[key_of(table.name, table.schema)] = table._replace(known=False)
    _place(schema, table.name, table.schema, placed, change, tell)


def _drop(schema: Schema, change: Change, tell: Callable[[Event], None]) -> None:
    if change.kind == "function":
        tell(Event("drop", change.table or "", Placed("function", change.name, ()), change))
        return
    table = schema.table(change.table, change.schema)
    only = None if change.conditional else _only(table, change.kind)
    if change.name is None and only is not None:
        change = change._replace(name=only.name)
    if change.name is None:
        if table is not None:
            schema.tables[key_of(table.name, table.schema)] = table._replace(known=False)
        else:
            schema.clear = False
        reason = change.reason or "is not known"
        told = Placed(change.kind, None, None, reason=reason)
        tell(Event("drop", change.table or "", told, change))
        return
    found = table.named(change.name, change.kind) if table is not None else None
    if found is None and change.table is None:
        table = schema.owner(change.kind, change.name)
        found = table.named(change.name, change.kind) if table is not None else None
    if table is not None and found is not None:
        at = table.objects.index(found)
        objects = table.objects[:at] + table.objects[at + 1 :]
        schema.tables[key_of(table.name, table.schema)] = table._replace(objects=objects)
        schema.release((found,))
    placed = found or Placed(change.kind, change.name, None)
    where = table.name if table is not None else change.table or ""
    tell(Event("drop", where, placed._replace(row=change.row), change))
    key = found is not None and found.kind in ("pk", "uq") and found.columns
    if change.cascade and key and table is not None:
        unrefer(schema, change, tell, table, set(key), exactly=True)


def _only(table: Table | None, kind: str) -> Placed | None:
    """Return the table's one object of a kind: a drop under an unknown name can mean no other."""
    found = table.of_kind(kind) if table is not None and table.known else ()
    return found[0] if len(found) == 1 else None


#: PostgreSQL gives these an index of their name; to rename one is to rename the other.
_WITH_INDEX = ("pk", "uq", "ex")


def _rename(schema: Schema, change: Change, tell: Callable[[Event], None]) -> None:
    table = schema.table(change.table, change.schema)
    if change.name is None or change.new_name is None:
        if table is not None:
            schema.tables[key_of(table.name, table.schema)] = table._replace(known=False)
        return
    owner, found = _renamed(schema, table, change.kind, change.name)
    table = owner or table
    new = clip(change.new_name) if schema.dialect == "postgresql" else change.new_name
    if table is not None and found is not None:
        made = found._replace(name=new, full=new, implicit=False, row=change.row)
        objects = tuple(made if one is found else one for one in table.objects)
        schema.tables[key_of(table.name, table.schema)] = table._replace(objects=objects)
        schema.release((found,))
        schema.take(new, 1)
        schema.places[new] = key_of(table.name, table.schema)
    else:
        made = Placed(change.kind, new, None, row=change.row)
    where = table.name if table is not None else change.table or ""
    tell(Event("rename", where, made, change, change.name))


def _renamed(
    schema: Schema, table: Table | None, kind: str, name: str
) -> tuple[Table | None, Placed | None]:
    """Return the object of a name and its table, which the statement need not say."""
    for one in (kind, *_WITH_INDEX) if kind == "ix" else (kind,):
        for owner in (table, schema.owner(one, name)):
            found = owner.named(name, one) if owner is not None else None
            if found is not None:
                return owner, found
    return None, None


def _restate(schema: Schema, change: Change, tell: Callable[[Event], None]) -> None:
    """Add what a block's ``table_args`` say: a copy makes it, and an unknown table has it."""
    table = _with_table(schema, change)
    if table is None or (table.known and not change.known):
        return
    for placed in change.objects:
        if placed.name is not None and table.named(placed.name) is None:
            _place(schema, table.name, table.schema, placed, change, tell)


def _unlikely(schema: Schema, change: Change, tell: Callable[[Event], None]) -> None:
    del schema
    for placed in change.objects:
        shown = f"`{placed.name}` {placed.reason}" if placed.name else placed.reason
        tell(Event("create", change.table or "", placed._replace(name=None, reason=shown), change))


def _unclear(schema: Schema, change: Change, tell: Callable[[Event], None]) -> None:
    table = schema.table(change.table, change.schema)
    if table is not None:
        schema.tables[key_of(table.name, table.schema)] = table._replace(known=False)
    elif change.table is None:
        schema.clear = False


_HANDLERS: dict[str, Callable[[Schema, Change, Callable[[Event], None]], None]] = {
    "create_table": _create_table,
    "drop_table": _drop_table,
    "rename_table": _rename_table,
    "add_column": _add_column,
    "drop_column": _drop_column,
    "alter_column": _alter_column,
    "create": _create,
    "drop": _drop,
    "rename": _rename,
    "recreate": recreate,
    "restate": _restate,
    "unlikely": _unlikely,
    "unclear": _unclear,
}
