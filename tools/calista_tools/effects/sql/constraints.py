"""Which columns and constraints does the body of a ``CREATE TABLE`` or ``ADD`` clause hold?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.objects import Column
from calista_tools.effects.sql.cursor import Cursor, words
from calista_tools.effects.sql.index_parts import distinct, part_name
from calista_tools.effects.sql.statement_draft import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from calista_tools.effects.sql.statement_draft import Draft, Referred

#: Where a column's type ends.
_COLUMN_CLAUSES = words(
    "CONSTRAINT NOT NULL CHECK DEFAULT GENERATED AS UNIQUE PRIMARY REFERENCES COLLATE DEFERRABLE"
    " INITIALLY STORAGE COMPRESSION AUTOINCREMENT ENFORCED"
)
_TABLE_CONSTRAINTS = {
    "PRIMARY": ("KEY",),
    "UNIQUE": ("(", "NULLS", "USING"),
    "FOREIGN": ("KEY",),
    "CHECK": ("(",),
    "EXCLUDE": ("(", "USING"),
}
#: Words in an expression that are no column.
_NO_COLUMNS = words(
    "AND OR NOT NULL IS IN LIKE ILIKE BETWEEN CASE WHEN THEN ELSE END TRUE FALSE CAST AS COLLATE"
    " EXISTS SELECT FROM WHERE ANY ALL SOME SIMILAR TO GLOB REGEXP MATCH ESCAPE DISTINCT ARRAY"
    " INTERVAL CURRENT_TIMESTAMP CURRENT_DATE CURRENT_TIME CURRENT_USER UNKNOWN ISNULL NOTNULL"
    " AT TIME ZONE USING ASC DESC NULLS FIRST LAST SYMMETRIC"
)


def is_table_constraint(cursor: Cursor) -> bool:
    """Whether a table constraint begins here, and not a column of such a name."""
    if cursor.word == "CONSTRAINT":
        return True
    follows = _TABLE_CONSTRAINTS.get(cursor.word)
    return follows is not None and cursor.ahead() in follows


def table_body(body: Cursor, draft: Draft, table: str) -> None:
    """Record the columns and constraints of a ``CREATE TABLE``'s parenthesis.

    Raises:
        Unrecognised: It holds something else.
    """
    elements = list(body.parts())
    first = len(draft.objects)
    for element in elements:
        if is_table_constraint(element):
            table_constraint(element, draft, table)
            # SQLite takes table constraints without a comma between them.
            while element and is_table_constraint(element):
                table_constraint(element, draft, table)
        elif element.accept("LIKE"):
            element.name()
            draft.flags.add("like")
            draft.unknown = "copies another table's constraints (LIKE)"
        else:
            draft.columns.append(column(element, draft, table))
    known = {item.name for item in draft.columns}
    for at in range(first, len(draft.objects)):
        found = draft.objects[at]
        if found.kind == "ck" and found.columns is not None:
            inside = tuple(name for name in found.columns if name in known)
            draft.objects[at] = found._replace(columns=inside)


def table_constraint(cursor: Cursor, draft: Draft, table: str) -> set[str]:
    """Record one table constraint; return its kind and clauses as flags.

    Raises:
        Unrecognised: There is none.
    """
    name = cursor.identifier() if cursor.accept("CONSTRAINT") else None
    flags = _constraint(cursor, draft, table, name)
    flags |= _tail(cursor)
    return flags


def _constraint(cursor: Cursor, draft: Draft, table: str, name: str | None) -> set[str]:
    if cursor.accept("PRIMARY", "KEY"):
        return {"primary key"} | _key(cursor, draft, table, name, "pk")
    if cursor.accept("UNIQUE"):
        return {"unique"} | _key(cursor, draft, table, name, "uq")
    if cursor.accept("FOREIGN", "KEY"):
        if cursor.word != "(":
            cursor.identifier()
        columns = cursor.names()
        cursor.expect("REFERENCES")
        referred = _references(cursor)
        draft.touch("create", "fk", name, table=table, columns=columns, referred=referred)
        return {"foreign key"}
    if cursor.accept("CHECK"):
        _check(cursor, draft, table, name)
        return {"check"}
    if cursor.accept("EXCLUDE"):
        if cursor.accept("USING"):
            cursor.identifier()
        elements = list(_excluding(cursor.group()))
        excluded, parts = index_elements(elements, _included(cursor))
        draft.touch("create", "ex", name, table=table, columns=excluded, parts=parts)
        return {"exclude"}
    if cursor.accept("NOT", "NULL"):
        cursor.identifier()
        return {"not null"}
    return cursor.fail()


def _key(cursor: Cursor, draft: Draft, table: str, name: str | None, kind: str) -> set[str]:
    if cursor.accept("USING", "INDEX"):
        index = cursor.identifier()
        # The index becomes the constraint's and takes its name.
        draft.touch("drop", "ix", index, table=table)
        draft.touch("create", kind, name or index, table=table, columns=None)
        return {"using index"}
    if cursor.accept("NULLS", "NOT", "DISTINCT"):
        draft.flags.add("nulls not distinct")
    cursor.accept("NULLS", "DISTINCT")
    columns = tuple(_element(part) for part in cursor.group().parts())
    parts = (*columns, *_included(cursor))
    draft.touch("create", kind, name, table=table, columns=columns, parts=parts)
    return set()


def _excluding(cursor: Cursor) -> Iterator[Cursor]:
    """Yield the elements of an exclusion constraint, each without its operator."""
    for element in cursor.parts():
        start = element.at
        element.until("WITH")
        yield Cursor(element.text, element.tokens, start, element.at)


def _included(cursor: Cursor) -> tuple[str, ...]:
    """Step over INCLUDE and return its columns, which PostgreSQL takes into an invented name."""
    return cursor.names() if cursor.accept("INCLUDE") else ()


def _element(cursor: Cursor) -> str | None:
    """Return the column of a key's or index's part; None for an expression."""
    # Both databases take `(a)` for the column `a`, not for an expression.
    while cursor.word == "(":
        inside = cursor.group()
        if cursor:
            return None
        cursor = inside
    if cursor.kind not in ("word", "quoted") or cursor.ahead() == "(":
        return None
    name = cursor.identifier()
    while cursor:
        if cursor.word and not (cursor.word[0].isalpha() or cursor.word in "()._,="):
            return None
        cursor.skip()
    return name


def index_elements(
    elements: Iterable[Cursor], included: Iterable[str]
) -> tuple[tuple[str | None, ...], tuple[str | None, ...]]:
    """Return an index's columns, None for each expression, and what PostgreSQL calls its parts."""
    columns: list[str | None] = []
    parts: list[str | None] = []
    for element in elements:
        start = element.at
        parts.append(part_name(element))
        columns.append(_element(Cursor(element.text, element.tokens, start, element.end)))
    return tuple(columns), distinct([*parts, *included])


def _references(cursor: Cursor) -> Referred:
    schema, referred = cursor.name()
    return schema, referred, (cursor.names() if cursor.word == "(" else ())


def _check(cursor: Cursor, draft: Draft, table: str, name: str | None) -> None:
    inside = cursor.group()
    draft.touch(
        "create",
        "ck",
        name,
        table=table,
        columns=referenced(inside),
        expression=inside.rest(),
    )


def referenced(cursor: Cursor) -> tuple[str, ...]:
    """Return the names in an expression that may be columns, each once, in order."""
    found: dict[str, None] = {}
    after_cast = False
    for at in range(cursor.at, cursor.end):
        token = cursor.tokens[at]
        follows = cursor.tokens[at + 1].upper if at + 1 < cursor.end else ""
        if token.kind == "quoted" or (
            token.kind == "word"
            and token.upper not in _NO_COLUMNS
            and follows not in ("(", ".")
            and not after_cast
        ):
            found.setdefault(token.value)
        after_cast = token.upper == "::"
    return tuple(found)


def _tail(cursor: Cursor) -> set[str]:
    """Step over what may follow a constraint."""
    flags: set[str] = set()
    while cursor and not is_table_constraint(cursor):
        if cursor.accept("NOT", "VALID"):
            flags.add("not valid")
        elif cursor.accept("NOT", "ENFORCED"):
            flags.add("not enforced")
        elif cursor.accept("USING", "INDEX", "TABLESPACE"):
            cursor.identifier()
        elif cursor.accept_any(*_TAIL_WORDS):
            pass
        elif cursor.word == "(":
            cursor.group()
        else:
            cursor.fail()
    return flags


_TAIL_WORDS = tuple(
    sorted(
        words(
            "ON DELETE UPDATE CASCADE RESTRICT SET NULL DEFAULT NO ACTION MATCH FULL SIMPLE PARTIAL NOT"
            " DEFERRABLE INITIALLY DEFERRED IMMEDIATE CONFLICT ROLLBACK ABORT FAIL IGNORE REPLACE INHERIT"
            " INCLUDE WITH WHERE ENFORCED"
        )
    )
)


def column(cursor: Cursor, draft: Draft, table: str) -> Column:
    """Record one column's constraints and return the column.

    Raises:
        Unrecognised: It is no column.
    """
    name = cursor.identifier()
    start = cursor.at
    while cursor and cursor.word not in _COLUMN_CLAUSES:
        if cursor.kind in ("string", "estring", "dollar") or cursor.word == ";":
            cursor.fail()
        cursor.skip()
    kind = cursor.since(start)
    attributes: dict[str, object] = {}
    nullable: bool | None = None
    primary_key = False
    default: str | bool | None = None
    constraint: str | None = None
    while cursor:
        if cursor.accept("CONSTRAINT"):
            constraint = cursor.identifier()
            continue
        if cursor.accept("NOT", "NULL"):
            nullable = False
        elif cursor.accept("NULL"):
            nullable = True
        elif cursor.accept("CHECK"):
            _check(cursor, draft, table, constraint)
        elif cursor.accept("UNIQUE"):
            attributes["unique"] = True
            draft.touch("create", "uq", constraint, table=table, columns=(name,))
        elif cursor.accept("PRIMARY", "KEY"):
            primary_key, nullable = True, False
            draft.touch("create", "pk", constraint, table=table, columns=(name,))
        elif cursor.accept("REFERENCES"):
            referred = _references(cursor)
            draft.touch("create", "fk", constraint, table=table, columns=(name,), referred=referred)
        elif cursor.accept("DEFAULT"):
            default = _default(cursor)
        elif cursor.accept("GENERATED") or cursor.accept("AS"):
            attributes.update(_generated(cursor))
        elif cursor.accept("COLLATE") or cursor.accept_any("STORAGE", "COMPRESSION"):
            cursor.name()
        elif cursor.accept("AUTOINCREMENT"):
            attributes["autoincrement"] = True
        elif cursor.accept("NOT", "VALID"):
            attributes["not valid"] = True
        elif cursor.accept("NULLS", "NOT", "DISTINCT") or cursor.accept("NULLS", "DISTINCT"):
            pass
        elif cursor.accept_any("ASC", "DESC", *_TAIL_WORDS):
            continue
        elif cursor.word == "(":
            cursor.group()
        else:
            cursor.fail()
        constraint = None
    if not primary_key and attributes.get("identity"):
        nullable = False
    return Column(name, kind, nullable, primary_key, default, attributes, NOWHERE)


def _default(cursor: Cursor) -> str:
    start = cursor.at
    cursor.skip()
    while cursor and cursor.word not in _COLUMN_CLAUSES and cursor.word not in ("ON", "NULLS"):
        cursor.skip()
    return cursor.since(start)


def _generated(cursor: Cursor) -> dict[str, object]:
    found: dict[str, object] = {}
    while cursor.accept_any("ALWAYS", "BY", "DEFAULT", "AS"):
        pass
    if cursor.accept("IDENTITY"):
        found["identity"] = True
        if cursor.word == "(":
            cursor.group()
        return found
    start = cursor.at
    cursor.group()
    found["computed"] = cursor.since(start)
    found["stored"] = cursor.accept("STORED")
    cursor.accept("VIRTUAL")
    return found
