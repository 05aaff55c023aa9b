"""What do Python's own functions and containers give, for constant arguments?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista_tools.effects.evaluator import attributes, strings
from calista_tools.effects.evaluator.frame import NeedDialect
from calista_tools.effects.evaluator.inspection import KnownTables
from calista_tools.effects.evaluator.loops import LONGEST, iterated, ordered
from calista_tools.effects.evaluator.tests import joint, test_of
from calista_tools.effects.evaluator.values import (
    SCALARS,
    DialectName,
    DialectTest,
    External,
    FilePath,
    Instance,
    Live,
    Method,
    OfflineTest,
    Unknown,
)

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable

    from calista_tools.effects.evaluator.frame import Frame

#: Functions that give the same for the same constants, and finish at once.
_PURE: dict[str, Callable[..., object]] = {
    "abs": abs,
    "bool": bool,
    "chr": chr,
    "dict": dict,
    "float": float,
    "frozenset": frozenset,
    "int": int,
    "len": len,
    "list": list,
    "max": max,
    "min": min,
    "ord": ord,
    "repr": repr,
    "set": set,
    "sum": sum,
    "tuple": tuple,
}


def call(
    frame: Frame,
    name: str,
    args: list[Any],
    kwargs: dict[str, Any],
    node: ast.Call,
    invoke: Callable[..., object],
) -> object:
    """Return ``name(*args, **kwargs)`` of a builtin."""
    if name == "str" and len(args) == 1:
        return _text(args[0])
    if name in ("getattr", "hasattr") and len(args) >= 2 and isinstance(args[1], str):
        if name == "hasattr":
            return Unknown("depends on `hasattr`")
        return attributes.attribute(frame, args[0], args[1], node)
    if name == "isinstance" and len(args) == 2:
        return _isinstance(frame, args[0], args[1])
    if name in ("any", "all") and len(args) == 1:
        return _quantified(frame, args[0], name == "any", node)
    if args and isinstance(args[0], KnownTables) and name in _SAME_TABLES:
        return args[0]
    if name in ("range", "enumerate", "zip", "reversed", "sorted", "map", "filter", "next", "iter"):
        return _sequence(frame, name, args, kwargs, node, invoke)
    if name in ("list", "tuple", "set", "dict") and args and isinstance(args[0], (Live, Unknown)):
        items = iterated(frame, args[0], node)
        return items if isinstance(items, Unknown) else Unknown("is not constant")
    if name == "open" and args:
        return _path(args[0]) or Unknown("is read from a file")
    if name == "print":
        return None
    return _pure(name, args, kwargs)


_SAME_TABLES = frozenset(["list", "tuple", "set", "frozenset", "sorted"])


def _pure(name: str, args: list[Any], kwargs: dict[str, Any]) -> object:
    function = _PURE.get(name)
    for value in (*args, *kwargs.values()):
        if isinstance(value, (DialectName, DialectTest)):
            raise NeedDialect
        if isinstance(value, Unknown):
            return Unknown(value.reason)
    if function is None:
        return Unknown(f"is the result of `{name}()`")
    if name in ("max", "min", "sum", "repr", "int", "float") and not all(map(_constant, args)):
        return Unknown(f"is the result of `{name}()`")
    if not all(isinstance(value, _ARGUMENTS) for value in args):
        return Unknown(f"is the result of `{name}()`")
    if name in ("list", "tuple") and args and isinstance(args[0], (set, frozenset)):
        args = [ordered(args[0])]
    try:
        return function(*args, **kwargs)
    except (TypeError, ValueError, ArithmeticError, LookupError):
        return Unknown(f"is the result of `{name}()`, which fails")


_ARGUMENTS = (*SCALARS, list, tuple, dict, set, frozenset)


def _constant(value: object) -> bool:
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(isinstance(item, SCALARS) for item in value)
    return isinstance(value, SCALARS) and not (isinstance(value, str) and len(value) > 4000)


def _text(value: object) -> object:
    if isinstance(value, (Unknown, FilePath)):
        return value
    if isinstance(value, Live):
        return Unknown(attributes.READ) if value.kind != "url" else Method(value, "text")
    text = strings.plain(value)
    return Unknown("is the text of what is not constant") if text is None else text


def _isinstance(frame: Frame, value: object, classes: object) -> object:
    if isinstance(value, Live) and value.kind == "dialect":
        for one in classes if isinstance(classes, tuple) else (classes,):
            path = one.path.lower() if isinstance(one, External) else ""
            for dialect in ("postgresql", "sqlite"):
                if dialect in path or (dialect == "postgresql" and "pgdialect" in path):
                    if frame.state.dialect is None:
                        return DialectTest(frozenset({dialect}))
                    return attributes.dialect_name(frame) == dialect
    kinds = {"str": str, "int": int, "list": list, "tuple": tuple, "dict": dict, "bool": bool}
    found = []
    for one in classes if isinstance(classes, tuple) else (classes,):
        name = one.name if isinstance(one, External) else ""
        if isinstance(value, Instance):
            if one is value.cls or name == value.cls.name:
                return True
            continue
        if name not in kinds:
            return Unknown("depends on `isinstance`")
        found.append(kinds[name])
    if isinstance(value, (*_ARGUMENTS, Instance)):
        return isinstance(value, tuple(found))
    return value if isinstance(value, Unknown) else Unknown("depends on `isinstance`")


def _quantified(frame: Frame, value: object, is_any: bool, node: ast.Call) -> object:
    items = iterated(frame, value, node)
    if isinstance(items, Unknown):
        return items
    unknown: list[Unknown] = []
    for item in items:
        test = test_of(item)
        if isinstance(test, (DialectTest, OfflineTest)):
            raise NeedDialect
        if isinstance(test, Unknown):
            unknown.append(test)
        elif bool(test) is is_any:
            return is_any
    return joint(unknown, is_and=not is_any) if unknown else not is_any


def _sequence(
    frame: Frame,
    name: str,
    args: list[Any],
    kwargs: dict[str, Any],
    node: ast.Call,
    invoke: Callable[..., object],
) -> object:
    if name == "range":
        if not args or not all(isinstance(arg, int) for arg in args):
            return Unknown("is a range over what is not constant")
        try:
            found = range(*args)
        except (TypeError, ValueError):
            return Unknown("is no range")
        return list(found) if len(found) <= LONGEST else Unknown("has too many items")
    function = args.pop(0) if name in ("map", "filter") and args else None
    lists: list[list[object]] = []
    for arg in args[: 1 if name in ("enumerate", "next", "sorted", "reversed", "iter") else None]:
        items = iterated(frame, arg, node)
        if isinstance(items, Unknown):
            return items
        lists.append(list(items))
    if not lists:
        return Unknown(f"is the result of `{name}()`")
    if name == "enumerate":
        start = args[1] if len(args) > 1 else kwargs.get("start", 0)
        return list(enumerate(lists[0], start if isinstance(start, int) else 0))
    if name == "zip":
        return list(zip(*lists, strict=False))
    if name == "reversed":
        return lists[0][::-1]
    if name == "iter":
        return lists[0]
    if name == "next":
        default: object = args[1] if len(args) > 1 else Unknown("is not there")
        return lists[0][0] if lists[0] else default
    if name == "sorted":
        return _sorted(lists[0], kwargs)
    if name == "map":
        return [invoke(frame, function, list(each), {}, node) for each in zip(*lists, strict=False)]
    return _filtered(frame, function, lists[0], node, invoke)


def _sorted(items: list[Any], kwargs: dict[str, Any]) -> object:
    if "key" in kwargs or not all(isinstance(item, (str, int, float, tuple)) for item in items):
        return Unknown("is sorted by what is not constant")
    try:
        return sorted(items, reverse=kwargs.get("reverse") is True)
    except TypeError:
        return Unknown("cannot be sorted")


def _filtered(
    frame: Frame,
    function: object,
    items: list[object],
    node: ast.Call,
    invoke: Callable[..., object],
) -> object:
    found: list[object] = []
    for item in items:
        test = test_of(item if function is None else invoke(frame, function, [item], {}, node))
        if isinstance(test, (DialectTest, OfflineTest)):
            raise NeedDialect
        if isinstance(test, Unknown):
            return test
        if test:
            found.append(item)
    return found


def container_method(
    receiver: list[Any] | dict[Any, Any] | set[Any] | tuple[Any, ...],
    name: str,
    args: list[Any],
    kwargs: dict[str, Any],
) -> object:
    """Call a method of a list, dict, set or tuple; changes happen in place."""
    allowed = _CONTAINER_METHODS.get(type(receiver))
    if allowed is None or name not in allowed:
        return Unknown(f"is the result of `.{name}()`")
    if name in ("extend", "update", "union", "difference", "intersection") and args:
        if isinstance(args[0], Unknown) and isinstance(receiver, list):
            receiver.append(args[0])
            return None
        if not isinstance(args[0], (list, tuple, dict, set, frozenset)):
            return Unknown(f"is the result of `.{name}()`")
        if len(args[0]) + len(receiver) > 10 * LONGEST:
            return Unknown("has too many items")
    if len(receiver) > 10 * LONGEST:
        return Unknown("has too many items")
    try:
        found: object = getattr(receiver, name)(*args, **kwargs)
    except (TypeError, ValueError, LookupError, AttributeError):
        return Unknown(f"is the result of `.{name}()`, which fails")
    return list(found) if name in ("items", "keys", "values") else found  # type: ignore[call-overload]


_CONTAINER_METHODS: dict[type, frozenset[str]] = {
    list: frozenset(
        [
            "append",
            "extend",
            "insert",
            "copy",
            "index",
            "count",
            "pop",
            "remove",
            "reverse",
            "clear",
        ]
    ),
    dict: frozenset(["get", "items", "keys", "values", "copy", "pop", "setdefault", "update"]),
    set: frozenset(["add", "update", "union", "difference", "intersection", "copy", "discard"]),
    tuple: frozenset(["index", "count"]),
}


def _path(value: object) -> FilePath | None:
    if isinstance(value, FilePath):
        return value
    if isinstance(value, str) and 0 < len(value) < 4000 and "\0" not in value:
        return FilePath(Path(value))
    return None


def path_of(value: object) -> FilePath | None:
    """Return ``Path(value)`` where it is certain."""
    return _path(value)


def path_method(frame: Frame, receiver: FilePath, name: str, args: list[Any]) -> object:
    """Call a method of a path or of the file that it opens."""
    if name in ("resolve", "absolute", "expanduser", "as_posix", "open", "__enter__"):
        return receiver
    if name == "joinpath" and all(isinstance(arg, str) for arg in args):
        return FilePath(receiver.path.joinpath(*args))
    if name == "with_suffix" and len(args) == 1 and isinstance(args[0], str):
        try:
            return FilePath(receiver.path.with_suffix(args[0]))
        except ValueError:
            return Unknown("is no path")
    if name == "with_name" and len(args) == 1 and isinstance(args[0], str) and args[0]:
        return FilePath(receiver.path.parent / args[0])
    if name in ("exists", "is_file"):
        return read_text(frame, receiver) is not None
    if name in ("read_text", "read"):
        text = read_text(frame, receiver)
        return Unknown(f"is read from {receiver.path.name}") if text is None else text
    return Unknown(f"is the result of `.{name}()`")


def read_text(frame: Frame, path: FilePath) -> str | None:
    """Return the text of a file of the project that the revision reads, such as ``x.sql``."""
    project = frame.state.project
    data = project.inside(path.path, frame.state.path) if project else None
    if data is None:
        return None
    frame.state.evaluation.dependencies[str(path.path)] = data
    return data.decode("utf-8", "replace")
