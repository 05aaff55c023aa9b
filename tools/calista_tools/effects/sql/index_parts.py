"""What does PostgreSQL call a part of an index, when it makes the index's name of its parts?

Sources: ``FigureIndexColname`` in PostgreSQL's ``parser/parse_target.c``, ``ChooseIndexColumnNames``
in ``commands/indexcmds.c``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.sql.cursor import Cursor, Unrecognised, words

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What an expression is called that has no name.
EXPRESSION = "expr"
_OPERATORS = words("AND OR NOT IS IN LIKE ILIKE BETWEEN SIMILAR ISNULL NOTNULL")
#: Their names come from elsewhere than from the word.
_ODD_CALLS = words("EXTRACT TRIM ROW ARRAY XMLELEMENT XMLPARSE NORMALIZE")
_CONSTANTS = words("TRUE FALSE NULL")


def part_name(cursor: Cursor) -> str | None:
    """Return what PostgreSQL calls one part of an index; None where that is not certain."""
    try:
        found = _unit(cursor)
        if cursor.word == "COLLATE" or cursor.kind in ("word", "") or cursor.word == "(":
            return found or EXPRESSION  # a collation, an operator class, an order follow
    except Unrecognised:
        pass
    return None


def part_in(text: str) -> str | None:
    """Return what PostgreSQL calls an expression that stands alone."""
    from calista_tools.effects.sql.tokens import statements

    found = list(statements(text, "postgresql"))
    if len(found) != 1:
        return None
    return part_name(Cursor(text, list(found[0].tokens)))


def distinct(parts: Sequence[str | None]) -> tuple[str | None, ...]:
    """Return the names of an index's parts as PostgreSQL tells equal ones apart."""
    found: list[str | None] = []
    for part in parts:
        name, number = part, 0
        while name is not None and name in found:
            number += 1
            name = f"{part}{number}"
        found.append(name)
    return tuple(found)


def _whole(cursor: Cursor) -> str:
    """Return the name of an expression in parentheses; "" where it has none.

    Raises:
        Unrecognised: It is written in a way that we do not know.
    """
    if cursor.word in ("NOT", "-", "+"):
        return ""
    found = _unit(cursor)
    if not cursor:
        return found
    if cursor.word == "COLLATE":
        cursor.at += 1
        cursor.name()
        return found if not cursor else cursor.fail()
    token = cursor.tokens[cursor.at]
    if cursor.word in ("[", ".", "AT", "OVER", "FILTER"):
        cursor.fail()
    if token.kind == "op" or cursor.word in _OPERATORS:
        return ""
    return cursor.fail()


def _unit(cursor: Cursor) -> str:
    """Step over an operand with its casts and return its name, "" where it has none."""
    found, certain = _operand(cursor), True
    while cursor.word == "::":
        cursor.at += 1
        _, kind = cursor.name()
        if cursor.word == "(":
            cursor.group()
        if cursor.word in ("[", "WITH", "WITHOUT", "VARYING", "PRECISION"):
            certain = bool(found)
            while cursor and cursor.word not in ("::", "COLLATE"):
                cursor.skip()
        found = found or _type_name(kind)
    return found if certain else cursor.fail()


def _operand(cursor: Cursor) -> str:
    token = cursor.tokens[cursor.at] if cursor else cursor.fail()
    if cursor.word == "(":
        return _whole(cursor.group())
    if token.kind in ("number", "string", "estring", "dollar") or cursor.word in _CONSTANTS:
        cursor.at += 1
        return ""
    if token.kind not in ("word", "quoted"):
        cursor.fail()
    if cursor.accept("CASE"):
        return _case(cursor)
    if cursor.word == "CAST" and cursor.ahead() == "(":
        cursor.at += 1
        return _cast(cursor.group())
    if cursor.word in _ODD_CALLS or cursor.word in ("CURRENT_DATE", "INTERVAL"):
        cursor.fail()
    if cursor.kind == "word" and cursor.ahead_kind() in ("string", "estring"):
        cursor.fail()  # `date '2026-01-01'`
    _, name = cursor.name()
    if cursor.word == "(":
        cursor.group()
    return name


def _cast(inside: Cursor) -> str:
    at = inside.at
    inside.until("AS")
    operand = Cursor(inside.text, inside.tokens, at, inside.at)
    inside.expect("AS")
    found = _whole(operand)
    if found:
        return found
    _, kind = inside.name()
    return _type_name(kind)


def _case(cursor: Cursor) -> str:
    depth = 1
    while cursor and depth:
        if cursor.word == "CASE":
            depth += 1
        elif cursor.word == "END":
            depth -= 1
        elif cursor.word == "ELSE":
            cursor.fail()  # its name may be the last value's
        cursor.skip()
    return "case"


#: How the grammar writes types that have two names.
_TYPES = {
    "int": "int4", "integer": "int4", "smallint": "int2", "bigint": "int8", "real": "float4",
    "boolean": "bool", "decimal": "numeric", "dec": "numeric", "character": "bpchar",
    "char": "bpchar", "varchar": "varchar", "float": "float8", "double": "float8",
}  # fmt: skip


def _type_name(kind: str) -> str:
    return _TYPES.get(kind, kind)
