"""What would a revision file do, on which dialect? Evaluated from source; nothing is run.

``evaluate(tree, path, project)`` is the whole interface.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from calista_tools.effects.evaluator import (
    calls,  # noqa: F401 - they register
    comprehensions,  # noqa: F401 - they register
    expressions,  # noqa: F401 - they register
)
from calista_tools.effects.evaluator.dialect_merge import merge
from calista_tools.effects.evaluator.frame import (
    FUEL_OF_A_CALL,
    Frame,
    NeedDialect,
    OutOfFuel,
    State,
)
from calista_tools.effects.evaluator.module_head import Head, head_of
from calista_tools.effects.evaluator.modules import builtin
from calista_tools.effects.evaluator.project_modules import Project
from calista_tools.effects.evaluator.statements import run
from calista_tools.effects.operations import Evaluation, Guard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from calista_tools.effects.operations import Operation
    from calista_tools.effects.schema import Schema

__all__ = ["Head", "Project", "evaluate", "follow", "head_of"]

_DIRECTIONS = ("upgrade", "downgrade")


def evaluate(
    tree: ast.Module, path: Path, project: Project | None = None, head: Head | None = None
) -> Evaluation:
    """Follow ``upgrade()`` and ``downgrade()`` of a parsed revision file.

    Args:
        tree: The parsed file.
        path: Where it lies; imports of the project's own modules are looked up from here.
        project: Where those modules are read; None reads none.
        head: What stands above the tree's statements, where that is not in the tree.

    Returns:
        Operations in the order in which they would run. Never raises, whatever the file holds,
        and always ends: what takes too long to follow is a ``Trouble``.
    """
    evaluation = Evaluation()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in _DIRECTIONS:
            evaluation.directions[node.name] = node
    try:
        state = _follow(tree, evaluation, path, project, None, head=head)
        evaluation.operations = state.operations
        evaluation.guards = [Guard(node, holds, way) for node, holds, way in state.tests]
    except NeedDialect:
        evaluation.troubles.clear()
        one = _follow(tree, evaluation, path, project, "sqlite", head=head)
        other = _follow(tree, evaluation, path, project, "postgresql", head=head)
        merge(evaluation, one, other)
    return evaluation


def follow(
    tree: ast.Module,
    path: Path,
    project: Project | None,
    dialect: str,
    look: Callable[[Sequence[Operation]], Schema],
) -> Sequence[Operation]:
    """Follow ``upgrade()`` on one dialect, with answers to what it asks the database.

    Args:
        tree: The parsed file.
        path: Where it lies.
        project: Where the project's modules are read.
        dialect: The one to follow.
        look: Gives the schema after the operations so far, which it is handed.

    Returns:
        The operations, in the order in which they would run.
    """
    evaluation = Evaluation()
    evaluation.directions.update(
        (node.name, node)
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == "upgrade"
    )
    return _follow(tree, evaluation, path, project, dialect, look).operations


def _follow(
    tree: ast.Module,
    evaluation: Evaluation,
    path: Path,
    project: Project | None,
    dialect: str | None,
    look: Callable[[Sequence[Operation]], Schema] | None = None,
    head: Head | None = None,
) -> State:
    """Follow the file on one dialect, or on both at once.

    Raises:
        NeedDialect: Both at once will not do.
    """
    state = State(evaluation, path, project, dialect)
    state.tree = tree
    if look is not None:
        state.look = lambda: look(state.operations)
    names: dict[str, object] = {"__file__": str(path), "__name__": path.stem}
    frame = Frame(state, names, None, builtin)
    if tree.body:
        state.fuel += 2 * (tree.body[-1].end_lineno or 0)
    if head is not None:
        head.bind(frame)
    for node in tree.body:
        if not _run(frame, [node], node):
            break
    # What the module does when it is imported is no step of the upgrade.
    state.operations.clear()
    for direction in _DIRECTIONS:
        function = evaluation.directions.get(direction)
        if function is not None:
            state.direction = direction
            # What came before may have taken all: no part of the file costs another one its turn.
            state.fuel = max(state.fuel, FUEL_OF_A_CALL)
            inner = Frame(state, _parameters(frame, function), frame, frame.module)
            _run(inner, _body(names.get(direction), function), function)
            inner.names.clear()
    # Functions know their frame, which knows them: untie them, so that a file's tree goes with it.
    frame.names.clear()
    state.made.clear()
    for module in state.modules.values():
        module.close()
    state.modules.clear()
    return state


def _parameters(
    frame: Frame, function: ast.FunctionDef | ast.AsyncFunctionDef
) -> dict[str, object]:
    """Return the parameters of a direction that have a default: Alembic alone gives it none."""
    given = function.args
    if not given.defaults and not given.kw_defaults:
        return {}
    positional = [*given.posonlyargs, *given.args]
    pairs = [
        *zip(positional[len(positional) - len(given.defaults) :], given.defaults, strict=True),
        *zip(given.kwonlyargs, given.kw_defaults, strict=True),
    ]
    return {one.arg: frame.value(default) for one, default in pairs if default is not None}


def _body(found: object, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Sequence[ast.stmt]:
    """Return what a direction does: the function's body, or a call of what decorates it."""
    if not function.decorator_list or getattr(found, "node", function) is function:
        return function.body
    call = ast.Expr(ast.Call(ast.Name(function.name, ast.Load()), [], []))
    return [ast.fix_missing_locations(ast.copy_location(call, function))]


def _run(frame: Frame, body: Sequence[ast.stmt], where: ast.AST) -> bool:
    """Follow one part of the file; returns whether there is fuel for more."""
    state = frame.state
    state.dialects = state.everywhere
    state.conditional, state.offline, state.depth, state.unlikely = 0, None, 0, ""
    try:
        run(frame, body)
    except OutOfFuel:
        state.trouble("fuel", "takes too long to be followed", where)
        return False
    except RecursionError:
        state.trouble("recursion", "is nested too deeply to be followed", where)
    return True
