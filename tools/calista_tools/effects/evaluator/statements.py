"""What does a block of statements do? Each side of an unknown test is followed."""

from __future__ import annotations

import ast
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from calista_tools.effects.evaluator import compound, loops, modules
from calista_tools.effects.evaluator.attributes import READ
from calista_tools.effects.evaluator.branches import ON, RAISE, RETURN, branch
from calista_tools.effects.evaluator.expressions import combine
from calista_tools.effects.evaluator.frame import Frame, Function
from calista_tools.effects.evaluator.instances import described
from calista_tools.effects.evaluator.tests import test_of
from calista_tools.effects.evaluator.values import (
    Aside,
    DialectTest,
    Instance,
    Live,
    OfflineTest,
    Partial,
    Unknown,
)
from calista_tools.effects.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def run(frame: Frame, body: Sequence[ast.stmt]) -> int:
    """Follow statements in order; returns how the block ends."""
    state = frame.state
    for node in body:
        state.fuel -= 1
        if state.fuel < 0:
            state.burn()
        handler = STATEMENTS.get(type(node))
        if handler is not None:
            ends = handler(frame, node)
            if ends:
                return ends
    return ON


def _expression(frame: Frame, node: ast.Expr) -> int:
    if type(node.value) is not ast.Constant:
        frame.value(node.value)
    return ON


def _assign(frame: Frame, node: ast.Assign) -> int:
    value = frame.value(node.value)
    for target in node.targets:
        bind(frame, target, value)
    return ON


def _annotated(frame: Frame, node: ast.AnnAssign) -> int:
    if node.value is not None:
        bind(frame, node.target, frame.value(node.value))
    return ON


def _augmented(frame: Frame, node: ast.AugAssign) -> int:
    value = frame.value(node.value)
    if isinstance(node.target, ast.Name):
        before = frame.value(node.target)
        if isinstance(before, list) and isinstance(value, (list, tuple)) and len(before) < 10_000:
            before.extend(value)
        else:
            bind(frame, node.target, combine(type(node.op), before, value, node))
    return ON


def bind(frame: Frame, target: ast.expr, value: object) -> None:
    """Assign a value to a name, a tuple of names, or an item of a dict or list."""
    if isinstance(target, ast.Name):
        owner = frame
        if frame.shared is not None and target.id in frame.shared:
            while owner.outer is not None and target.id not in owner.names:
                owner = owner.outer
        owner.names[target.id] = value
    elif isinstance(target, (ast.Tuple, ast.List)):
        _unpack(frame, target.elts, value)
    elif isinstance(target, ast.Subscript):
        container, index = frame.value(target.value), frame.value(target.slice)
        if isinstance(container, dict) and isinstance(index, (str, int, tuple)):
            container[index] = value
        elif isinstance(container, list) and isinstance(index, int):
            with suppress(IndexError):
                container[index] = value
    elif isinstance(target, ast.Starred):
        bind(frame, target.value, value)
    elif isinstance(target, ast.Attribute):
        owned = frame.value(target.value)
        if isinstance(owned, Instance):
            owned.names[target.attr] = value


def _unpack(frame: Frame, targets: list[ast.expr], value: object) -> None:
    if isinstance(value, dict):
        value = list(value)
    starred = [i for i, target in enumerate(targets) if isinstance(target, ast.Starred)]
    if isinstance(value, (list, tuple, str)):
        if starred and len(value) >= len(targets) - 1:
            first, after = starred[0], len(targets) - starred[0] - 1
            items = list(value)
            middle = items[first : len(items) - after]
            value = [*items[:first], middle, *items[len(items) - after :]]
        if len(value) == len(targets):
            for target, item in zip(targets, value, strict=True):
                bind(frame, target, item)
            return
    reason = READ if isinstance(value, Live) else "is unpacked from what is not constant"
    for target in targets:
        bind(frame, target, Unknown(value.reason if isinstance(value, Unknown) else reason))


def _if(frame: Frame, node: ast.If) -> int:
    test = frame.value(node.test)
    if test is True or test is False:
        state = frame.state
        if state.asked:
            state.truths.setdefault(node, set()).add(test)
        return run(frame, node.body if test else node.orelse)
    return branch(frame, node, test, lambda: run(frame, node.body), lambda: run(frame, node.orelse))


def _return(frame: Frame, node: ast.Return) -> int:
    result = frame.value(node.value)
    unlikely = frame.state.unlikely
    frame.result = Aside(result, unlikely) if unlikely else result
    return RETURN


def _raise(frame: Frame, node: ast.Raise) -> int:
    value = frame.value(node.exc)
    name = getattr(value, "name", None)
    keywords = {"exception": name if isinstance(name, str) else ""}
    frame.state.add(Operation("raise", frame.state.direction, node, keywords=keywords))
    return RAISE


def _assert(frame: Frame, node: ast.Assert) -> int:
    """Follow an assertion as the guard that it is, where it is about the dialect or the mode."""
    test = test_of(frame.value(node.test))
    if isinstance(test, (DialectTest, OfflineTest)):
        return branch(frame, node, test, lambda: ON, lambda: RAISE)
    return RAISE if test is False and frame.state.dialect is not None else ON


def _define(frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    made: Function | Partial = Function(node, frame)
    for expression in reversed(node.decorator_list):
        decorator = frame.value(expression)
        if isinstance(decorator, (Function, Partial)):
            from calista_tools.effects.evaluator.calls import invoke

            call = ast.copy_location(ast.Call(expression, [], []), expression)
            wrapped = invoke(frame, decorator, [made], {}, call)
            made = wrapped if isinstance(wrapped, (Function, Partial)) else made
    frame.names[node.name] = made
    return ON


def _class(frame: Frame, node: ast.ClassDef) -> int:
    inner = Frame(frame.state, {}, frame, frame.module)
    run(inner, node.body)
    frame.names[node.name] = described(frame, node, inner.names)
    return ON


def _share(frame: Frame, node: ast.Global | ast.Nonlocal) -> int:
    frame.shared = (frame.shared or set()) | set(node.names)
    return ON


def _delete(frame: Frame, node: ast.Delete) -> int:
    for target in node.targets:
        if isinstance(target, ast.Name):
            frame.names.pop(target.id, None)
    return ON


#: How each kind of statement is followed; the rest does nothing that matters here.
STATEMENTS: dict[type[ast.stmt], Callable[[Frame, Any], int]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.If: _if,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.FunctionDef: _define,
    ast.AsyncFunctionDef: _define,
    ast.ClassDef: _class,
    ast.Global: _share,
    ast.Nonlocal: _share,
    ast.Delete: _delete,
    ast.Import: modules.do_import,
    ast.ImportFrom: modules.do_import_from,
    ast.For: loops.do_for,
    ast.AsyncFor: loops.do_for,
    ast.While: loops.do_while,
    ast.Break: loops.do_break,
    ast.Continue: loops.do_continue,
    ast.With: compound.do_with,
    ast.AsyncWith: compound.do_with,
    ast.Try: compound.do_try,
    ast.TryStar: compound.do_try,
    ast.Match: compound.do_match,
}
