"""How do the two sides of a test come together again?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.evaluator.expressions import same
from calista_tools.effects.evaluator.frame import NeedDialect
from calista_tools.effects.evaluator.tests import test_of
from calista_tools.effects.evaluator.values import (
    DialectTest,
    Doubt,
    Expected,
    OfflineTest,
    Unknown,
)

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable

    from calista_tools.effects.evaluator.frame import Frame

#: How a block ends: it runs on, or leaves the function, the loop, the round, or fails.
ON, RETURN, BREAK, CONTINUE, RAISE = range(5)


def branch(
    frame: Frame, node: ast.AST, value: object, yes: Callable[[], int], no: Callable[[], int]
) -> int:
    """Follow the side that a test selects, or both where it cannot be decided."""
    test = test_of(value)
    state = frame.state
    if isinstance(test, DialectTest):
        return _by_dialect(frame, node, test.dialects, yes, no)
    if isinstance(test, OfflineTest):
        return _both(frame, node, yes, no, test.offline, not test.offline, 0)
    if isinstance(test, Doubt):
        return _both(frame, node, yes, no, test.when_true, test.when_false, 1)
    if isinstance(test, Expected):
        return _expected(frame, node, yes, no, test)
    if isinstance(test, Unknown):
        return _both(frame, node, yes, no, None, None, 1)
    if state.asked:
        state.truths.setdefault(node, set()).add(bool(test))
    return yes() if test else no()


def _by_dialect(
    frame: Frame,
    node: ast.AST,
    holds: frozenset[str],
    yes: Callable[[], int],
    no: Callable[[], int],
) -> int:
    state = frame.state
    here = state.dialects
    state.tests.append((node, holds, state.direction))
    on_yes, on_no = here & holds, here - holds
    if not on_yes:
        return no()
    if not on_no:
        return yes()
    other = copied(frame.names)
    state.dialects = on_yes
    ends_yes = yes()
    names_yes, result_yes = frame.names, frame.result
    left_yes = state.dialects
    frame.names = other
    state.dialects = on_no
    ends_no = no()
    left_no = state.dialects
    if ends_yes in (BREAK, CONTINUE) or ends_no in (BREAK, CONTINUE):
        raise NeedDialect
    if ends_yes and ends_no:
        if ends_yes != ends_no or not same(result_yes, frame.result):
            _leave(frame, result_yes, ends_yes, split=True)
            return ends_no if ends_no == RETURN else ends_yes
        state.dialects = here
        return ends_yes
    if RAISE in (ends_yes, ends_no) and not state.conditional:
        frame.refused |= on_yes if ends_yes == RAISE else on_no
    if ends_yes:
        _leave(frame, result_yes, ends_yes, split=True)
        return ON
    if ends_no:
        _leave(frame, frame.result, ends_no, split=True)
        frame.names = names_yes
        state.dialects = left_yes
        return ON
    state.dialects = left_yes | left_no
    different = _differing(names_yes, frame.names)
    for name in different:
        frame.names.pop(name, None)
    if different:
        frame.poisoned = (frame.poisoned or set()) | different
    return ON


def _leave(frame: Frame, result: object, ends: int, *, split: bool = False) -> None:
    if ends == RETURN:
        frame.returned = [*(frame.returned or ()), result]
        frame.split = frame.split or split


def _expected(
    frame: Frame, node: ast.AST, yes: Callable[[], int], no: Callable[[], int], test: Expected
) -> int:
    """Follow both sides; what happens on the one that is not expected is noted as unlikely."""
    state = frame.state
    before = state.unlikely
    other = copied(frame.names)
    expected, unexpected = (yes, no) if test.truth else (no, yes)
    state.conditional += 1
    state.unlikely = before or test.reason
    ends_aside = unexpected()
    aside, result_aside = frame.names, frame.result
    frame.names = other
    state.unlikely = before
    ends = expected()
    state.conditional -= 1
    if ends_aside == RETURN:
        _leave(frame, result_aside, RETURN)
    if ends in (RETURN, CONTINUE, BREAK) and not ends_aside:
        _leave(frame, frame.result, ends)
        frame.names = aside
        state.unlikely = before or test.reason
        return ON
    if ends == RAISE and not ends_aside:
        frame.names = aside
        return ON
    if not ends and not ends_aside:
        _merge(frame, aside, node, test)
    return ends


def _both(
    frame: Frame,
    node: ast.AST,
    yes: Callable[[], int],
    no: Callable[[], int],
    offline_yes: bool | None,
    offline_no: bool | None,
    doubt: int,
) -> int:
    state = frame.state
    before = state.offline
    conditional = state.conditional
    dialects = state.dialects
    other = copied(frame.names)
    state.conditional = conditional + doubt
    state.offline = before if offline_yes is None else offline_yes
    ends_yes = yes()
    names_yes, result_yes, dialects_yes = frame.names, frame.result, state.dialects
    frame.names = other
    state.dialects = dialects
    state.conditional = conditional + doubt
    state.offline = before if offline_no is None else offline_no
    ends_no = no()
    state.conditional = conditional
    state.offline = before
    if not ends_yes and not ends_no:
        state.dialects = dialects_yes | state.dialects
        _merge(frame, names_yes, node)
        return ON
    if ends_yes and ends_no:
        if ends_yes == ends_no == RETURN:
            _leave(frame, result_yes, ends_yes)
            return RETURN
        if RAISE in (ends_yes, ends_no):
            other_end = ends_no if ends_yes == RAISE else ends_yes
            if ends_no == RAISE:
                frame.result = result_yes
            return other_end
        return ends_yes if ends_yes == ends_no else ON
    ended = ends_yes or ends_no
    _leave(frame, result_yes if ends_yes else frame.result, ended)
    if ends_no:
        frame.names, state.dialects = names_yes, dialects_yes
    if ended != RAISE:
        # What follows only runs where this side did not leave.
        state.conditional = conditional + doubt
        remaining = offline_no if ends_yes else offline_yes
        state.offline = before if remaining is None else remaining
    return ON


def copied(names: dict[str, object]) -> dict[str, object]:
    """Copy the names, and the lists, dicts and sets that one side could change."""
    return {
        name: value.copy() if isinstance(value, (list, dict, set)) else value
        for name, value in names.items()
    }


def _differing(one: dict[str, object], other: dict[str, object]) -> set[str]:
    return {
        name
        for name in one.keys() | other.keys()
        if name not in one or name not in other or not same(one[name], other[name])
    }


def _merge(
    frame: Frame, names_yes: dict[str, object], node: ast.AST, test: Expected | None = None
) -> None:
    line = getattr(node, "lineno", 1)
    for name in _differing(names_yes, frame.names):
        value = frame.names.get(name)
        if test is not None and isinstance(value, bool):
            frame.names[name] = Expected(test.reason, truth=value)
        else:
            frame.names[name] = Unknown(f"depends on a test (line {line})")
