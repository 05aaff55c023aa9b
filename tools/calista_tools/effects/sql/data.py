"""Which table does a statement write to, and how?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.sql.cursor import words

if TYPE_CHECKING:
    from calista_tools.effects.sql.cursor import Cursor
    from calista_tools.effects.sql.statement_draft import Draft

_CONFLICT = ("ROLLBACK", "ABORT", "FAIL", "IGNORE", "REPLACE")


def insert(cursor: Cursor, draft: Draft) -> None:
    """Record an ``INSERT`` or ``REPLACE``; the verb is still to come."""
    replace = cursor.word == "REPLACE"
    cursor.at += 1
    draft.kind, draft.verb = "dml", "replace" if replace else "insert"
    if not replace and cursor.accept("OR"):
        word = cursor.accept_any(*_CONFLICT)
        if not word:
            cursor.fail()
        draft.flags.add(f"or {word.lower()}")
    cursor.expect("INTO")
    _target(cursor, draft)
    if cursor.accept("AS"):
        cursor.identifier()
    query = cursor.word == "(" and cursor.ahead() in ("SELECT", "WITH", "VALUES", "TABLE", "(")
    if cursor.word == "(" and not query:
        draft.written = cursor.names()
    cursor.until("ON", "RETURNING", "VALUES", "SELECT", "WITH", "DEFAULT")
    if cursor.word in ("VALUES", "DEFAULT"):
        draft.flags.add("values")
    elif not cursor and not draft.written and not query:
        cursor.fail()
    _clauses(cursor, draft)


def update(cursor: Cursor, draft: Draft) -> None:
    """Record an ``UPDATE``; the verb is still to come."""
    cursor.at += 1
    draft.kind, draft.verb = "dml", "update"
    if cursor.accept("OR"):
        word = cursor.accept_any(*_CONFLICT)
        if not word:
            cursor.fail()
        draft.flags.add(f"or {word.lower()}")
    cursor.accept("ONLY")
    _target(cursor, draft)
    cursor.until("SET")
    cursor.expect("SET")
    written: list[str] = []
    start = cursor.at
    cursor.until("FROM", "WHERE", "RETURNING")
    assignments = type(cursor)(cursor.text, cursor.tokens, start, cursor.at)
    for part in assignments.parts():
        if part.word == "(":
            written.extend(part.names())
        elif part.kind in ("word", "quoted"):
            written.append(part.name()[1])
    draft.written = tuple(written)
    _clauses(cursor, draft)


def delete(cursor: Cursor, draft: Draft) -> None:
    """Record a ``DELETE``; the verb is still to come."""
    cursor.at += 1
    draft.kind, draft.verb = "dml", "delete"
    cursor.expect("FROM")
    cursor.accept("ONLY")
    _target(cursor, draft)
    _clauses(cursor, draft)


def merge(cursor: Cursor, draft: Draft) -> None:
    """Record a ``MERGE``; the verb is still to come."""
    cursor.at += 1
    draft.kind, draft.verb = "dml", "merge"
    cursor.expect("INTO")
    cursor.accept("ONLY")
    _target(cursor, draft)
    _clauses(cursor, draft)


def copy(cursor: Cursor, draft: Draft) -> None:
    """Record a ``COPY``; the verb is still to come."""
    cursor.at += 1
    draft.kind, draft.verb = "other", "copy"
    if cursor.word == "(":
        return
    schema, name = cursor.name()
    if cursor.word == "(":
        draft.written = cursor.names()
    if cursor.accept("FROM"):
        draft.kind = "dml"
        draft.on(schema, name)
        draft.tables.append(name)


def with_query(cursor: Cursor, draft: Draft) -> None:
    """Record what a ``WITH`` leads to, and what its own queries write."""
    cursor.at += 1
    cursor.accept("RECURSIVE")
    inner: list[Cursor] = []
    while True:
        cursor.identifier()
        if cursor.word == "(":
            cursor.group()
        cursor.expect("AS")
        cursor.accept("NOT")
        cursor.accept("MATERIALIZED")
        inner.append(cursor.group())
        while cursor and cursor.word not in (",", *_VERBS):
            cursor.skip()
        if not cursor.accept(","):
            break
    if cursor.word == "WITH":
        cursor.fail()
    query(cursor, draft)
    for part in inner:
        if part.word in ("INSERT", "UPDATE", "DELETE", "MERGE"):
            written = type(draft)(draft.dialect)
            query(part, written)
            draft.tables.extend(written.tables)
            if draft.kind != "dml":
                draft.kind, draft.verb, draft.table = "dml", written.verb, written.table
                draft.schema, draft.written = written.schema, written.written
            else:
                draft.change(f"with {written.verb}", written.table)
            draft.flags |= written.flags


def query(cursor: Cursor, draft: Draft) -> None:
    """Record a statement that reads or writes rows.

    Raises:
        Unrecognised: It is none.
    """
    handler = _VERBS.get(cursor.word)
    if handler is None:
        cursor.fail()
    handler(cursor, draft)


def select(cursor: Cursor, draft: Draft) -> None:
    """Record a query; the verb is still to come."""
    draft.kind, draft.verb = "query", cursor.word.lower()
    cursor.at += 1
    if draft.verb == "select":
        cursor.until("INTO", "FROM", "WHERE", "UNION")
        if cursor.accept("INTO") and cursor.word != "STRICT":
            draft.verb = "select into"
    _clauses(cursor, draft)


def _target(cursor: Cursor, draft: Draft) -> None:
    draft.on(*cursor.name())
    cursor.accept("*")
    if draft.table is not None:
        draft.tables.append(draft.table)


def _clauses(cursor: Cursor, draft: Draft) -> None:
    """Note the clauses that say whether a step can be run twice."""
    tokens = cursor.tokens
    for at in range(cursor.at, cursor.end):
        upper = tokens[at].upper
        if upper in _WORDS:
            follows = tokens[at + 1].upper if at + 1 < cursor.end else ""
            if upper == "ON":
                if follows == "CONFLICT":
                    draft.flags.add("on conflict")
            elif upper == "DO":
                draft.flags.add("do update" if follows == "UPDATE" else "do nothing")
            elif upper == "NOT":
                if follows in ("EXISTS", "IN"):
                    draft.flags.add(f"not {follows.lower()}")
            elif upper == "IS":
                if follows == "NULL":
                    draft.flags.add("is null")
            else:
                draft.flags.add(upper.lower())


_WORDS = words("WHERE FROM USING RETURNING ON DO NOT IS VALUES SELECT EXCEPT LIMIT")

_VERBS = {
    "INSERT": insert,
    "REPLACE": insert,
    "UPDATE": update,
    "DELETE": delete,
    "MERGE": merge,
    "SELECT": select,
    "VALUES": select,
    "TABLE": select,
    "WITH": with_query,
}
