"""What is an index or an exclusion constraint made of, what does it serve, and how is it called?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.evaluator.arguments import column_name, columns_of, sql_text
from calista_tools.effects.evaluator.values import Construct
from calista_tools.effects.sql.index_parts import distinct, part_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Column names, None for each expression; None where they are unknown.
Columns = tuple[str | None, ...] | None


def excluded(elements: Sequence[object]) -> tuple[Columns, Columns]:
    """Return the columns of an exclusion constraint's elements, and what its name is made of."""
    columns: list[str | None] = []
    parts: list[str | None] = []
    for element in elements:
        if not isinstance(element, (list, tuple)) or not element:
            return None, None
        value = element[0]
        columns.append(column_name(value))
        parts.append(_part(value))
    return tuple(columns), distinct(parts)


def with_included(columns: Columns, options: Mapping[str, object]) -> Columns:
    """Return what the name is made of: the columns that an index merely carries, too."""
    if options.get("postgresql_include") is None:
        return None
    more = columns_of(options["postgresql_include"])
    return (*(columns or (None,)), *(more or (None,)))


def only_for(options: Mapping[str, object]) -> str:
    """Return what an index is for, other than any search by its columns; "" for an ordinary one."""
    if (where := sql_text(options.get("postgresql_where"))) is not None:
        return where
    if "postgresql_ops" in options:
        return "operator class"
    using = options.get("postgresql_using", "btree")
    return "" if using == "btree" else f"using {using}"


def _part(value: object) -> str | None:
    if isinstance(value, Construct):
        if value.path.startswith("sqlalchemy.func."):
            return value.name
        if value.name in ("text", "literal_column"):
            text = sql_text(value)
            return None if text is None else part_in(text)
    return column_name(value)
