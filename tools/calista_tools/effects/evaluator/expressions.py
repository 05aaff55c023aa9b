"""What is the value of an expression, where it is constant? Everything but calls."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

from calista_tools.effects.evaluator import attributes, strings
from calista_tools.effects.evaluator.frame import HANDLERS, Frame, Function, NeedDialect
from calista_tools.effects.evaluator.tests import compare, joint, negate, test_of
from calista_tools.effects.evaluator.values import (
    DialectName,
    DialectTest,
    Doubt,
    Expected,
    External,
    FilePath,
    OfflineTest,
    Unknown,
)
from calista_tools.effects.objects import ALL_DIALECTS

if TYPE_CHECKING:
    from collections.abc import Callable

#: No container or string of a revision is larger; what is, is not followed.
LIMIT = 100_000


def _tuple(frame: Frame, node: ast.Tuple) -> object:
    return tuple(_items(frame, node.elts))


def _list(frame: Frame, node: ast.List) -> object:
    return _items(frame, node.elts)


def _set(frame: Frame, node: ast.Set) -> object:
    items = _items(frame, node.elts)
    try:
        return set(items)
    except TypeError:
        return Unknown(f"is a set of what is not constant (line {node.lineno})")


def _items(frame: Frame, nodes: list[ast.expr]) -> list[object]:
    found: list[object] = []
    for node in nodes:
        if type(node) is ast.Starred:
            value = frame.value(node.value)
            found.extend(value if isinstance(value, (list, tuple)) else [_unknown_items(value)])
        else:
            found.append(frame.value(node))
    return found


def _unknown_items(value: object) -> Unknown:
    return value if isinstance(value, Unknown) else Unknown("is not a constant list")


def _dict(frame: Frame, node: ast.Dict) -> object:
    found: dict[object, object] = {}
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = frame.value(value_node)
        if key_node is None:
            if not isinstance(value, dict):
                return Unknown(f"is a dict of what is not constant (line {node.lineno})")
            found.update(value)
            continue
        key = frame.value(key_node)
        try:
            found[key] = value
        except TypeError:
            return Unknown(f"is a dict of what is not constant (line {node.lineno})")
    return found


def _joined(frame: Frame, node: ast.JoinedStr) -> object:
    parts: list[object] = []
    for part in node.values:
        if type(part) is ast.Constant:
            parts.append(part.value)
        elif isinstance(part, ast.FormattedValue):
            value = frame.value(part.value)
            if part.conversion != -1 or part.format_spec is not None:
                spec = frame.value(part.format_spec) if part.format_spec else ""
                value = strings.formatted(value, part.conversion, spec)
            parts.append(value)
    return strings.joined(parts)


def _binary(frame: Frame, node: ast.BinOp) -> object:
    return combine(type(node.op), frame.value(node.left), frame.value(node.right), node)


def combine(kind: type[ast.operator], left: object, right: object, node: ast.AST) -> object:
    """Return the value of ``left <operator> right``."""
    if kind is ast.Add and isinstance(left, str) and isinstance(right, str):
        return left + right if len(left) + len(right) < LIMIT else strings.TOO_LONG
    if kind is ast.Mod and isinstance(left, str):
        return strings.percent(left, right)
    if kind is ast.Add and isinstance(left, str) is not isinstance(right, str):
        # Only a string can be added to a string; of what is no constant it is not known which.
        left, right = (
            one if isinstance(one, (*_TEXTUAL, *_COMPUTABLE)) else Unknown(_unfollowed(node))
            for one in (left, right)
        )
    if kind is ast.Add and isinstance(left, _TEXTUAL) and isinstance(right, _TEXTUAL):
        return strings.joined([left, right])
    if isinstance(left, FilePath) and kind is ast.Div and isinstance(right, str):
        return FilePath(left.path / right)
    return _arithmetic(kind, left, right, node)


def _arithmetic(kind: type[ast.operator], left: object, right: object, node: ast.AST) -> object:
    function = _OPERATORS.get(kind)
    for value in (left, right):
        if isinstance(value, Unknown):
            return Unknown(value.reason)
        if isinstance(value, int) and abs(value) > LIMIT and kind in (ast.Mult, ast.LShift):
            function = None
        if isinstance(value, (str, list, tuple, bytes)) and len(value) > LIMIT:
            function = None
        if not isinstance(value, _COMPUTABLE):
            function = None
    if function is None:
        return Unknown(_unfollowed(node))
    if kind is ast.Mult:
        sizes: list[Any] = [
            len(v) if isinstance(v, (str, list, tuple, bytes)) else v for v in (left, right)
        ]
        if all(isinstance(size, (int, float)) for size in sizes) and sizes[0] * sizes[1] > LIMIT:
            return strings.TOO_LONG
    try:
        return function(left, right)
    except (TypeError, ValueError, ArithmeticError):
        return Unknown(f"cannot be computed (line {_line(node)})")


#: ``**`` and ``>>`` are left out: no name needs them, and a small source could cost hours.
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
}
_TEXTUAL = (str, Unknown)
_COMPUTABLE = (str, int, float, bytes, list, tuple, dict, set, frozenset)


def _unary(frame: Frame, node: ast.UnaryOp) -> object:
    value = frame.value(node.operand)
    if isinstance(node.op, ast.Not):
        return negate(value)
    if isinstance(value, (int, float)):
        return -value if isinstance(node.op, ast.USub) else value
    return value if isinstance(value, Unknown) else Unknown("is computed")


def _boolean(frame: Frame, node: ast.BoolOp) -> object:
    """Evaluate ``and`` / ``or`` from the left, as far as Python would."""
    state = frame.state
    dialects, offline = state.dialects, state.offline
    is_and = isinstance(node.op, ast.And)
    result: object = is_and
    unknown: list[Unknown] = []
    written: OfflineTest | None = None
    narrowed: frozenset[str] | None = None
    try:
        for operand in node.values:
            value = frame.value(operand)
            result = test_of(value)
            if isinstance(result, DialectTest):
                narrowed = result.dialects if is_and else ALL_DIALECTS - result.dialects
                state.tests.append((node, narrowed, state.direction))
                state.dialects = narrowed = state.dialects & narrowed
            elif isinstance(result, OfflineTest):
                written = result
                state.offline = result.offline is is_and
            elif isinstance(result, Unknown):
                unknown.append(result)
                state.conditional += 1
            else:
                if state.asked:
                    state.truths.setdefault(node, set()).add(bool(result))
                if bool(result) is not is_and:
                    # Of what comes before it is not known whether it is what the whole gives.
                    doubt = unknown and not isinstance(value, bool)
                    return Unknown(unknown[-1].reason) if doubt else value
                result = value
    finally:
        state.conditional -= len(unknown)
        state.dialects, state.offline = dialects, offline
    if narrowed is not None:
        if unknown or written is not None:
            # "pg and unknown" is false on SQLite for certain: follow each dialect by itself.
            raise NeedDialect
        return DialectTest(narrowed if is_and else dialects - narrowed)
    if unknown and written is not None:
        when = written.offline
        return Doubt(unknown[-1].reason, when if is_and else None, None if is_and else not when)
    return joint(unknown, is_and=is_and) if unknown else written or result


def _compare(frame: Frame, node: ast.Compare) -> object:
    left = frame.value(node.left)
    if len(node.ops) == 1:
        return compare(node.ops[0], left, frame.value(node.comparators[0]), node)
    result: object = True
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = frame.value(comparator)
        result = compare(op, left, right, node)
        if isinstance(result, (DialectTest, OfflineTest)):
            raise NeedDialect
        if isinstance(result, Unknown) or not result:
            return result
        left = right
    return result


def _conditional(frame: Frame, node: ast.IfExp) -> object:
    test = test_of(frame.value(node.test))
    state = frame.state
    if isinstance(test, DialectTest):
        raise NeedDialect
    if isinstance(test, (Unknown, OfflineTest)):
        state.conditional += 1
        yes, no = frame.value(node.body), frame.value(node.orelse)
        state.conditional -= 1
        if isinstance(test, Expected) and isinstance(yes, bool) and isinstance(no, bool):
            return Expected(test.reason, truth=yes if test.truth else no)
        return yes if same(yes, no) else Unknown(f"depends on a test (line {node.lineno})")
    if state.asked:
        state.truths.setdefault(node, set()).add(bool(test))
    return frame.value(node.body if test else node.orelse)


def same(one: object, other: object) -> bool:
    """Whether two values are certainly equal."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, External) and isinstance(other, External):
        return one.path == other.path
    if isinstance(one, (str, int, float, bytes)):
        return bool(one == other)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(map(same, one.values(), other.values()))
    if isinstance(one, (set, frozenset)) and isinstance(other, (set, frozenset)):
        return one == other
    return False


def _subscript(frame: Frame, node: ast.Subscript) -> object:
    value = frame.value(node.value)
    if isinstance(value, Unknown):
        return Unknown(value.reason)
    index: object
    if isinstance(node.slice, ast.Slice):
        bounds = [
            frame.value(part) for part in (node.slice.lower, node.slice.upper, node.slice.step)
        ]
        if not all(bound is None or isinstance(bound, int) for bound in bounds):
            return Unknown(f"is cut at what is not constant (line {node.lineno})")
        index = slice(*bounds)
    else:
        index = frame.value(node.slice)
    if isinstance(index, (DialectName, DialectTest)):
        raise NeedDialect
    if isinstance(value, (str, list, tuple, dict, bytes)) and not isinstance(index, Unknown):
        try:
            return value[index]  # type: ignore[index, call-overload]
        except (LookupError, TypeError, ValueError):
            return Unknown(f"is not there to be looked up (line {node.lineno})")
    if isinstance(index, Unknown):
        return Unknown(index.reason)
    return attributes.item(frame, value, index, node)


def attribute_of(frame: Frame, node: ast.Attribute) -> object:
    """Return what an attribute of a value is."""
    inner = node.value
    value = frame.lookup(inner.id) if type(inner) is ast.Name else frame.value(inner)
    if type(value) is External:
        return value.attribute(node.attr)
    return attributes.attribute(frame, value, node.attr, node)


def _lambda(frame: Frame, node: ast.Lambda) -> object:
    return Function(node, frame)


def _walrus(frame: Frame, node: ast.NamedExpr) -> object:
    value = frame.value(node.value)
    frame.names[node.target.id] = value
    return value


def _starred(frame: Frame, node: ast.Starred) -> object:
    return frame.value(node.value)


def _inner(frame: Frame, node: ast.Await | ast.YieldFrom) -> object:
    return frame.value(node.value)


def _unfollowed(node: ast.AST) -> str:
    return f"is computed in a way that is not followed (line {_line(node)})"


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 1)


HANDLERS.update(
    {
        ast.Tuple: _tuple,
        ast.List: _list,
        ast.Set: _set,
        ast.Dict: _dict,
        ast.JoinedStr: _joined,
        ast.BinOp: _binary,
        ast.UnaryOp: _unary,
        ast.BoolOp: _boolean,
        ast.Compare: _compare,
        ast.IfExp: _conditional,
        ast.Subscript: _subscript,
        ast.Attribute: attribute_of,
        ast.Lambda: _lambda,
        ast.NamedExpr: _walrus,
        ast.Starred: _starred,
        ast.Await: _inner,
    }
)
