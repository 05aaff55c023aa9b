"""What does an ``ALTER`` statement change?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.objects import Column
from calista_tools.effects.sql.constraints import column, is_table_constraint, table_constraint
from calista_tools.effects.sql.statement_draft import NOWHERE

if TYPE_CHECKING:
    from calista_tools.effects.sql.cursor import Cursor
    from calista_tools.effects.sql.statement_draft import Draft


def alter(cursor: Cursor, draft: Draft) -> None:
    """Record what stands after ``ALTER``.

    Raises:
        Unrecognised: It is no ``ALTER`` statement that we know.
    """
    draft.kind = "ddl"
    if cursor.accept("FOREIGN", "TABLE") or cursor.accept("TABLE"):
        draft.verb = "alter table"
        _table(cursor, draft)
        return
    if cursor.accept("MATERIALIZED", "VIEW"):
        draft.verb = "alter materialized view"
        return
    if cursor.kind != "word":
        cursor.fail()
    what = cursor.word
    draft.verb = f"alter {what.lower()}"
    cursor.at += 1
    if cursor.accept("IF", "EXISTS"):
        draft.flags.add("if exists")
    if what == "INDEX":
        _renamed(cursor, draft, "ix")
    elif what in ("FUNCTION", "PROCEDURE", "ROUTINE"):
        _renamed(cursor, draft, "function")
    elif what == "TRIGGER":
        _, name = cursor.name()
        cursor.expect("ON")
        draft.on(*cursor.name())
        if cursor.accept("RENAME", "TO"):
            new_name = cursor.identifier()
            draft.touch("rename", "trigger", name, table=draft.table, new_name=new_name)
            draft.change("rename", name, new_name)
    elif what == "TYPE":
        _type(cursor, draft)
    elif what == "DOMAIN":
        _domain(cursor, draft)
    elif not cursor:
        cursor.fail()


def _renamed(cursor: Cursor, draft: Draft, kind: str) -> None:
    schema, name = cursor.name()
    draft.schema = schema
    if cursor.word == "(":
        cursor.group()
    if cursor.accept("RENAME", "TO"):
        new_name = cursor.identifier()
        draft.touch("rename", kind, name, new_name=new_name)
        draft.change("rename", name, new_name)
    elif not cursor:
        cursor.fail()


def _type(cursor: Cursor, draft: Draft) -> None:
    draft.schema, name = cursor.name()
    if cursor.accept("ADD", "VALUE"):
        flags = {"if not exists"} if cursor.accept("IF", "NOT", "EXISTS") else set()
        value = cursor.tokens[cursor.at].value if cursor else None
        draft.change("add_value", value, flags=flags)
        draft.flags |= flags
    elif cursor.accept("RENAME", "VALUE"):
        draft.change("rename_value", cursor.tokens[cursor.at].value if cursor else None)
    elif cursor.accept("RENAME", "TO"):
        draft.change("rename", name, cursor.identifier())
    else:
        draft.change("other", name)


def _domain(cursor: Cursor, draft: Draft) -> None:
    draft.schema, name = cursor.name()
    if cursor.accept("ADD"):
        cursor.until("NOT")
        flags = {"not valid"} if cursor.accept("NOT", "VALID") else set()
        draft.change("add_constraint", name, flags=flags)
    elif cursor.accept("SET", "NOT", "NULL"):
        draft.change("set_not_null", name)
    elif cursor.accept("VALIDATE", "CONSTRAINT"):
        draft.change("validate_constraint", cursor.identifier())
    else:
        draft.change("other", name)


def _table(cursor: Cursor, draft: Draft) -> None:
    if cursor.accept("ALL"):
        draft.change("other")
        return
    if cursor.accept("IF", "EXISTS"):
        draft.flags.add("if exists")
    cursor.accept("ONLY")
    schema, table = cursor.name()
    draft.on(schema, table)
    cursor.accept("*")
    if not cursor:
        cursor.fail()
    for action in cursor.parts():
        _action(action, draft, table)


def _action(cursor: Cursor, draft: Draft, table: str) -> None:
    word = cursor.word
    handler = _ACTIONS.get(word)
    if handler is None:
        draft.change("other", flags={word.lower()})
        return
    cursor.at += 1
    handler(cursor, draft, table)


def _add(cursor: Cursor, draft: Draft, table: str) -> None:
    if is_table_constraint(cursor):
        at = len(draft.objects)
        named = cursor.word == "CONSTRAINT"
        name = cursor.tokens[cursor.at + 1].value if named and cursor.ahead(1) != "" else None
        flags = table_constraint(cursor, draft, table)
        if cursor:
            cursor.fail()
        added = draft.objects[at:]
        if added and added[-1].name is not None:
            name = added[-1].name.text
        draft.change("add_constraint", name, flags=flags)
        return
    cursor.accept("COLUMN")
    flags = set()
    if cursor.accept("IF", "NOT", "EXISTS"):
        flags.add("if not exists")
        draft.flags.add("if not exists")
    added_column = column(cursor, draft, table)
    if added_column.server_default is not None:
        flags.add("default")
    if added_column.nullable is False:
        flags.add("not null")
    draft.change("add_column", added_column.name, column=added_column, flags=flags)


def _drop(cursor: Cursor, draft: Draft, table: str) -> None:
    flags = set()
    is_constraint = cursor.accept("CONSTRAINT")
    if not is_constraint:
        cursor.accept("COLUMN")
    if cursor.accept("IF", "EXISTS"):
        flags.add("if exists")
    name = cursor.identifier()
    if cursor.accept("CASCADE"):
        flags.add("cascade")
    cursor.accept("RESTRICT")
    if cursor:
        cursor.fail()
    if is_constraint:
        draft.touch("drop", "", name, table=table)
        draft.change("drop_constraint", name, flags=flags)
    else:
        draft.change("drop_column", name, flags=flags)


def _rename(cursor: Cursor, draft: Draft, table: str) -> None:
    if cursor.accept("TO"):
        new_name = cursor.identifier()
        draft.touch("rename", "table", table, table=table, new_name=new_name)
        draft.change("rename", table, new_name)
    elif cursor.accept("CONSTRAINT"):
        name = cursor.identifier()
        cursor.expect("TO")
        new_name = cursor.identifier()
        draft.touch("rename", "", name, table=table, new_name=new_name)
        draft.change("rename_constraint", name, new_name)
    else:
        cursor.accept("COLUMN")
        name = cursor.identifier()
        cursor.expect("TO")
        draft.change("rename_column", name, cursor.identifier())


def _alter(cursor: Cursor, draft: Draft, table: str) -> None:
    if cursor.accept("CONSTRAINT"):
        draft.change("alter_constraint", cursor.identifier())
        return
    cursor.accept("COLUMN")
    name = cursor.identifier()
    if cursor.accept("SET", "NOT", "NULL"):
        draft.change("set_not_null", name)
    elif cursor.accept("DROP", "NOT", "NULL"):
        draft.change("drop_not_null", name)
    elif cursor.accept("SET", "DEFAULT"):
        default = cursor.rest()
        changed = Column(name, "", None, False, default, {}, NOWHERE)
        draft.change("set_default", name, column=changed)
    elif cursor.accept("DROP", "DEFAULT"):
        draft.change("drop_default", name)
    elif cursor.accept("SET", "DATA", "TYPE") or cursor.accept("TYPE"):
        kind = cursor.until("USING", "COLLATE")
        cursor.until("USING")
        changed = Column(name, kind, None, False, None, {}, NOWHERE)
        draft.change("alter_type", name, column=changed, flags={"using"} if cursor else set())
    else:
        draft.change("other", name)


def _validate(cursor: Cursor, draft: Draft, table: str) -> None:
    del table
    cursor.expect("CONSTRAINT")
    draft.change("validate_constraint", cursor.identifier())


def _enable(cursor: Cursor, draft: Draft, table: str) -> None:
    del table
    mode = cursor.accept_any("ALWAYS", "REPLICA").lower()
    if not cursor.accept("TRIGGER"):
        draft.change("other")
        return
    draft.change(f"enable_{mode}_trigger" if mode else "enable_trigger", cursor.identifier())


def _disable(cursor: Cursor, draft: Draft, table: str) -> None:
    del table
    if not cursor.accept("TRIGGER"):
        draft.change("other")
        return
    draft.change("disable_trigger", cursor.identifier())


def _set(cursor: Cursor, draft: Draft, table: str) -> None:
    del table
    if cursor.accept("SCHEMA"):
        draft.change("set_schema", new_name=cursor.identifier())
    else:
        draft.change("other", flags={f"set {cursor.word.lower()}"})


def _attach(cursor: Cursor, draft: Draft, table: str) -> None:
    del table
    cursor.expect("PARTITION")
    draft.change("attach_partition", cursor.name()[1])


def _detach(cursor: Cursor, draft: Draft, table: str) -> None:
    del table
    cursor.expect("PARTITION")
    name = cursor.name()[1]
    flags = {"concurrently"} if cursor.accept("CONCURRENTLY") else set()
    draft.change("detach_partition", name, flags=flags)


_ACTIONS = {
    "ADD": _add,
    "DROP": _drop,
    "RENAME": _rename,
    "ALTER": _alter,
    "VALIDATE": _validate,
    "ENABLE": _enable,
    "DISABLE": _disable,
    "SET": _set,
    "ATTACH": _attach,
    "DETACH": _detach,
}
