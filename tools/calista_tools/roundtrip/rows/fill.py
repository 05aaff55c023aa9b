"""Which tables need rows now, and which did they get?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from calista_tools.roundtrip.rows import catalog_postgresql, catalog_sqlite
from calista_tools.roundtrip.rows.contents import read_contents
from calista_tools.roundtrip.rows.insert import fill_circle, fill_table, insert_rows, waits_for
from calista_tools.roundtrip.rows.order import in_order
from calista_tools.roundtrip.rows.table_model import TableName

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from calista_tools.roundtrip.rows.access import Access
    from calista_tools.roundtrip.rows.table_model import Content, RowState, Value

    Given = Mapping[str, Sequence[Mapping[str, Value]]]

#: Ordinary, at the edges, and as empty as can be.
ROWS = 3
#: Where a row may have to be of one kind for another to refer to it.
_ROWS_OF_KINDS = 8


@dataclass(slots=True)
class Filled:
    """What was done.

    Attributes:
        tables: Those with new rows.
        keys: Primary keys learnt on the way.
        unfilled: Tables that hold no row, or columns no value, and why.
        waiting: Those among them that lack a row to refer to.
        read: What tables hold now, as far as nothing was written since they were read.
    """

    tables: set[TableName] = field(default_factory=set)
    keys: dict[TableName, tuple[str, ...]] = field(default_factory=dict)
    unfilled: dict[TableName, str] = field(default_factory=dict)
    waiting: set[TableName] = field(default_factory=set)
    read: dict[TableName, Content] = field(default_factory=dict)


def fill(
    access: Access,
    state: RowState,
    todo: Collection[TableName],
    ours: Collection[TableName],
    given: Given,
    sparse: Collection[TableName] = (),
    *,
    few: bool = False,
) -> Filled:
    """Put rows into the tables that need some.

    Args:
        access: The database.
        state: The rows that there are.
        todo: Tables to look at.
        ours: Tables whose rows we made; those that a revision filled are left alone.
        given: The project's own rows, by table.
        sparse: Tables that got few rows before, and are to have as many as the others.
        few: Whether one row in each table is enough.
    """
    result = Filled()
    own: set[TableName] = set()
    if given:
        own = {name for name in state.contents if _given(name, given) is not None}
        known = {word for n in own for word in (n.name, f"{n.schema}.{n.name}")}
        for name in given.keys() - known:
            result.unfilled[TableName("", name)] = (
                "the project gives rows, and there is no such table"
            )
    needy = {name: count for name in todo if (count := _needed(name, state, ours, sparse))}
    wanted = sorted({*needy, *own})
    if not wanted:
        return result
    read = catalog_sqlite if access.dialect == "sqlite" else catalog_postgresql
    tables = read.read_tables(access, wanted)
    result.keys = {table.name: table.primary_key for table in tables}
    contents = dict(state.contents)
    for group in in_order(tables):
        names = {table.name for table in group}
        rows = _given(group[0].name, given)
        if rows is not None:
            why = insert_rows(access, group[0], [_typed(access, row) for row in rows])
            why = why and f"the project's rows are refused: {why}"
            if contents[group[0].name].rows:
                why = None  # put in before, and still there after the database was put back
        elif missing := next(
            (w for table in group if (w := waits_for(table, contents, names))), None
        ):
            why = f"it must refer to {missing}, which has no rows"
            result.waiting |= names
        elif len(group) > 1:
            why = fill_circle(access, group, contents, 1 if few else ROWS - 1)
        else:
            count, full = needy[group[0].name], needy[group[0].name] == 1
            if few:
                count, full = 1, True
            elif group[0].kinds and count == ROWS:
                count = _ROWS_OF_KINDS
            why = fill_table(access, group[0], contents, count, full=full)
        before = {name: contents[name] for name in names}
        partitioned = frozenset(table.name for table in group if table.partitioned)
        result.read = read_contents(access, sorted(names), partitioned)
        contents |= result.read
        result.unfilled |= dict.fromkeys(names, why) if why else {}
        changed = {name for name in names if contents[name] != before[name]}
        result.tables |= changed
    return result


def _typed(access: Access, row: Mapping[str, Value]) -> dict[str, Value]:
    """Spell truth as the dialect does: PostgreSQL casts no number to it."""
    if access.dialect == "sqlite":
        return dict(row)
    return {name: str(v).lower() if isinstance(v, bool) else v for name, v in row.items()}


def _given(name: TableName, given: Given) -> Sequence[Mapping[str, Value]] | None:
    if not given:
        return None
    return given.get(f"{name.schema}.{name.name}", given.get(name.name))


def _needed(
    name: TableName, state: RowState, ours: Collection[TableName], sparse: Collection[TableName]
) -> int:
    """Return how many rows a table lacks: one where no row has a value in some column."""
    content = state.contents[name]
    if not content.rows:
        return ROWS
    if name in sparse and len(content.rows) < ROWS:
        return ROWS - len(content.rows)
    if name not in ours:
        return 0
    columns = zip(*content.rows, strict=True)
    return int(any(all(value is None for value in values) for values in columns))
