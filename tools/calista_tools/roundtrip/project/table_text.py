"""What does a table of the metadata say? In words that are others when anything in it is.

``repr`` says less, since it does not show the text of a default or of a CHECK, and takes longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column, Constraint, Index, Table

_OF_CONSTRAINTS = ("ondelete", "onupdate", "match", "deferrable", "initially", "sqltext", "comment")
_OF_DEFAULTS = ("arg", "sqltext", "persisted", "start", "increment", "always", "on_null", "cycle")


def table_text(table: Table) -> str:
    """Return the words."""
    lines = [*map(_column, table.columns), *sorted(_parts(table))]
    return "\n".join([f"{table.fullname} {table.comment} {dict(table.dialect_kwargs)}", *lines])


def _parts(table: Table) -> Iterator[str]:
    yield from map(_constraint, table.constraints)
    yield from map(_index, table.indexes)


def _column(column: Column[Any]) -> str:
    words = [column.name, repr(column.type), column.nullable, column.comment]
    if column.server_default is not None:
        words += [type(column.server_default).__name__, *_said(column.server_default, _OF_DEFAULTS)]
    return " ".join(map(str, words))


def _constraint(constraint: Constraint) -> str:
    words = [type(constraint).__name__, constraint.name, *_said(constraint, _OF_CONSTRAINTS)]
    words += [column.name for column in getattr(constraint, "columns", ())]
    words += [key.target_fullname for key in getattr(constraint, "elements", ())]
    return " ".join(map(str, [*words, dict(constraint.dialect_kwargs)]))


def _index(index: Index) -> str:
    words = [index.name, index.unique, *map(str, index.expressions)]
    return " ".join(map(str, [*words, {k: str(v) for k, v in index.dialect_kwargs.items()}]))


def _said(item: object, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = getattr(item, name, None)
        if value is not None:
            yield f"{name}={getattr(value, 'text', value)}"
