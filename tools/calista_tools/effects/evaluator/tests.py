"""How does a test come out? Comparisons and truth, with the dialect in their midst."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

from calista_tools.effects.evaluator.dialect_driver import Driver
from calista_tools.effects.evaluator.frame import Function, NeedDialect
from calista_tools.effects.evaluator.inspection import KnownTables
from calista_tools.effects.evaluator.values import (
    BatchBlock,
    ClassValue,
    Construct,
    DialectName,
    DialectTest,
    Doubt,
    Expected,
    External,
    FilePath,
    Instance,
    Live,
    Method,
    OfflineTest,
    Partial,
    Unknown,
)
from calista_tools.effects.objects import ALL_DIALECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Things that are always there, hence true.
_THINGS = (
    BatchBlock,
    ClassValue,
    External,
    FilePath,
    Function,
    Instance,
    Live,
    Method,
    Partial,
    DialectName,
)


def test_of(value: object) -> object:
    """Return the truth of a value: a bool, or one of the tests that cannot be decided here."""
    if isinstance(value, (Unknown, DialectTest, OfflineTest, bool)):
        return value
    if isinstance(value, _THINGS):
        return not (isinstance(value, External) and value.path == "typing.TYPE_CHECKING")
    if isinstance(value, Construct):
        return Unknown(f"depends on what `{value.name}()` gives")
    return bool(value)


def negate(value: object) -> object:
    """Return ``not value``."""
    test = test_of(value)
    if isinstance(test, DialectTest):
        return DialectTest(ALL_DIALECTS - test.dialects)
    if isinstance(test, OfflineTest):
        return OfflineTest(not test.offline)
    if isinstance(test, Doubt):
        return Doubt(test.reason, test.when_false, test.when_true)
    if isinstance(test, Expected):
        return Expected(test.reason, truth=not test.truth)
    if isinstance(test, Unknown):
        return test
    return not test


def joint(doubts: Sequence[Unknown], *, is_and: bool) -> Unknown:
    """Return what ``and`` (or ``or``) of unknown truths is, all others being neutral."""
    for one in doubts:
        if isinstance(one, Expected) and one.truth is not is_and:
            return one
    return next((one for one in doubts if not isinstance(one, Expected)), doubts[-1])


def compare(op: ast.cmpop, left: object, right: object, node: ast.AST) -> object:
    """Return the outcome of one comparison."""
    kind = type(op)
    if isinstance(left, DialectName) or isinstance(right, DialectName):
        return _compare_dialect(kind, left, right)
    if isinstance(left, Driver):
        return left.each(lambda one: compare(op, one, right, node))
    if isinstance(right, Driver):
        return right.each(lambda one: compare(op, left, one, node))
    if isinstance(left, (OfflineTest, DialectTest)) and isinstance(right, bool):
        return left if (kind in (ast.Eq, ast.Is)) is right else negate(left)
    if isinstance(left, Expected) and isinstance(right, bool) and kind in _SAMENESS:
        return left if (kind in (ast.Eq, ast.Is)) is right else negate(left)
    if isinstance(right, KnownTables) and isinstance(left, str) and kind in (ast.In, ast.NotIn):
        found = right.holds(left)
        return found if kind is ast.In else negate(found)
    for value in (left, right):
        if isinstance(value, Unknown):
            return Unknown(value.reason)
    if kind in (ast.Is, ast.IsNot):
        found = left is right if left is None or right is None else _identical(left, right)
        return found if isinstance(found, Unknown) else found is (kind is ast.Is)
    if kind in (ast.In, ast.NotIn):
        return _contains(left, right, kind is ast.In)
    if kind in (ast.Eq, ast.NotEq) and None in (left, right):
        return (left is right) is (kind is ast.Eq)
    if not isinstance(left, _COMPARABLE) or not isinstance(right, _COMPARABLE):
        return Unknown(f"depends on a comparison (line {getattr(node, 'lineno', 1)})")
    try:
        return bool(_COMPARISONS[kind](left, right))
    except (TypeError, ValueError, KeyError):
        return Unknown(f"depends on a comparison (line {getattr(node, 'lineno', 1)})")


_SAMENESS = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)
_COMPARABLE = (str, int, float, bytes, list, tuple, dict, set, frozenset)
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def _identical(left: object, right: object) -> object:
    if isinstance(left, bool) and isinstance(right, bool):
        return left is right
    if left is right:
        return True
    return Unknown("depends on identity")


def _contains(left: object, right: object, positive: bool) -> object:
    if isinstance(left, str) and isinstance(right, str):
        return (left in right) is positive
    if not isinstance(right, (list, tuple, set, frozenset, dict)):
        return Unknown("depends on what is in there")
    if isinstance(left, (str, int, float, bytes, tuple, type(None))):
        if any(type(item) is type(left) and item == left for item in right):
            return positive
        if not any(isinstance(item, Unknown) for item in right):
            return not positive
    return Unknown("depends on what is in there")


def _compare_dialect(kind: type[ast.cmpop], left: object, right: object) -> object:
    if isinstance(right, DialectName):
        if kind not in (ast.Eq, ast.NotEq):
            raise NeedDialect
        left, right = right, left
    if kind in (ast.Eq, ast.NotEq, ast.Is, ast.IsNot):
        accepted = {right} if isinstance(right, str) else {None}
    elif kind in (ast.In, ast.NotIn) and isinstance(right, (list, tuple, set, frozenset, dict)):
        accepted = {item for item in right if isinstance(item, str)}
    else:
        raise NeedDialect
    if not all(isinstance(item, str) for item in accepted):
        raise NeedDialect
    positive = kind in (ast.Eq, ast.Is, ast.In)
    return DialectTest(ALL_DIALECTS & accepted if positive else ALL_DIALECTS - accepted)
