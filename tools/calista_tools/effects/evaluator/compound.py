"""What do ``with``, ``try`` and ``match`` mean for what stands inside of them?"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from calista_tools.effects.evaluator import tests
from calista_tools.effects.evaluator.branches import ON, RAISE, RETURN, branch, copied
from calista_tools.effects.evaluator.frame import Function
from calista_tools.effects.evaluator.values import (
    BatchBlock,
    Construct,
    DialectTest,
    Expected,
    Live,
    OfflineTest,
    Unknown,
)
from calista_tools.effects.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from calista_tools.effects.evaluator.frame import Frame


def do_with(frame: Frame, node: ast.With | ast.AsyncWith) -> int:
    """Follow the block; batch blocks and autocommit blocks are recorded at both ends."""
    return _enter(frame, node, 0)


def _enter(frame: Frame, node: ast.With | ast.AsyncWith, index: int) -> int:
    """Follow what one ``with`` item does, around the items after it and the block."""
    from calista_tools.effects.evaluator.op_calls import block
    from calista_tools.effects.evaluator.statements import bind, run

    if index == len(node.items):
        return run(frame, node.body)
    item = node.items[index]
    manager = _manager(frame, item.context_expr)
    if manager is not None:
        return _managed(frame, node, index, manager)
    state = frame.state
    value = frame.value(item.context_expr)
    end: Operation | None = None
    suppressing = 0
    if isinstance(value, BatchBlock):
        state.add(block(frame, value.record, "batch"))
        end = block(frame, value.record, "batch_exit")
    elif isinstance(value, Live) and value.kind == "autocommit":
        state.add(Operation("autocommit", state.direction, item.context_expr))
        end = Operation("autocommit_exit", state.direction, item.context_expr)
    elif isinstance(value, Construct) and value.path == "contextlib.suppress":
        suppressing = 1
    elif isinstance(value, Construct) and value.name == "nullcontext" and value.args:
        value = value.args[0]
    if item.optional_vars is not None:
        bind(frame, item.optional_vars, value)
    state.conditional += suppressing
    signal = _enter(frame, node, index + 1)
    state.conditional -= suppressing
    if end is not None:
        state.add(end)
    return signal


def _manager(frame: Frame, node: ast.expr) -> Function | None:
    """Return the ``@contextmanager`` of the project that an expression calls."""
    called = frame.value(node.func) if isinstance(node, ast.Call) else None
    if not isinstance(called, Function) or isinstance(called.node, ast.Lambda):
        return None
    for decorator in called.node.decorator_list:
        name = getattr(decorator, "attr", getattr(decorator, "id", ""))
        if name in ("contextmanager", "asynccontextmanager"):
            return called
    return None


def _managed(frame: Frame, node: ast.With | ast.AsyncWith, index: int, manager: Function) -> int:
    """Follow a context manager's function; the block runs where it yields."""
    from calista_tools.effects.evaluator.calls import arguments, inline
    from calista_tools.effects.evaluator.statements import bind

    state = frame.state
    item = node.items[index]
    call = item.context_expr
    assert isinstance(call, ast.Call)
    outside = state.anchor, state.conditional, state.offline, state.depth
    done: frozenset[str] = frozenset()
    signal = ON

    def follow(value: object) -> None:
        nonlocal done, signal
        inside = state.anchor, state.conditional, state.offline, state.depth
        dialects = state.dialects
        if dialects <= done:
            return
        state.anchor, state.conditional, state.offline, state.depth = outside
        state.dialects = dialects - done
        done |= dialects
        if item.optional_vars is not None:
            bind(frame, item.optional_vars, value)
        signal = _enter(frame, node, index + 1) or signal
        state.anchor, state.conditional, state.offline, state.depth = inside
        state.dialects = dialects

    args, kwargs = arguments(frame, call)
    inline(frame, manager, args, kwargs, call, follow)
    if not done:
        follow(Unknown("is given by a context manager"))
    return signal


def do_try(frame: Frame, node: ast.Try | ast.TryStar) -> int:
    """Follow the body and, as something that may happen, each handler."""
    from calista_tools.effects.evaluator.statements import run

    state = frame.state
    doubt = 1 if node.handlers else 0
    state.conditional += doubt
    before = state.answered, state.open, len(state.operations)
    ends = run(frame, node.body)
    state.conditional -= doubt
    certain = ends in (ON, RETURN) and _is_answered(frame, *before)
    if ends == ON and node.orelse:
        ends = run(frame, node.orelse)
    result, returned = frame.result, frame.returned
    for handler in node.handlers:
        if handler.name:
            frame.names[handler.name] = Unknown("is an exception")

        def handled(body: list[ast.stmt] = handler.body) -> int:
            return run(frame, body)

        if certain:
            _aside(frame, handled)
            continue
        after = branch(frame, handler, Unknown("depends on an error"), handled, lambda: ON)
        if ends == RAISE:
            ends = after
        elif ends == RETURN:
            frame.result = result
            if not isinstance(result, Unknown) or isinstance(result, Expected):
                # What is known was computed without an error.
                frame.returned = returned
    last = run(frame, node.finalbody)
    return last or ends


def _is_answered(frame: Frame, answered: int, left_open: int, done: int) -> bool:
    """Whether all that was done since then is to ask the database what is known here."""
    state = frame.state
    return (
        state.answered > answered
        and state.open == left_open
        and all(one.what == "read" for one in state.operations[done:])
    )


def _aside(frame: Frame, handled: Callable[[], int]) -> None:
    """Follow the handler of an error that is not to be expected: as if it had not been there."""
    state = frame.state
    before = state.unlikely, state.offline, state.dialects
    kept = frame.names, frame.result, frame.returned
    frame.names = copied(frame.names)
    state.unlikely = state.unlikely or "depends on an error"
    handled()
    state.unlikely, state.offline, state.dialects = before
    frame.names, frame.result, frame.returned = kept


def do_match(frame: Frame, node: ast.Match) -> int:
    """Follow ``match`` as the chain of tests that it is."""
    subject = frame.value(node.subject)
    return _case(frame, node, subject, 0)


def _case(frame: Frame, node: ast.Match, subject: object, index: int) -> int:
    from calista_tools.effects.evaluator.statements import run

    if index == len(node.cases):
        return ON
    case = node.cases[index]
    test = _matches(frame, subject, case.pattern, node)
    if case.guard is not None:
        test = _both(test, tests.test_of(frame.value(case.guard)))
    return branch(
        frame,
        case.pattern,
        test,
        lambda: run(frame, case.body),
        lambda: _case(frame, node, subject, index + 1),
    )


def _matches(frame: Frame, subject: object, pattern: ast.pattern, node: ast.Match) -> object:
    if isinstance(pattern, ast.MatchAs):
        if pattern.name is not None:
            frame.names[pattern.name] = subject
        if pattern.pattern is None:
            return True
        return _matches(frame, subject, pattern.pattern, node)
    if isinstance(pattern, ast.MatchValue):
        return tests.compare(ast.Eq(), subject, frame.value(pattern.value), node)
    if isinstance(pattern, ast.MatchSingleton):
        return tests.compare(ast.Is(), subject, pattern.value, node)
    if isinstance(pattern, ast.MatchOr):
        result: object = False
        for part in pattern.patterns:
            result = _either(result, _matches(frame, subject, part, node))
        return result
    return Unknown(f"depends on a pattern (line {node.lineno})")


def _either(one: object, other: object) -> object:
    return tests.negate(_both(tests.negate(one), tests.negate(other)))


def _both(one: object, other: object) -> object:
    for test, rest in ((one, other), (other, one)):
        if test is False:
            return False
        if test is True:
            return rest
    if isinstance(one, DialectTest) and isinstance(other, DialectTest):
        return DialectTest(one.dialects & other.dialects)
    if isinstance(one, (DialectTest, OfflineTest)) or isinstance(other, (DialectTest, OfflineTest)):
        from calista_tools.effects.evaluator.frame import NeedDialect

        if isinstance(one, DialectTest) or isinstance(other, DialectTest):
            raise NeedDialect
    return one if isinstance(one, Unknown) else other
