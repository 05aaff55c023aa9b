"""What does an expression evaluate to, if it is constant? Nothing is run.

Literals, names that hold constants, concatenations, f-strings, conditions, indexing and a few
string methods and builtins without side effects.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: What a revision's header may be computed by; all without side effects.
_METHODS = frozenset(
    [
        "format",
        "join",
        "lower",
        "lstrip",
        "removeprefix",
        "removesuffix",
        "replace",
        "rstrip",
        "split",
        "strip",
        "title",
        "upper",
    ]
)
_BUILTINS: dict[str, Callable[..., object]] = {
    "str": str,
    "tuple": tuple,
    "list": list,
    "set": set,
    "frozenset": frozenset,
    "sorted": sorted,
    "len": len,
}
_RELATIONS: dict[type[ast.cmpop], Callable[[object, object], bool]] = {
    ast.Eq: lambda left, right: left == right,
    ast.NotEq: lambda left, right: left != right,
    ast.In: lambda left, right: left in right,  # type: ignore[operator]
    ast.NotIn: lambda left, right: left not in right,  # type: ignore[operator]
}
#: Characters or items; no id is longer, and nothing here may fill the memory.
_LARGEST = 4096


class Unknown(NamedTuple):
    """A value that cannot be told from source."""

    reason: str
    line: int


class CannotTellError(Exception):
    """An expression is not constant."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.reason)
        self.unknown = unknown


class Constants:
    """Evaluates expressions over the names of a module; the values of some are unknown."""

    def __init__(self) -> None:
        self.names: dict[str, object] = {}

    def assign(self, target: ast.expr, value: object) -> None:
        """Give the names of an assignment's target their values."""
        raise NotImplementedError

    def constant(self, node: ast.expr) -> object:
        """Evaluate a constant expression.

        Raises:
            CannotTellError: It is not constant.
        """
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self.lookup(name, node)
            case ast.Tuple(elts=parts):
                return tuple(self.items(parts))
            case ast.List(elts=parts):
                return list(self.items(parts))
            case ast.Set(elts=parts):
                return set(self.items(parts))
            case ast.Dict(keys=keys, values=values) if None not in keys:
                pairs = zip(keys, values, strict=True)
                return {self.constant(key): self.constant(value) for key, value in pairs if key}
            case ast.JoinedStr(values=parts):
                return "".join(str(self.constant(part)) for part in parts)
            case ast.FormattedValue():
                return self.formatted(node)
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return _limited(self.constant(left) + self.constant(right), node)  # type: ignore[operator]
            case ast.BinOp(op=ast.Mod(), left=left, right=right):
                text, given = self.constant(left), self.constant(right)
                if isinstance(text, str) and _harmless(text, given):
                    return _limited(text % given, node)
            case ast.BoolOp(op=operator, values=parts):
                return self.either(isinstance(operator, ast.Or), parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not self.constant(operand)
            case ast.Compare():
                return self.comparison(node)
            case ast.IfExp():
                return self.constant(node.body if self.constant(node.test) else node.orelse)
            case ast.NamedExpr(target=target):
                self.assign(target, result := self.constant(node.value))
                return result
            case ast.Subscript(value=whole, slice=part):
                return self.subscript(whole, part)
            case ast.Call():
                return self.call(node)
        raise CannotTellError(Unknown("is not a constant", node.lineno))

    def lookup(self, name: str, node: ast.expr) -> object:
        """Return what a name holds here."""
        if name == "TYPE_CHECKING":
            return False
        if name not in self.names:
            reason = f"comes from `{name}`, which is not set"
            raise CannotTellError(Unknown(reason, node.lineno))
        value = self.names[name]
        if isinstance(value, Unknown):
            reason = f"comes from `{name}`, which {value.reason}"
            raise CannotTellError(Unknown(reason, node.lineno))
        return value

    def either(self, stop_at: bool, parts: Sequence[ast.expr]) -> object:
        """Evaluate ``or`` (stops at the first true value) and ``and`` (at the first false)."""
        value: object = None
        for part in parts:
            value = self.constant(part)
            if bool(value) is stop_at:
                break
        return value

    def comparison(self, node: ast.Compare) -> bool:
        """Evaluate ``==``, ``!=``, ``in`` and ``not in``, also in chains."""
        left = self.constant(node.left)
        for relation, part in zip(node.ops, node.comparators, strict=True):
            compare = _RELATIONS.get(type(relation))
            if compare is None:
                raise CannotTellError(Unknown("is a comparison", node.lineno))
            right = self.constant(part)
            if not compare(left, right):
                return False
            left = right
        return True

    def items(self, parts: Sequence[ast.expr]) -> Iterator[object]:
        """Evaluate the items of a sequence."""
        for part in parts:
            if isinstance(part, ast.Starred):
                yield from self.constant(part.value)  # type: ignore[misc]
            else:
                yield self.constant(part)

    def formatted(self, node: ast.FormattedValue) -> str:
        """Evaluate one replacement field of an f-string."""
        value = self.constant(node.value)
        if node.conversion == ord("r"):
            value = repr(value)
        elif node.conversion == ord("a"):
            value = ascii(value)
        elif node.conversion == ord("s"):
            value = str(value)
        spec = "" if node.format_spec is None else str(self.constant(node.format_spec))
        if not _harmless(spec, ()):
            raise CannotTellError(Unknown("is longer than an id can be", node.lineno))
        return format(value, spec)

    def subscript(self, whole: ast.expr, part: ast.expr) -> object:
        """Evaluate an index or a slice."""
        value = self.constant(whole)
        if isinstance(part, ast.Slice):
            bounds = (part.lower, part.upper, part.step)
            index: object = slice(*(None if b is None else self.constant(b) for b in bounds))
        else:
            index = self.constant(part)
        return value[index]  # type: ignore[index]

    def call(self, node: ast.Call) -> object:
        """Evaluate a call of a harmless builtin or string method."""
        if not node.keywords:
            match node.func:
                case ast.Name(id=name) if name in _BUILTINS and name not in self.names:
                    return _BUILTINS[name](*self.items(node.args))
                case ast.Attribute(value=whole, attr=name) if name in _METHODS:
                    text = self.constant(whole)
                    arguments = list(self.items(node.args))
                    if isinstance(text, str) and (name != "format" or _harmless(text, arguments)):
                        return _limited(getattr(text, name)(*arguments), node)
        raise CannotTellError(Unknown("is the result of a call", node.lineno))


def _limited(value: object, node: ast.expr) -> object:
    """Stop before a file can make the reader fill the memory."""
    if isinstance(value, (str, tuple, list)) and len(value) > _LARGEST:
        raise CannotTellError(Unknown("is longer than an id can be", node.lineno))
    return value


def _harmless(template: str, arguments: object) -> bool:
    """Whether formatting cannot be told to pad to a length beyond all bounds."""
    if any(len(digits) > 3 for digits in re.findall(r"\d+", template)):
        return False
    given = arguments if isinstance(arguments, (tuple, list)) else (arguments,)
    return not any(isinstance(item, int) and item > _LARGEST for item in given)
