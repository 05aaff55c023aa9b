"""What does a ``DROP`` or ``TRUNCATE`` statement remove?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.effects.sql.cursor import Cursor
    from calista_tools.effects.sql.statement_draft import Draft


def drop(cursor: Cursor, draft: Draft) -> None:
    """Record what stands after ``DROP``.

    Raises:
        Unrecognised: It is no ``DROP`` statement that we know.
    """
    draft.kind = "ddl"
    for words in (("MATERIALIZED", "VIEW"), ("FOREIGN", "TABLE"), ("EVENT", "TRIGGER")):
        if cursor.accept(*words):
            draft.verb = "drop " + " ".join(words).lower()
            break
    else:
        if cursor.kind != "word":
            cursor.fail()
        draft.verb = f"drop {cursor.word.lower()}"
        cursor.at += 1
    if cursor.accept("CONCURRENTLY"):
        draft.flags.add("concurrently")
    if cursor.accept("IF", "EXISTS"):
        draft.flags.add("if exists")
    if draft.verb == "drop trigger":
        _trigger(cursor, draft)
    elif kind := _KINDS.get(draft.verb):
        for schema, name in _names(cursor):
            table = name if kind == "table" else None
            if table:
                draft.tables.append(table)
                draft.table = draft.table or table
            draft.schema = draft.schema or schema
            draft.touch("drop", kind, name, table=table, schema=schema)
    elif draft.verb in ("drop type", "drop schema") and cursor:
        for _, name in _names(cursor):
            draft.change(draft.verb.replace(" ", "_"), name)
    elif not cursor:
        cursor.fail()
    if any(token.upper == "CASCADE" for token in cursor.tokens[cursor.at : cursor.end]):
        draft.flags.add("cascade")


_KINDS = {
    "drop table": "table",
    "drop foreign table": "table",
    "drop index": "ix",
    "drop function": "function",
    "drop procedure": "function",
    "drop routine": "function",
}


def _trigger(cursor: Cursor, draft: Draft) -> None:
    schema, name = cursor.name()
    table = None
    if cursor.accept("ON"):
        schema, table = cursor.name()
        draft.flags.add("on")
        draft.on(schema, table)
    draft.touch("drop", "trigger", name, table=table, schema=schema)


def _names(cursor: Cursor) -> Iterator[tuple[str | None, str]]:
    while True:
        cursor.accept("ONLY")
        yield cursor.name()
        if cursor.word == "(":
            cursor.group()
        cursor.accept("*")
        if not cursor.accept(","):
            return


def truncate(cursor: Cursor, draft: Draft) -> None:
    """Record the tables of a ``TRUNCATE``.

    Raises:
        Unrecognised: It names none.
    """
    draft.kind, draft.verb = "dml", "truncate"
    cursor.accept("TABLE")
    for schema, name in _names(cursor):
        draft.tables.append(name)
        if draft.table is None:
            draft.on(schema, name)
    if any(token.upper == "CASCADE" for token in cursor.tokens[cursor.at : cursor.end]):
        draft.flags.add("cascade")
