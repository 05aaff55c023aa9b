"""What does a statement that is executed do? Text, and SQLAlchemy's own constructs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.evaluator.arguments import sql_text, table_of
from calista_tools.effects.evaluator.core_statements import details
from calista_tools.effects.evaluator.tables import ddl
from calista_tools.effects.evaluator.values import Construct, External, Unknown
from calista_tools.effects.objects import Name
from calista_tools.effects.operations import Operation
from calista_tools.effects.sql import HOLE, effects
from calista_tools.startup.patterns import later

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from calista_tools.effects.evaluator.frame import Frame
    from calista_tools.effects.objects import SchemaObject
    from calista_tools.effects.sql import Effects

_VERBS = frozenset({"insert", "update", "delete", "select"})
#: What keeps an insert from meeting its own rows when it is run again.
_GUARDS = frozenset({"on_conflict_do_nothing", "on_conflict_do_update", "prefix_with"})
#: DDL constructs that ``op.execute`` takes; what they do is said by their first argument.
_DDL = frozenset(
    [
        "CreateTable",
        "DropTable",
        "CreateIndex",
        "DropIndex",
        "AddConstraint",
        "DropConstraint",
        "CreateSequence",
        "DropSequence",
        "CreateSchema",
        "DropSchema",
        "DropColumn",
    ]
)
#: More parts of a construct are not looked at.
_MOST_PARTS = 1_000
#: A hole that begins where a word could begin.
_OPTION = later(rf"(?<!\S){HOLE}")


def statement(frame: Frame, value: object, node: ast.AST, via: str) -> Operation:
    """Return the record of SQL that is executed, as text or as a SQLAlchemy construct.

    ``keywords`` hold ``via`` (``op``, ``bind`` or ``session``), ``verb`` where it is known
    (``select``, ``insert``, ``update``, ``delete``), ``reason`` where the text is not,
    ``text`` how it is spelt (``string``, or ``text`` for ``sa.text()`` without parameters of its own),
    ``partial``: the text with a NUL for each hole, ``guarded`` for an insert that may meet what is
    there, ``overwrites`` for one that changes it, ``calls``: the functions that a ``select`` calls,
    and what `details` says of a construct.
    """
    made = Operation("sql", frame.state.direction, node)
    keywords: dict[str, object] = {"via": via}
    made.keywords = keywords
    text = sql_text(value)
    if text is not None:
        made.sql = text
        keywords["text"] = _spelt(value)
        keywords["verb"] = _verb(text)
        _describe(frame, made, text)
        return made
    inner = value
    while isinstance(inner, Construct):
        if inner.name in _GUARDS:
            keywords["guarded"] = True
            keywords["overwrites"] = inner.name == "on_conflict_do_update" or "REPLACE" in str(
                inner.args[:1]
            )
        if inner.name in _VERBS:
            keywords["verb"] = inner.name
            target = inner.receiver if inner.receiver is not None else next(iter(inner.args), None)
            made.table = table_of(target)
            if inner.name in ("update", "delete"):
                keywords.update(details(value))
            elif inner.name == "select":
                keywords["calls"] = tuple(_functions(value))
            return made
        if inner.name in _DDL:
            found = ddl(frame, inner, node)
            if found is not None:
                return found
            keywords["verb"] = inner.name.lower()
            made.sql = _ddl_text(inner)
            if made.sql is not None:
                _describe(frame, made, made.sql)
            return made
        if inner.receiver is None and inner.args and inner.name in ("text", "DDL"):
            inner = inner.args[0]
            break
        inner = inner.receiver
    if isinstance(inner, Unknown):
        keywords["reason"] = inner.reason
        if inner.partial is not None:
            keywords["partial"] = inner.partial
            keywords["verb"] = _verb(inner.partial)
            _describe(frame, made, inner.partial, inner.reason)
    elif isinstance(inner, External):
        keywords["reason"] = f"is `{inner.path}`"
    return made


def _spelt(value: object) -> str:
    """Return whether SQL is a string, or a ``sa.text()`` that gets no parameters; "" for others."""
    if isinstance(value, str):
        return "string"
    while isinstance(value, Construct) and value.name in ("columns", "execution_options"):
        value = value.receiver
    if (
        isinstance(value, Construct)
        and value.receiver is None
        and value.name in ("text", "TextClause")
        and value.path.startswith("sqlalchemy.")
        and len(value.args) + len(value.kwargs) == 1
    ):
        return "text"
    return ""


def _functions(value: object) -> Iterator[str]:
    """Yield the names of the SQL functions that a construct calls (``sa.func.x()``)."""
    waiting, seen = [value], 0
    while waiting and seen < _MOST_PARTS:
        one = waiting.pop()
        seen += 1
        if isinstance(one, Construct):
            if ".func." in one.path:
                yield one.name
            waiting += [*one.args, *one.kwargs.values(), one.receiver]
        elif isinstance(one, (list, tuple)):
            waiting += one


def _ddl_text(construct: Construct) -> str | None:
    """Return the SQL of ``DropSchema("s", cascade=True)`` and its like."""
    of = construct.args[0] if construct.args else construct.kwargs.get("name")
    if isinstance(of, Construct) and of.name == "Sequence" and of.args:
        of = of.args[0]
    verb = "Create" if construct.name.startswith("Create") else "Drop"
    kind = construct.name.removeprefix(verb)
    if kind not in ("Schema", "Sequence") or not isinstance(of, str):
        return None
    quoted = of.replace('"', '""')
    cascade = " CASCADE" if construct.kwargs.get("cascade") is True else ""
    return f'{verb.upper()} {kind.upper()} "{quoted}"{cascade}'


def _verb(text: str) -> str:
    """Return the first word of a statement, in lower case; "" where there is none."""
    start = text.lstrip(" \t\r\n(;")
    while start.startswith(("--", "/*")):
        end = start.find("\n") if start[1] == "-" else start.find("*/") + 1
        if end <= 0:
            return ""
        start = start[end + 1 :].lstrip(" \t\r\n(;")
    word = start[:12].split(None, 1)[0] if start else ""
    found = word.lower().rstrip(";(")
    return "select" if found in ("pragma", "show", "values") else found


def _describe(frame: Frame, made: Operation, text: str, reason: str = "") -> None:
    """Give an operation the table and the objects of its SQL; say what cannot be read.

    In ``text`` stands a NUL for each part that is not known; ``reason`` is why.
    """
    partial = "\0" in text
    if partial:
        text = text.replace("\0", HOLE)
    found = {dialect: effects(text, dialect) for dialect in sorted(frame.state.dialects)}
    if partial and any(effect.troubles for effect in found.values()):
        # An option such as CONCURRENTLY may stand there, or not: a word of its own, to be left out.
        text = _OPTION.sub(" ", text)
        found = {dialect: effects(text, dialect) for dialect in found}
    tables = {_table(effect) for effect in found.values()}
    if len(tables) == 1:
        made.table = tables.pop()
    objects = [effect.objects for effect in found.values()]
    if len(objects) == 1 or (len(objects) == 2 and objects[0] == objects[1]):
        touched = objects[0]
    else:
        touched = tuple(
            item._replace(dialects=frozenset({dialect}))
            for dialect, effect in found.items()
            for item in effect.objects
        )
    if partial:
        touched = tuple(_without_holes(item, reason) for item in touched)
        made.table = _known(made.table)
    else:
        _complain(frame, made, list(found.values()))
    made.objects = tuple(item._replace(node=made.node) for item in touched)


def _complain(frame: Frame, made: Operation, found: list[Effects]) -> None:
    """Report SQL that no dialect of this line can parse."""
    for trouble in min((effect.troubles for effect in found), key=len, default=()):
        frame.state.trouble("sql", trouble.message, made.node)


def _table(effect: Effects) -> str | None:
    for statement in effect.statements:
        if statement.table is not None:
            return statement.table
    return None


def _known(name: str | None) -> str | None:
    return None if name is None or HOLE in name else name


def _without_holes(item: SchemaObject, reason: str) -> SchemaObject:
    """Return the object with everything unknown that holds a hole."""
    name = item.name
    if name is not None and name.text is not None and HOLE in name.text:
        name = Name(None, reason=reason)
    columns = item.columns
    if columns is not None:
        columns = None if any(HOLE in (column or "") for column in columns) else columns
    new_name = item.new_name
    if new_name is not None and HOLE in new_name:
        new_name = None
    return item._replace(
        name=name,
        table=_known(item.table),
        columns=columns,
        referred_table=_known(item.referred_table),
        new_name=new_name,
    )
