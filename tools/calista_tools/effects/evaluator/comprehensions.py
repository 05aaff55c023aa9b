"""What do comprehensions and generator expressions give?"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from calista_tools.effects.evaluator.frame import HANDLERS, Frame, NeedDialect
from calista_tools.effects.evaluator.loops import iterated
from calista_tools.effects.evaluator.statements import bind
from calista_tools.effects.evaluator.tests import test_of
from calista_tools.effects.evaluator.values import DialectTest, OfflineTest, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable


class _Stop(Exception):  # noqa: N818 - control flow, not an error
    def __init__(self, reason: str) -> None:
        self.reason = reason


def _rounds(frame: Frame, generators: list[ast.comprehension], each: Callable[[], None]) -> None:
    """Call ``each`` once per item that the ``for`` and ``if`` clauses let through.

    Raises:
        _Stop: An iterable or a condition is unknown.
    """
    if not generators:
        each()
        return
    first, *rest = generators
    items = iterated(frame, frame.value(first.iter), first.iter)
    unknown = items.reason if isinstance(items, Unknown) else None
    if isinstance(items, Unknown):
        items = [Unknown(items.reason)]
        frame.state.conditional += 1
    try:
        for item in items:
            frame.state.burn()
            bind(frame, first.target, item)
            if _holds(frame, first.ifs):
                _rounds(frame, rest, each)
    finally:
        if unknown is not None:
            frame.state.conditional -= 1
    if unknown is not None:
        raise _Stop(unknown)


def _holds(frame: Frame, conditions: list[ast.expr]) -> bool:
    for condition in conditions:
        test = test_of(frame.value(condition))
        if isinstance(test, DialectTest):
            raise NeedDialect
        if isinstance(test, Unknown):
            raise _Stop(test.reason)
        if isinstance(test, OfflineTest):
            raise _Stop("depends on whether SQL is written or run")
        if not test:
            return False
    return True


def _list(frame: Frame, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> object:
    inner = Frame(frame.state, {}, frame, frame.module)
    found: list[object] = []
    try:
        _rounds(inner, node.generators, lambda: found.append(inner.value(node.elt)))
    except _Stop as stop:
        return Unknown(stop.reason)
    if isinstance(node, ast.SetComp):
        try:
            return set(found)
        except TypeError:
            return Unknown("is a set of what is not constant")
    return found


def _dict(frame: Frame, node: ast.DictComp) -> object:
    inner = Frame(frame.state, {}, frame, frame.module)
    found: dict[Any, object] = {}

    def each() -> None:
        key = inner.value(node.key)
        try:
            found[key] = inner.value(node.value)
        except TypeError as error:
            raise _Stop("is a dict of what is not constant") from error

    try:
        _rounds(inner, node.generators, each)
    except _Stop as stop:
        return Unknown(stop.reason)
    return found


HANDLERS.update(
    {
        ast.ListComp: _list,
        ast.SetComp: _list,
        ast.GeneratorExp: _list,
        ast.DictComp: _dict,
    }
)
