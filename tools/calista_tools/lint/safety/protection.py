"""Which changes of a table do the triggers refuse that a revision makes?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from calista_tools.effects.operations import Operation
    from calista_tools.effects.sql import Statement

#: What an append-only table's triggers must refuse. SQLite's REPLACE deletes without firing a
#: DELETE trigger, so an INSERT trigger has to look for the row that it would replace.
_MUST = {
    "postgresql": ("UPDATE", "DELETE", "TRUNCATE"),
    "sqlite": ("UPDATE", "DELETE", "INSERT"),
}
_SHOWN = {"INSERT": "INSERT OR REPLACE"}
#: What lets some rows through.
_CONDITION = r"(?i)\b(?:when|where|exists)\b"
#: How a function of PostgreSQL's refuses: by an error, or by leaving the row as it is.
_REFUSING = r"(?i)\braise\b(?!\s+(?:debug|log|info|notice|warning)\b)|\breturn\s+(?:null|old)\b"


def left_open(
    operations: Sequence[Operation], dialect: str, names: Collection[str | None], start: int = 0
) -> str:
    """Return what no trigger refuses of all that must be; "" where all is, or that is not known.

    Args:
        operations: The steps of a revision.
        dialect: On which dialect.
        names: What the table is called in it.
        start: Only triggers that are made from this step on count.
    """
    functions = _functions(operations, dialect)
    columns = _columns(operations, dialect, names)
    found: set[str] = set()
    asked: list[str] = []
    for operation in operations[start:]:
        if operation.direction != "upgrade" or dialect not in operation.dialects:
            continue
        if _is_unknown(operation, dialect):
            return ""
        for statement in _statements(operation, dialect):
            if statement.trigger is not None and statement.table in names:
                found.update(_refused(statement, functions, columns))
                asked += _looked_for(statement, operation.sql or "")
    missing = [_SHOWN.get(event, event) for event in _MUST[dialect] if event not in found]
    if dialect == "sqlite" and "INSERT" in found:
        missing += _replaceable(operations, names, " ".join(asked))
    return ", ".join(missing)


def _looked_for(statement: Statement, text: str) -> list[str]:
    """Return the text of a trigger that looks for the row that an INSERT would replace."""
    trigger = statement.trigger
    if trigger is None or not trigger.raises or "INSERT" not in trigger.events:
        return []
    return [text[statement.start : statement.end]]


def _replaceable(
    operations: Sequence[Operation], names: Collection[str | None], asked: str
) -> Iterator[str]:
    """Yield a REPLACE for each key of the table by which the triggers look for no row."""
    if re.search(_CONDITION, asked) is None:
        return  # every INSERT is refused
    words = set(re.findall(r"\w+", asked))
    for operation in operations:
        for made in operation.objects_on("sqlite"):
            is_key = made.kind in ("pk", "uq") or (made.kind == "ix" and made.unique)
            if made.action != "create" or not is_key or made.table not in names:
                continue
            if made.columns and not words.issuperset(made.columns) and None not in made.columns:
                yield f"INSERT OR REPLACE by `{', '.join(filter(None, made.columns))}`"


def is_made_again(operations: Sequence[Operation], dialect: str, name: str, start: int) -> bool:
    """Whether a trigger of this name is made from a step on, or may be."""
    return any(
        operation.direction == "upgrade"
        and dialect in operation.dialects
        and (
            _is_unknown(operation, dialect)
            or any(
                made.action == "create"
                and made.kind == "trigger"
                and (made.name is None or made.name.text in (None, name))
                for made in operation.objects_on(dialect)
            )
        )
        for operation in operations[start:]
    )


def _is_unknown(operation: Operation, dialect: str) -> bool:
    """Whether a step may make a trigger that cannot be seen."""
    if operation.what == "unknown":
        return True
    if operation.what != "sql":
        return False
    effects = operation.effects(dialect)
    if effects is None or effects.troubles:
        return operation.keywords.get("verb", "") in ("", "create", "do")
    return any(statement.unknown for statement in effects.statements)


def _statements(operation: Operation, dialect: str) -> Iterator[Statement]:
    effects = operation.effects(dialect)
    yield from effects.statements if effects is not None else ()


def _functions(operations: Sequence[Operation], dialect: str) -> Mapping[str, str]:
    """Return the bodies of the functions that are made, by name."""
    return {
        made.name.text: made.expression
        for operation in operations
        for made in operation.objects_on(dialect)
        if made.kind == "function" and made.action == "create" and made.name and made.name.text
    }


def _columns(
    operations: Sequence[Operation], dialect: str, names: Collection[str | None]
) -> set[str | None]:
    """Return the columns that the revision makes the table with."""
    found: set[str | None] = set()
    for operation in operations:
        if operation.what in ("create_table", "add_column") and operation.table in names:
            found.update(spec.name for spec in operation.specs)
        for statement in _statements(operation, dialect):
            if statement.verb == "create table" and statement.table in names:
                found.update(column.name for column in statement.columns)
    return found


def _refused(
    statement: Statement, functions: Mapping[str, str], columns: set[str | None]
) -> Iterator[str]:
    """Yield the events that one trigger refuses."""
    trigger = statement.trigger
    if trigger is None:
        return
    if trigger.function is None:
        if not trigger.raises:
            return
    elif re.search(_REFUSING, functions.get(trigger.function, "raise")) is None:
        return
    for event in trigger.events:
        # `UPDATE OF a` lets the other columns through.
        if event != "UPDATE" or not trigger.columns or columns <= {*trigger.columns}:
            yield event
