"""What does a ``CREATE`` statement create?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.sql.constraints import index_elements, table_body
from calista_tools.effects.sql.statement_effects import Trigger

if TYPE_CHECKING:
    from collections.abc import Callable

    from calista_tools.effects.sql.cursor import Cursor
    from calista_tools.effects.sql.statement_draft import Draft

#: Things that only PostgreSQL has and that hold none of the names we follow.
_OTHER = {
    "VIEW",
    "SEQUENCE",
    "TYPE",
    "DOMAIN",
    "SCHEMA",
    "EXTENSION",
    "DATABASE",
    "ROLE",
    "USER",
    "GROUP",
    "POLICY",
    "RULE",
    "AGGREGATE",
    "OPERATOR",
    "CAST",
    "COLLATION",
    "CONVERSION",
    "TABLESPACE",
    "PUBLICATION",
    "SUBSCRIPTION",
    "STATISTICS",
    "SERVER",
    "LANGUAGE",
    "TRANSFORM",
    "ACCESS",
    "TEXT",
    "EVENT",
    "FOREIGN",
}


def create(cursor: Cursor, draft: Draft) -> None:
    """Record what stands after ``CREATE``.

    Raises:
        Unrecognised: It is no ``CREATE`` statement that we know.
    """
    draft.kind = "ddl"
    if cursor.accept("OR", "REPLACE"):
        draft.flags.add("or replace")
    while word := cursor.accept_any(*_MODIFIERS):
        draft.flags.add(_MODIFIERS[word])
    if cursor.accept("FOREIGN", "TABLE"):
        draft.verb = "create table"
        _table(cursor, draft)
        return
    what = cursor.word
    if handler := _HANDLERS.get(what):
        cursor.at += 1
        draft.verb = f"create {what.lower()}"
        handler(cursor, draft)
    elif what in _OTHER:
        cursor.at += 1
        draft.verb = (
            "create materialized view"
            if "materialized" in draft.flags
            else f"create {what.lower()}"
        )
        _if_not_exists(cursor, draft)
        if what == "VIEW" and "materialized" in draft.flags:
            draft.on(*cursor.name())
        if what == "TYPE" and cursor:
            draft.schema, name = cursor.name()
            draft.change("create_type", name)
    else:
        cursor.fail()


_MODIFIERS = {
    "TEMP": "temporary",
    "TEMPORARY": "temporary",
    "GLOBAL": "temporary",
    "LOCAL": "temporary",
    "UNLOGGED": "unlogged",
    "UNIQUE": "unique",
    "VIRTUAL": "virtual",
    "CONSTRAINT": "constraint",
    "MATERIALIZED": "materialized",
    "RECURSIVE": "recursive",
    "TRUSTED": "trusted",
    "PROCEDURAL": "procedural",
}


def _if_not_exists(cursor: Cursor, draft: Draft) -> None:
    if cursor.accept("IF", "NOT", "EXISTS"):
        draft.flags.add("if not exists")


def _table(cursor: Cursor, draft: Draft) -> None:
    _if_not_exists(cursor, draft)
    schema, name = cursor.name()
    draft.on(schema, name)
    draft.touch("create", "table", name, table=name)
    if "virtual" in draft.flags:
        return
    if cursor.accept("PARTITION", "OF"):
        cursor.name()
        draft.flags.add("partition of")
        draft.unknown = "takes over its parent's indexes (PARTITION OF)"
        return
    if cursor.accept("OF"):
        cursor.name()
    elif cursor.word == "(" and cursor.ahead() not in ("SELECT", "WITH", "VALUES"):
        body = cursor.group()
        if cursor.until("AS") is not None and cursor.word == "AS":
            draft.verb = "create table as"
            return
        table_body(body, draft, name)
        return
    if cursor.word == "(" or cursor.until("AS") is not None:
        if not cursor:
            cursor.fail()
        draft.verb = "create table as"


def _index(cursor: Cursor, draft: Draft) -> None:
    if cursor.accept("CONCURRENTLY"):
        draft.flags.add("concurrently")
    _if_not_exists(cursor, draft)
    index_schema, name = (None, None) if cursor.word == "ON" else cursor.name()
    cursor.expect("ON")
    cursor.accept("ONLY")
    schema, table = cursor.name()
    # SQLite writes the schema before the index, PostgreSQL before the table.
    draft.on(schema or index_schema, table)
    if cursor.accept("USING"):
        draft.flags.add(f"using {cursor.identifier().lower()}")
    start = cursor.at
    elements = list(cursor.group().parts())
    keys = cursor.since(start)
    included: tuple[str, ...] = ()
    if cursor.accept("INCLUDE"):
        included = cursor.names()
        draft.flags.add("include")
    columns, parts = index_elements(elements, included)
    where = ""
    if cursor.until("WHERE") is not None and cursor.accept("WHERE"):
        draft.flags.add("where")
        where = cursor.rest()
    draft.touch(
        "create",
        "ix",
        name,
        table=table,
        columns=columns,
        unique="unique" in draft.flags,
        parts=parts if name is None else None,
        expression=where or (keys if None in columns or _is_special(draft, keys) else ""),
    )


def _is_special(draft: Draft, keys: str) -> bool:
    """Whether an index serves other searches than an ordinary one."""
    return "_ops" in keys.lower() or any(
        flag.startswith("using ") and flag != "using btree" for flag in draft.flags
    )


def _trigger(cursor: Cursor, draft: Draft) -> None:
    _if_not_exists(cursor, draft)
    schema, name = cursor.name()
    timing = cursor.accept_any("BEFORE", "AFTER") or "BEFORE"
    if cursor.accept("INSTEAD", "OF"):
        timing = "INSTEAD OF"
    events, columns = _events(cursor)
    cursor.expect("ON")
    table_schema, table = cursor.name()
    draft.on(table_schema or schema, table)
    start = cursor.at
    level, when, function = _firing(cursor)
    if draft.dialect == "sqlite" or level == "":
        level = "ROW" if draft.dialect == "sqlite" else "STATEMENT"
    body = cursor.rest() if function is None else ""
    draft.trigger = Trigger(
        timing, events, columns, level, when, function, _raises(cursor) if body else False
    )
    cursor.at = start
    draft.touch("create", "trigger", name, table=table, columns=columns, expression=cursor.rest())


def _events(cursor: Cursor) -> tuple[tuple[str, ...], tuple[str, ...]]:
    events: list[str] = []
    columns: list[str] = []
    while True:
        event = cursor.accept_any("INSERT", "UPDATE", "DELETE", "TRUNCATE")
        if not event:
            cursor.fail()
        events.append(event)
        if event == "UPDATE" and cursor.accept("OF"):
            columns.append(cursor.identifier())
            while cursor.accept(","):
                columns.append(cursor.identifier())
        if not cursor.accept("OR"):
            return tuple(events), tuple(columns)


def _firing(cursor: Cursor) -> tuple[str, str, str | None]:
    """Step over FOR EACH, WHEN and what is called; return level, condition and function."""
    level, when = "", ""
    while cursor and cursor.word != "BEGIN":
        if cursor.accept("FOR", "EACH") or (cursor.word == "FOR" and cursor.accept("FOR")):
            level = cursor.accept_any("ROW", "STATEMENT")
        elif cursor.accept("WHEN"):
            start = cursor.at
            while cursor and cursor.word not in ("BEGIN", "EXECUTE"):
                cursor.skip()
            when = cursor.since(start)
        elif cursor.accept("EXECUTE"):
            if not cursor.accept_any("FUNCTION", "PROCEDURE"):
                cursor.fail()
            _, function = cursor.name()
            return level, when, function
        else:
            cursor.skip()
    if not cursor:
        cursor.fail()
    return level, when, None


def _raises(cursor: Cursor) -> bool:
    return any(
        cursor.tokens[at].upper == "RAISE"
        and at + 2 < cursor.end
        and cursor.tokens[at + 2].upper in ("ABORT", "FAIL", "ROLLBACK", "IGNORE")
        for at in range(cursor.at, cursor.end)
    )


def _function(cursor: Cursor, draft: Draft) -> None:
    schema, name = cursor.name()
    draft.schema = schema
    start = cursor.at
    cursor.group()
    bodies = [t.value for t in cursor.tokens[cursor.at : cursor.end] if t.kind == "dollar"]
    cursor.at = start
    draft.touch("create", "function", name, expression=bodies[0] if bodies else cursor.rest())


_HANDLERS: dict[str, Callable[[Cursor, Draft], None]] = {
    "TABLE": _table,
    "INDEX": _index,
    "TRIGGER": _trigger,
    "FUNCTION": _function,
    "PROCEDURE": _function,
}
