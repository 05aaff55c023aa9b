"""What has names of its own? Functions, classes and comprehensions, and their type parameters."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from calista_tools.lint.scopes import model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from calista_tools.lint.scopes.model import Names

    AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


def _function(names: Names, node: AnyFunction) -> None:
    names.each(*node.decorator_list)
    _defaults(names, node.args)
    called = node.name in model.RUN_BY_ALEMBIC and names.scope.kind == model.MODULE
    parameters = getattr(node, "type_params", None)
    names.bind(node.name)

    def body() -> None:
        _parameters(names, node.args)
        names.statements(node.body)

    def signature() -> None:
        for one in _arguments(node.args):
            names.annotation(one.annotation)
        names.annotation(node.returns)
        names.later(lambda: names.inside(model.FUNCTION, body, called=called))

    _generic(names, parameters, signature)


def _generic(names: Names, parameters: Iterable[ast.AST] | None, task: Callable[[], None]) -> None:
    """Follow what may have type parameters (Python 3.12), which are names of their own."""
    if not parameters:
        task()
        return

    def inside() -> None:
        for one in parameters:
            names.bind(one.name)  # type: ignore[attr-defined]
        for one in parameters:
            names.annotation(getattr(one, "bound", None))
            names.annotation(getattr(one, "default_value", None))
        task()

    names.inside(model.INNER, inside)


def _lambda(names: Names, node: ast.Lambda) -> None:
    _defaults(names, node.args)

    def body() -> None:
        _parameters(names, node.args)
        names.visit(node.body)

    names.later(lambda: names.inside(model.FUNCTION, body))


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    found += [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    return found


def _parameters(names: Names, arguments: ast.arguments) -> None:
    for one in _arguments(arguments):
        names.bind(one.arg)


def _defaults(names: Names, arguments: ast.arguments) -> None:
    names.each(*arguments.defaults, *arguments.kw_defaults)


def _class(names: Names, node: ast.ClassDef) -> None:
    names.each(*node.decorator_list)

    def whole() -> None:
        names.each(*node.bases, *(one.value for one in node.keywords))
        names.inside(model.CLASS, lambda: names.statements(node.body))

    _generic(names, getattr(node, "type_params", None), whole)
    names.bind(node.name)


def _comprehension(names: Names, node: Any) -> None:
    first, *rest = node.generators
    names.visit(first.iter)

    def inside() -> None:
        names.visit(first.target)
        names.each(*first.ifs)
        for one in rest:
            names.each(one.iter, one.target, *one.ifs)
        if isinstance(node, ast.DictComp):
            names.each(node.key, node.value)
        else:
            names.visit(node.elt)

    names.inside(model.INNER, inside)


def _type_alias(names: Names, node: Any) -> None:
    names.visit(node.name)
    _generic(names, node.type_params, lambda: names.annotation(node.value))


model.HANDLERS.update(
    {
        ast.FunctionDef: _function,
        ast.AsyncFunctionDef: _function,
        ast.Lambda: _lambda,
        ast.ClassDef: _class,
        ast.ListComp: _comprehension,
        ast.SetComp: _comprehension,
        ast.GeneratorExp: _comprehension,
        ast.DictComp: _comprehension,
    }
)
if hasattr(ast, "TypeAlias"):  # Python 3.12
    model.HANDLERS[ast.TypeAlias] = _type_alias
