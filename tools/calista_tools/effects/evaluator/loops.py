"""How often does a loop run, and over what?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.evaluator import attributes
from calista_tools.effects.evaluator.branches import (
    BREAK,
    CONTINUE,
    ON,
    RAISE,
    RETURN,
)
from calista_tools.effects.evaluator.core_statements import queried
from calista_tools.effects.evaluator.expressions import same
from calista_tools.effects.evaluator.frame import Frame, NeedDialect
from calista_tools.effects.evaluator.inspection import KnownTables
from calista_tools.effects.evaluator.tests import test_of
from calista_tools.effects.evaluator.values import DialectTest, External, Live, OfflineTest, Unknown

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Sequence

#: A loop over more items is not unrolled: no history has one, and generated bombs do.
LONGEST = 5_000


def iterated(frame: Frame, value: object, node: ast.AST) -> Sequence[object] | Unknown:
    """Return the items that iterating gives, or why they are unknown."""
    if isinstance(value, (list, tuple, str, dict, set, frozenset)):
        if len(value) > LONGEST:
            return Unknown("has too many items to be followed")
        return ordered(value) if isinstance(value, (set, frozenset)) else list(value)
    if isinstance(value, range):
        return list(value) if len(value) <= LONGEST else Unknown("has too many items")
    if isinstance(value, Live):
        if value.kind == "result":
            attributes.read(frame, node)
        return Unknown(attributes.READ)
    if isinstance(value, DialectTest):
        raise NeedDialect
    if isinstance(value, KnownTables):
        return list(value.names)
    if isinstance(value, Unknown):
        return value
    if queried(value) is not None:
        attributes.read(frame, node)
        return Unknown(attributes.READ)
    if isinstance(value, External):
        return Unknown(f"is iterated over from `{value.path}`")
    return Unknown("is iterated over from what is not constant")


def ordered(items: set[object] | frozenset[object]) -> list[object]:
    """Return the items of a set in an order that does not change from run to run."""
    return sorted(items, key=lambda item: (type(item).__name__, str(item)))


def do_for(frame: Frame, node: ast.For | ast.AsyncFor) -> int:
    """Follow the body once for each item, or once for all where the items are unknown."""
    from calista_tools.effects.evaluator.statements import bind, run

    items = iterated(frame, frame.value(node.iter), node)
    if isinstance(items, Unknown):

        def body() -> int:
            bind(frame, node.target, Unknown(items.reason))
            return run(frame, node.body)

        return _once(frame, body) or run(frame, node.orelse)
    for item in items:
        frame.state.burn()
        bind(frame, node.target, item)
        ends = _round(frame, node.body)
        if ends == BREAK:
            return ON
        if ends in (RETURN, RAISE):
            return ends
    return run(frame, node.orelse)


def _round(frame: Frame, body: list[ast.stmt]) -> int:
    """Follow one round; a doubtful ``break`` or ``continue`` only casts doubt on that round."""
    from calista_tools.effects.evaluator.statements import run

    state = frame.state
    conditional, returned, unlikely = state.conditional, frame.returned, state.unlikely
    ends = run(frame, body)
    if frame.returned is returned:
        state.conditional, state.unlikely = conditional, unlikely
    return ends


def do_while(frame: Frame, node: ast.While) -> int:
    """Follow the body as long as the test is known to hold; once where it is unknown."""
    from calista_tools.effects.evaluator.statements import run

    state = frame.state
    for _ in range(LONGEST):
        state.burn()
        test = test_of(frame.value(node.test))
        if isinstance(test, DialectTest):
            raise NeedDialect
        if isinstance(test, (Unknown, OfflineTest)):
            return _once(frame, lambda: run(frame, node.body))
        if not test:
            return run(frame, node.orelse)
        conditional, returned, done = state.conditional, frame.returned, len(state.operations)
        ends = run(frame, node.body)
        if ends == BREAK:
            return ON
        if ends in (RETURN, RAISE):
            return ends
        doubtful = state.conditional > conditional
        if frame.returned is returned:
            state.conditional = conditional
        if doubtful or any(one.what == "read" for one in state.operations[done:]):
            # The database decides how often it runs; what one round does is what all do.
            return ON
    state.trouble("fuel", "the loop runs too long to be followed", node)
    return ON


def _once(frame: Frame, body: Callable[[], int]) -> int:
    """Follow a body that runs an unknown number of times."""
    state = frame.state
    state.conditional += 1
    before, unlikely = dict(frame.names), state.unlikely
    ends = body()
    state.conditional -= 1
    state.unlikely = unlikely
    for name, value in frame.names.items():
        # What the loop assigns may have any round's value afterwards.
        if name in before and not same(before[name], value):
            frame.names[name] = Unknown("is assigned in a loop")
    if ends == RETURN:
        frame.returned = [*(frame.returned or ()), frame.result]
    return ON


def do_break(frame: Frame, node: ast.Break) -> int:
    """Leave the loop."""
    return BREAK


def do_continue(frame: Frame, node: ast.Continue) -> int:
    """Go on with the next round."""
    return CONTINUE
