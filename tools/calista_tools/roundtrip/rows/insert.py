"""How do rows get into a table? By trying: what the database accepts is right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from calista_tools.roundtrip.rows.access import attempt, literal, quote
from calista_tools.roundtrip.rows.contents import quoted
from calista_tools.roundtrip.rows.plan import PlannedRow, Planner, link

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from calista_tools.roundtrip.rows.access import Access
    from calista_tools.roundtrip.rows.table_model import Content, Table, TableName

#: How many other rows are tried in place of one that was refused.
_ATTEMPTS = 12


def insert_rows(access: Access, table: Table, rows: Sequence[PlannedRow]) -> str | None:
    """Insert rows, all or none; return why not."""
    if not rows:
        return None
    return attempt(access, _statements(access, table, rows), _checked([table]))


def waits_for(
    table: Table, contents: Mapping[TableName, Content], together: Collection[TableName]
) -> TableName | None:
    """Return a table that must hold a row before this one can."""
    nullable = {column.name for column in table.columns if column.nullable}
    for key in table.foreign_keys:
        here = contents.get(key.table)
        there = key.table in together or (here and here.rows)
        if not there and not nullable & set(key.columns):
            return key.table
    return None


def fill_table(
    access: Access, table: Table, contents: Mapping[TableName, Content], count: int, *, full: bool
) -> str | None:
    """Put new rows into a table, as many of ``count`` as it takes.

    Returns:
        Why there are none, or not in every column; None if all is well.
    """
    here = contents.get(table.name)
    planner = Planner(access, table, contents, len(here.rows) if here else 0)
    itself = _without_rows(table, contents)

    def plan(number: int, turn: int = 0, *, full: bool = full) -> PlannedRow:
        row = planner.row(number, turn, full=full)
        link({table.name: [row]}, [itself], root=not full and turn % 2 == 0)
        return row

    rows = [planner.row(number, full=full) for number in range(count)]
    link({table.name: rows}, [itself], root=not full)
    if insert_rows(access, table, rows) is None:
        return None
    done, refused, first = 0, "", ""
    for number in range(count):
        for turn in range(_ATTEMPTS):
            refused = insert_rows(access, table, [plan(number, turn)]) or ""
            first = first or refused
            if not refused:
                done += 1
                break
        if not done:
            break
    if done:
        return _fill_columns(access, table, planner, plan(count, full=True), first)
    unclear = f"; not understood: CHECK ({planner.unanswered[0]})" if planner.unanswered else ""
    return f"{refused}{unclear}"


def _fill_columns(
    access: Access, table: Table, planner: Planner, row: PlannedRow, why: str
) -> str | None:
    """Put in a row with a value in every column that takes one; return why some take none.

    Some rows went in and others did not: perhaps because of one column, whose type or CHECK is
    not understood and which may be left empty.
    """
    if insert_rows(access, table, [row]) is None:
        return None
    nullable = {column.name for column in table.columns if column.nullable}
    empty = [name for name, value in row.items() if value is not None and name in nullable]
    good: list[str] = []

    def takes(names: Sequence[str]) -> bool:
        kept = {*good, *names}
        tried = {name: None if name in empty and name not in kept else row[name] for name in row}
        # A row that is let in here would be in the way of the next one.
        check = _statements(access, table, [tried])
        return _would_take(access, table, check)

    def search(names: Sequence[str]) -> None:
        if not names or takes(names):
            good.extend(names)
        elif len(names) > 1:
            half = len(names) // 2
            search(names[:half])
            search(names[half:])

    search(empty)
    bad = [name for name in empty if name not in good]
    refused = insert_rows(access, table, [{**row, **dict.fromkeys(bad)}])
    if refused or not bad:
        return None
    return f"nothing is accepted in {', '.join(bad)}: {why}"


def _would_take(access: Access, table: Table, statements: Sequence[str]) -> bool:
    """Try statements and undo them."""
    if access.dialect == "sqlite":
        access.query("SAVEPOINT calista_trial")
        accepted = attempt(access, statements, _checked([table])) is None
        access.query("ROLLBACK TO calista_trial")
        access.query("RELEASE calista_trial")
        return accepted
    access.query("BEGIN")
    accepted = attempt(access, statements) is None
    access.query("ROLLBACK")
    return accepted


def fill_circle(
    access: Access, tables: Sequence[Table], contents: Mapping[TableName, Content], count: int
) -> str | None:
    """Put rows into tables that cannot do without each other; return why they take none."""
    refused = None
    for turn in range(3):
        planned = {}
        for table in tables:
            here = contents.get(table.name)
            planner = Planner(access, table, contents, len(here.rows) if here else 0)
            planned[table.name] = [planner.row(n, turn, full=True) for n in range(count)]
        link(planned, tables)
        inserts = [
            statement
            for table in tables
            for statement in _statements(access, table, planned[table.name])
        ]
        if access.dialect == "sqlite":
            # Until the end of the transaction; without effect where keys are not enforced.
            statements = ["PRAGMA defer_foreign_keys=ON", *inserts]
        else:
            # References are checked when a statement ends: all of them are one statement.
            parts = ", ".join(f"part{n} AS ({text})" for n, text in enumerate(inserts))
            statements = [f"WITH {parts} SELECT 1"]
        refused = attempt(access, statements, _checked(tables))
        if refused is None:
            return None
    return refused


def _without_rows(table: Table, contents: Mapping[TableName, Content]) -> Table:
    """Return the table with those references only that its own new rows must serve."""
    here = contents.get(table.name)
    keys = tuple(key for key in table.foreign_keys if key.table == table.name)
    return replace(table, foreign_keys=() if here and here.rows else keys)


def _statements(access: Access, table: Table, rows: Sequence[PlannedRow]) -> list[str]:
    into = f"INSERT INTO {quoted(table.name)}"
    if access.dialect == "sqlite":
        # No DEFAULT among VALUES there: each row names the columns that it has.
        return [f"{into} {_columns(row)} {_values(row, list(row))}" for row in rows]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        return [f"{into} DEFAULT VALUES" for _ in rows[:1]]
    override = any(column.always for column in table.columns)
    values = ", ".join(_values(row, names).removeprefix("VALUES ") for row in rows)
    listed = ", ".join(map(quote, names))
    system = " OVERRIDING SYSTEM VALUE" if override else ""
    return [f"{into} ({listed}){system} VALUES {values}"]


def _checked(tables: Sequence[Table]) -> list[str]:
    return [table.name.name for table in tables if table.foreign_keys]


def _columns(row: PlannedRow) -> str:
    return f"({', '.join(map(quote, row))})" if row else ""


def _values(row: PlannedRow, names: Sequence[str]) -> str:
    if not names:
        return "DEFAULT VALUES"
    shown = (literal(row[name]) if name in row else "DEFAULT" for name in names)
    return f"VALUES ({', '.join(shown)})"
