"""What does a call on the live database do? Connections, contexts, inspectors, results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calista_tools.effects.evaluator import attributes, inspection
from calista_tools.effects.evaluator.core_statements import QUERY
from calista_tools.effects.evaluator.frame import NeedDialect
from calista_tools.effects.evaluator.raw_sql import statement
from calista_tools.effects.evaluator.values import (
    Construct,
    DialectName,
    External,
    Live,
    OfflineTest,
    Unknown,
)
from calista_tools.effects.operations import Operation

if TYPE_CHECKING:
    import ast

    from calista_tools.effects.evaluator.frame import Frame

_EXECUTE = frozenset(
    [
        "execute",
        "exec",
        "exec_driver_sql",
        "scalar",
        "scalars",
        "executemany",
        "executescript",
        "exec_",
        "execute_if",
        "stream",
    ]
)
#: Methods that give (or stand for) the same connection again.
_SAME = frozenset(
    [
        "begin",
        "begin_nested",
        "connect",
        "connection",
        "execution_options",
        "get_bind",
        "cursor",
        "raw_connection",
        "__enter__",
        "enter_context",
        "begin_transaction",
        "options",
    ]
)
_READING = frozenset(["get", "one", "first", "all", "scalar_one", "refresh"])
#: What has a session write what its objects have become.
_FLUSHES = frozenset(["commit", "flush", "begin", "begin_nested"])
_WRITES_OBJECTS = frozenset(
    [
        "add",
        "add_all",
        "delete",
        "merge",
        "bulk_save_objects",
        "bulk_insert_mappings",
        "bulk_update_mappings",
    ]
)
#: Methods of a connection, a cursor or a session that write no rows by themselves.
_HARMLESS = frozenset(
    [
        *_FLUSHES,
        *_READING,
        "rollback",
        "close",
        "__exit__",
        "expire",
        "expire_all",
        "expunge",
        "expunge_all",
        "detach",
        "invalidate",
        "in_transaction",
        "in_nested_transaction",
        "get_isolation_level",
        "get_execution_options",
        "get_transaction",
        "fetchone",
        "fetchall",
        "fetchmany",
        "mogrify",
    ]
)
_REACHES = frozenset(["bind", "session", "context", "engine"])


def call(
    frame: Frame, receiver: Live, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call
) -> object:
    """Return what ``receiver.name(...)`` gives; statements and reads are recorded."""
    kind = receiver.kind
    if kind in ("bind", "session", "context") and name in _EXECUTE:
        argument = args[0] if args else kwargs.get("statement", kwargs.get("sql"))
        operation = statement(frame, argument, node, "bind")
        if len(node.args) + len(node.keywords) > 1 or name == "exec_driver_sql" or _spread(node):
            operation.keywords = {**operation.keywords, "text": ""}  # with parameters, or no text()
        frame.state.add(operation)
        if name in ("scalar", "scalars") or operation.keywords.get("verb") == "select":
            attributes.read(frame, node)
            return Unknown(attributes.READ)
        return Live("result")
    if kind == "context":
        if name == "autocommit_block":
            return Live("autocommit")
        if name == "is_offline_mode":
            return OfflineTest(True)
    if kind == "url" and name == "get_backend_name":
        found = attributes.dialect_name(frame)
        if isinstance(found, DialectName):
            raise NeedDialect
        return found
    if kind == "session" and name in _FLUSHES:
        # What it writes then is what the objects have become that were read or made before.
        frame.state.evaluation.unseen.add(frame.state.direction)
    if kind in ("bind", "session", "context", "engine") and name in _SAME:
        return Live("bind" if kind == "context" and name == "connection" else kind)
    if name in ("has_table", "table_names") and kind in ("bind", "dialect"):
        asking(frame, node)
        return _answer(frame, name, args[kind == "dialect" :], kwargs)
    if kind == "inspector":
        return _told(frame, receiver, name, args, kwargs)
    if kind == "bind" and name == "run_sync" and args:
        from calista_tools.effects.evaluator.calls import invoke

        return invoke(frame, args[0], [receiver, *args[1:]], kwargs, node)
    if kind == "session" and name == "query":
        return Construct(name, QUERY, args, kwargs, node)
    if kind == "session" and name in _READING:
        attributes.read(frame, node)
        return Live("result")
    if kind == "exit_stack" and name == "enter_context" and args:
        return args[0]
    if kind == "result":
        return Unknown(attributes.READ)
    if kind == "session" and name in _WRITES_OBJECTS:
        written = statement(frame, Unknown("is an object of the session"), node, "session")
        # Whether it is inserted or changed, only the object knows.
        written.keywords = {**written.keywords, "verb": "merge"}
        frame.state.add(written)
    elif kind in ("bind", "session") and name not in _HARMLESS:
        frame.state.evaluation.unseen.add(frame.state.direction)
    return Unknown(f"is the result of `.{name}()`")


def _spread(node: ast.Call) -> bool:
    """Whether a call's arguments are those of a list or a dictionary."""
    starred = any(type(argument).__name__ == "Starred" for argument in node.args)
    return starred or any(keyword.arg is None for keyword in node.keywords)


def handed_on(frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> None:
    """Note that a call whose source is not at hand is given what reaches the database."""
    for value in (*args, *kwargs.values()):
        reaches = isinstance(value, Live) and value.kind in _REACHES
        if reaches or (isinstance(value, External) and value.path == "alembic.op"):
            frame.state.evaluation.unseen.add(frame.state.direction)
            return


def _answer(frame: Frame, name: str, args: list[Any], kwargs: dict[str, Any]) -> object:
    found = inspection.answer(frame, name, args, kwargs)
    if found is None:
        frame.state.open += 1
        return Unknown(attributes.READ)
    frame.state.answered += 1
    return found


def _told(
    frame: Frame, inspector: Live, name: str, args: list[Any], kwargs: dict[str, Any]
) -> object:
    """Return an inspector's answer, which it gives again until its cache is cleared.

    Source: ``Inspector.clear_cache`` in SQLAlchemy's ``engine/reflection.py``.
    """
    if name == "clear_cache":
        inspector.told.clear()
        return None
    key = (name, *(one for one in (*args, *kwargs.values()) if isinstance(one, str)))
    if key not in inspector.told:
        inspector.told[key] = _answer(frame, name, args, kwargs)
    return inspector.told[key]


def asking(frame: Frame, node: ast.AST) -> None:
    """Record that the revision asks the database something that may be answered here."""
    frame.state.add(Operation("read", frame.state.direction, node))


def inspector(frame: Frame, args: list[Any], node: ast.Call) -> object:
    """Return ``sa.inspect(bind)``: from here on the revision asks the database."""
    if args and isinstance(args[0], Live):
        asking(frame, node)
        return Live("inspector")
    if args and isinstance(args[0], External):
        return Unknown("is the inspection of an application's class")
    return Live("inspector")
