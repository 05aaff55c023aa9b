"""What is ``value.name``, and what is ``value[index]``?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.evaluator import instances, models, reflection
from calista_tools.effects.evaluator.dialect_driver import Driver
from calista_tools.effects.evaluator.frame import Function, NeedDialect
from calista_tools.effects.evaluator.values import (
    DIALECT_NAME,
    BatchBlock,
    ClassValue,
    Construct,
    DialectName,
    DialectTest,
    External,
    FilePath,
    Instance,
    Live,
    Method,
    ModuleValue,
    NamedValues,
    OfflineTest,
    Unknown,
)
from calista_tools.effects.operations import Operation

if TYPE_CHECKING:
    import ast

    from calista_tools.effects.evaluator.frame import Frame

#: Attributes of live objects that are live objects themselves.
_LIVE = {
    ("bind", "dialect"): "dialect",
    ("bind", "engine"): "bind",
    ("bind", "bind"): "bind",
    ("bind", "connection"): "bind",
    ("bind", "url"): "url",
    ("session", "bind"): "bind",
    ("context", "dialect"): "dialect",
    ("context", "bind"): "bind",
    ("context", "connection"): "bind",
    ("context", "impl"): "context",
    ("context", "migration_context"): "context",
    ("inspector", "bind"): "bind",
    ("inspector", "engine"): "bind",
    ("inspector", "dialect"): "dialect",
}
#: Where the dialect's name stands.
_DIALECT_NAME = {"dialect": "name", "bind": "name", "context": "__dialect__"}
READ = "is read from the database"


def attribute(frame: Frame, value: object, name: str, node: ast.AST) -> object:
    """Return the attribute of a value."""
    if isinstance(value, External):
        return value.attribute(name)
    if isinstance(value, Live):
        return _live(frame, value, name, node)
    if isinstance(value, Driver):
        return Method(value, name)
    if isinstance(value, Unknown):
        return Unknown(value.reason)
    if isinstance(value, (DialectName, DialectTest)):
        raise NeedDialect
    if isinstance(value, ClassValue):
        table = models.model_table(value) if name == "__table__" else None
        return table or value.names.get(name, Method(value, name))
    if isinstance(value, FilePath):
        if name == "parent":
            return FilePath(value.path.parent)
        if name == "parents":
            return [FilePath(parent) for parent in value.path.parents]
        if name in ("name", "stem", "suffix"):
            return str(getattr(value.path, name))
        return Method(value, name)
    if isinstance(value, (Instance, NamedValues)):
        return instances.attribute(frame, value, name, node)
    if isinstance(value, Construct) and reflection.is_reflected(value):
        found = reflection.part(frame, value, name)
        if found is not None:
            return found
    if isinstance(value, Construct) and name == "name" and value.name in ("Table", "table"):
        return value.args[0] if value.args else Unknown("has no name")
    if isinstance(value, Construct) and value.receiver is None and name in value.kwargs:
        return value.kwargs[name]  # `MetaData(naming_convention=…).naming_convention`
    if name == "value" and isinstance(value, (str, int)):
        return value  # a member of an enumeration stands for its value here
    if isinstance(value, (str, list, dict, set, tuple, Construct, BatchBlock, Method)):
        return Method(value, name)
    if isinstance(value, ModuleValue):
        return value.attribute(name)
    if isinstance(value, Function) and name == "__name__":
        return getattr(value.node, "name", "<lambda>")
    return Unknown(f"depends on `.{name}`")


def _live(frame: Frame, value: Live, name: str, node: ast.AST) -> object:
    kind = value.kind
    found = _LIVE.get((kind, name))
    if found is not None:
        return Live(found)
    if name == _DIALECT_NAME.get(kind):
        return dialect_name(frame)
    if kind == "dialect" and name == "__class__":
        return value
    if name == "as_sql" and kind == "context":
        return OfflineTest(True)
    if (name == "drivername" and kind == "url") or (name == "driver" and kind in _DIALECT_NAME):
        name_now = dialect_name(frame)
        if not isinstance(name_now, str):
            raise NeedDialect
        return name_now if kind == "url" else Driver(name_now)
    if kind == "result":
        read(frame, node)
    return Method(value, name)


def dialect_name(frame: Frame) -> object:
    """Return the dialect's name, or the value that stands for it while both are followed."""
    state = frame.state
    if state.dialect is None:
        return DIALECT_NAME
    state.asked = True
    return state.dialect


def read(frame: Frame, node: ast.AST) -> None:
    """Record that the revision uses what the database answers."""
    frame.state.open += 1
    frame.state.add(Operation("read", frame.state.direction, node))


def item(frame: Frame, value: object, index: object, node: ast.AST) -> object:
    """Return ``value[index]`` of what is no constant."""
    if isinstance(value, Live):
        if value.kind == "result":
            read(frame, node)
        return Unknown(READ)
    if isinstance(value, (DialectName, DialectTest)) or isinstance(index, DialectName):
        raise NeedDialect
    if isinstance(value, FilePath) and index == 0:
        return value
    if isinstance(value, ClassValue) and isinstance(index, str):
        return value.names.get(index, Unknown("is looked up"))
    if isinstance(value, Method) and value.name == "tables" and isinstance(index, str):
        for table in models.tables_of(frame.state, value.receiver) or ():
            if table.args[:1] == [index]:
                return table
        return Construct("Table", "sqlalchemy.Table", [index, value.receiver], {}, node)
    return Unknown("is looked up in what is not constant")
