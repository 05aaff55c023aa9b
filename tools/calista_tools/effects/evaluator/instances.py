"""What is an object of a small class of the project: a data class, a named tuple, a helper?

Classes with other bases (models, column types) stay what was called: see ``Construct``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from calista_tools.effects.evaluator.frame import Function
from calista_tools.effects.evaluator.values import (
    ClassValue,
    Construct,
    External,
    Instance,
    NamedValues,
    Partial,
    Unknown,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calista_tools.effects.evaluator.frame import Frame


def described(frame: Frame, node: ast.ClassDef, names: dict[str, object]) -> ClassValue:
    """Return the class of a definition whose body gave these names."""
    bases = [frame.value(base) for base in node.bases]
    decorators = [
        _name(one.func if isinstance(one, ast.Call) else one) for one in node.decorator_list
    ]
    of_tuples = any(isinstance(base, External) and base.name == "NamedTuple" for base in bases)
    made = ClassValue(node.name, bases, names)
    made.node = node
    if "__tablename__" in names or "__table__" in names:
        frame.state.made.append(made)
    made.plain = not bases and (not decorators or decorators == ["dataclass"])
    made.of_tuples = of_tuples
    if of_tuples or "dataclass" in decorators:
        inherited = [
            one for base in bases if isinstance(base, ClassValue) for one in base.fields or ()
        ]
        own = [
            one.target.id
            for one in node.body
            if isinstance(one, ast.AnnAssign)
            and isinstance(one.target, ast.Name)
            and _name(getattr(one.annotation, "value", one.annotation)) != "ClassVar"
        ]
        made.fields = tuple(dict.fromkeys([*inherited, *own]))
    return made


def named_tuple(args: Sequence[Any]) -> object:
    """Return what ``namedtuple("T", "a b")`` or ``NamedTuple("T", [("a", str)])`` gives."""
    name, fields = (*args[:2], None, None)[:2]
    if isinstance(fields, str):
        fields = fields.replace(",", " ").split()
    if not isinstance(name, str) or not isinstance(fields, (list, tuple)):
        return Unknown("is a class that is not constant")
    made = ClassValue(name, [], {})
    names = [one[0] if isinstance(one, tuple) and one else one for one in fields]
    made.fields = tuple(one for one in names if isinstance(one, str))
    made.of_tuples = True
    return made


def instantiate(
    frame: Frame, cls: ClassValue, args: list[Any], kwargs: dict[str, Any], node: ast.Call
) -> object:
    """Return the object that calling a class gives; None where the class is none of ours."""
    if cls.fields is not None and not isinstance(cls.names.get("__init__"), Function):
        given = dict(zip(cls.fields, args, strict=False)) | kwargs
        values = {
            name: given[name] if name in given else _default(cls, name) for name in cls.fields
        }
        if cls.of_tuples:
            return NamedValues(cls, values)
        return Instance(cls, values)
    if not cls.plain:
        return None
    from calista_tools.effects.evaluator.calls import inline

    made = Instance(cls, {})
    start = cls.names.get("__init__")
    if isinstance(start, Function):
        inline(frame, start, [made, *args], kwargs, node)
    return made


def attribute(frame: Frame, value: Instance | NamedValues, name: str, node: ast.AST) -> object:
    """Return what an object, or its class, has under a name."""
    if name in value.names:
        return value.names[name]
    found = _inherited(value.cls, name)
    if not isinstance(found, Function) or isinstance(found.node, ast.Lambda):
        return Unknown(f"depends on `.{name}`") if found is None else found
    decorators = {_name(one) for one in found.node.decorator_list}
    if "staticmethod" in decorators:
        return found
    if decorators & {"property", "cached_property"}:
        from calista_tools.effects.evaluator.calls import inline

        return inline(frame, found, [value], {}, node)
    return Partial(found, [value.cls if "classmethod" in decorators else value], {})


def _inherited(cls: ClassValue, name: str) -> object:
    for one in (cls, *(base for base in cls.bases if isinstance(base, ClassValue))):
        if name in one.names:
            return one.names[name]
    return None


def _default(cls: ClassValue, name: str) -> object:
    found = _inherited(cls, name)
    if isinstance(found, Construct) and found.name == "field":
        factory = found.kwargs.get("default_factory")
        made = {"builtins.list": list, "builtins.dict": dict, "builtins.set": set}.get(
            getattr(factory, "path", "")
        )
        found = made() if made is not None else found.kwargs.get("default")
    return Unknown(f"is the field `{name}`") if found is None and name not in cls.names else found


def _name(node: ast.AST) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))
