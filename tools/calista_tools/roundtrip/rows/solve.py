"""Which values satisfy a table's CHECKs? The database is asked, before a row is tried."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.roundtrip.rows.access import literal, quote
from calista_tools.roundtrip.rows.candidates import candidates, columns_in
from calista_tools.roundtrip.rows.written_values import to_sqlite

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence, Set

    from calista_tools.roundtrip.rows.access import Access
    from calista_tools.roundtrip.rows.table_model import Column, Table, Value

#: Combinations that one question may be about, and answers that are taken.
_COMBINATIONS = 6_000
_ANSWERS = 200
_MOST_COLUMNS = 6
_MOST_PLAIN = 8

#: Values of some columns that go together.
Solution = dict[str, "Value"]
#: Stands in a solution for any value but NULL.
ANY: object = object()


def solve(
    access: Access,
    table: Table,
    start: int,
    fixed: Mapping[str, Sequence[Value]],
) -> tuple[list[list[Solution]], list[str]]:
    """Find values for the columns that CHECKs speak of.

    Args:
        access: Where the expressions mean what they mean.
        table: Whose checks to satisfy.
        start: Number of the first sample to try.
        fixed: Columns that take no other values than these, such as references.

    Returns:
        For each group of columns that depend on each other the solutions, the most ordinary one
        first; and the expressions that the database could not answer for.
    """
    by_name = {column.name: column for column in table.columns if not column.computed}
    groups: list[list[Solution]] = []
    unanswered: list[str] = []
    for names, expressions in _groups(table, list(by_name)):
        # Of a column that is only asked whether it is NULL, any value will do.
        plain = {name for name in names if name not in fixed and _asked_for_null(name, expressions)}
        others = len(names) - len(plain)
        room = min(60, max(3, int((_COMBINATIONS / 2 ** len(plain)) ** (1 / max(others, 1)))))
        choices = {
            name: fixed[name]
            if name in fixed
            else _values(
                access, table, by_name[name], expressions, start, 1 if name in plain else room
            )
            for name in names
        }
        found = None
        if others <= _MOST_COLUMNS and len(plain) <= _MOST_PLAIN:
            found = _ask(access, table, choices, by_name, expressions)
        if found is None or not found:
            unanswered += expressions
        if found:
            groups.append([_any_value(solution, plain) for solution in found])
        elif found is None:
            groups.extend([{name: value} for value in choices[name]] for name in names)
    return groups, unanswered


def _groups(table: Table, names: Sequence[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Yield sets of columns that share checks, with these."""
    checks = [*table.checks, *(check for column in table.columns for check in column.checks)]
    groups: list[tuple[set[str], list[str]]] = []
    for check in checks:
        mine, expressions = columns_in(check, names), [check]
        if not mine:
            continue
        for other in [group for group in groups if group[0] & mine]:
            groups.remove(other)
            mine |= other[0]
            expressions = [*other[1], *expressions]
        groups.append((mine, expressions))
    for found, expressions in groups:
        yield [name for name in names if name in found], expressions


def _asked_for_null(name: str, expressions: Sequence[str]) -> bool:
    """Tell whether expressions say of a column only that it is NULL, or that it is not."""
    spelt = rf"(?<!\w)[\"`\[]?{re.escape(name)}[\"`\]]?(?!\w)"
    text = re.sub(
        rf"{spelt}\s+IS\s+(?:NOT\s+)?NULL\b", "", " ".join(expressions), flags=re.IGNORECASE
    )
    return name not in columns_in(text, [name])


def _any_value(solution: Solution, plain: Set[str]) -> Solution:
    return {
        name: ANY if name in plain and value is not None else value
        for name, value in solution.items()
    }


def _values(
    access: Access,
    table: Table,
    column: Column,
    expressions: Sequence[str],
    start: int,
    room: int,
) -> list[Value]:
    key = column.name in table.key_columns
    texts = candidates(column, expressions, start, room, key=key)
    if access.dialect == "sqlite":
        return list(dict.fromkeys(to_sqlite(column, text) for text in texts))
    return list(texts)


def _ask(
    access: Access,
    table: Table,
    choices: Mapping[str, Sequence[Value]],
    columns: Mapping[str, Column],
    expressions: Sequence[str],
) -> list[Solution] | None:
    """Return the combinations that satisfy all expressions, None if the database balks."""
    typed = access.dialect != "sqlite"
    parts, order = [], []
    names = list(choices)
    for at, name in enumerate(names):
        values = list(choices[name])
        if columns[name].nullable:
            values.append(None)
        cast = f"::{columns[name].sql_type}" if typed else ""
        rows = " UNION ALL ".join(
            f"SELECT {number} AS n{at}, {literal(value)}{cast} AS {quote(name)}"
            for number, value in enumerate(values)
        )
        parts.append(f"({rows}) AS part{at}")
        order.append(f"n{at}")
    row = f"SELECT * FROM {' CROSS JOIN '.join(parts)}"
    asked = " AND ".join(f"({expression})" for expression in expressions)
    # A CHECK holds where it is not false: NULL satisfies it.
    sql = (
        f"SELECT {', '.join(order)} FROM ({row}) AS {quote(table.name.name)}"
        f" WHERE ({asked}) IS NOT FALSE ORDER BY {' + '.join(order)}, {', '.join(order)}"
        f" LIMIT {_ANSWERS}"
    )
    try:
        found = access.query(sql)
    except access.error:
        return None
    return [
        {
            name: choices[name][number] if number < len(choices[name]) else None
            for name, number in zip(names, numbers, strict=True)
        }
        for numbers in found
    ]
