"""What does each statement and expression do to the names around it?"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from calista_tools.lint.scopes import model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from calista_tools.lint.scopes.model import Names


def _nothing(names: Names, node: ast.AST) -> None:
    pass


def _name(names: Names, node: ast.Name) -> None:
    if type(node.ctx) is ast.Load:
        names.load(node.id, node)
    elif type(node.ctx) is ast.Store:
        names.bind(node.id)
    else:
        _delete(names, node)


def _delete(names: Names, node: ast.Name) -> None:
    scope = names.scope
    if node.id in scope.elsewhere:
        return
    if node.id not in scope.names:
        names.load(node.id, node)
    elif not names.branches and not scope.loops:
        names.unbind(node.id)


def _attribute(names: Names, node: ast.Attribute) -> None:
    value = node.value
    if type(value) is ast.Name and type(value.ctx) is ast.Load:
        kind = names.load(value.id, value)
    else:
        names.visit(value)
        kind = names.kind_of(value) if type(value) in (ast.Attribute, ast.Call) else None
    if kind is None or kind == model.TYPING:
        return
    if type(node.ctx) is ast.Store:
        names.given.add(node.attr)
    elif any("AttributeError" in caught for caught in names.catching):
        names.guarded.add((node.lineno, node.col_offset))
    else:
        names.attributes.append(model.Attribute(kind, node.attr, node))


def _call(names: Names, node: ast.Call) -> None:
    names.visit(node.func)
    for argument in node.args:
        names.visit(argument)
    for keyword in node.keywords:
        names.visit(keyword.value)


def _binary(names: Names, node: ast.BinOp) -> None:
    # `"a" + "b" + …`, a thousand lines long, is nested as deeply.
    rest = []
    left: ast.expr = node
    while type(left) is ast.BinOp:
        rest.append(left.right)
        left = left.left
    names.visit(left)
    while rest:
        names.visit(rest.pop())


def _if(names: Names, node: ast.If) -> None:
    while True:
        names.visit(node.test)
        typing = _is_type_checking(node.test)
        names.typing += typing is True
        names.branch(node.body)
        names.typing -= typing is True
        if len(node.orelse) != 1 or type(node.orelse[0]) is not ast.If or typing is False:
            break
        node = node.orelse[0]  # an `elif`, of which there may be many
    names.typing += typing is False
    names.branch(node.orelse)
    names.typing -= typing is False


def _is_type_checking(test: ast.expr) -> bool | None:
    """Return what ``TYPE_CHECKING`` is in the body of a test; None where it is about something else."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        found = _is_type_checking(test.operand)
        return None if found is None else not found
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", None)
    return True if name == "TYPE_CHECKING" else None


def _for(names: Names, node: ast.For | ast.AsyncFor) -> None:
    names.visit(node.iter)
    names.visit(node.target)
    names.branch(node.body, loop=True)
    names.branch(node.orelse)


def _while(names: Names, node: ast.While) -> None:
    names.visit(node.test)
    names.branch(node.body, loop=True)
    names.branch(node.orelse)


def _with(names: Names, node: ast.With | ast.AsyncWith) -> None:
    for item in node.items:
        names.visit(item.context_expr)
        if type(item.optional_vars) is ast.Name:
            names.bind(item.optional_vars.id, _entered(names, item.context_expr))
        else:
            names.each(item.optional_vars)
    names.statements(node.body)


def _entered(names: Names, node: ast.expr) -> str | None:
    called = node.func if isinstance(node, ast.Call) else None
    if not isinstance(called, ast.Attribute) or called.attr != "batch_alter_table":
        return None
    return model.BATCH if names.kind_of(called.value) == model.OP else None


def _try(names: Names, node: ast.Try) -> None:
    names.catching.append(frozenset(_caught(node.handlers)))
    names.branch(node.body)
    names.catching.pop()
    names.branches += 1
    for handler in node.handlers:
        names.visit(handler)
    names.branches -= 1
    names.branch(node.orelse)
    names.statements(node.finalbody)


def _caught(handlers: Iterable[ast.ExceptHandler]) -> Iterable[str]:
    for handler in handlers:
        if handler.type is None:
            yield from ("NameError", "AttributeError")
            continue
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        for kind in kinds:
            yield str(getattr(kind, "attr", None) or getattr(kind, "id", ""))


def _handler(names: Names, node: ast.ExceptHandler) -> None:
    names.each(node.type)
    there = node.name is None or node.name in names.scope.names
    if node.name is not None:
        names.bind(node.name)
    names.statements(node.body)
    if node.name is not None and not there:
        names.unbind(node.name)


def _assign(names: Names, node: ast.Assign) -> None:
    names.visit(node.value)
    for target in node.targets:
        if type(target) is ast.Name:
            names.bind(target.id, names.kind_of(node.value))
        else:
            names.visit(target)


def _annotated_assign(names: Names, node: ast.AnnAssign) -> None:
    names.annotation(node.annotation)
    if node.value is None:
        if type(node.target) is not ast.Name:
            names.visit(node.target)
        return
    named = getattr(node.annotation, "attr", None) or getattr(node.annotation, "id", None)
    if named == "TypeAlias":
        names.annotation(node.value)
    else:
        names.visit(node.value)
    if type(node.target) is ast.Name:
        names.bind(node.target.id, names.kind_of(node.value))
    else:
        names.visit(node.target)


def _augmented(names: Names, node: ast.AugAssign) -> None:
    if type(node.target) is ast.Name:
        names.load(node.target.id, node.target)
    names.visit(node.value)
    if type(node.target) is ast.Name:
        names.augment(node.target.id)
    else:
        names.visit(node.target)


def _perhaps(names: Names, node: ast.IfExp | ast.BoolOp) -> None:
    first, *rest = (
        [node.test, node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values
    )
    names.visit(first)
    names.branches += 1
    names.each(*rest)
    names.branches -= 1


def _named(names: Names, node: ast.NamedExpr) -> None:
    names.visit(node.value)
    # It goes to the function around a comprehension.
    inner = names.scope
    while names.scope.kind == model.INNER and names.scope.parent is not None:
        names.scope = names.scope.parent
    names.bind(node.target.id, names.kind_of(node.value))
    names.scope = inner


def _import(names: Names, node: ast.Import) -> None:
    for alias in node.names:
        top = alias.name.partition(".")[0]
        if alias.asname is None:
            names.bind(top, _MODULES.get(top))
        else:
            names.bind(alias.asname, _MODULES.get(alias.name))


_MODULES = {
    "alembic": model.ALEMBIC,
    "alembic.op": model.OP,
    "sqlalchemy": model.SQLALCHEMY,
}


def _import_from(names: Names, node: ast.ImportFrom) -> None:
    module = node.module if not node.level else None
    for alias in node.names:
        if alias.name == "*":
            names.dynamic = True
            continue
        kind = model.OP if (module, alias.name) == ("alembic", "op") else None
        source = _MODULES.get(module or "")
        tried = any("ImportError" in caught for caught in names.catching)
        if source in (model.OP, model.SQLALCHEMY) and not tried:
            names.attributes.append(model.Attribute(source, alias.name, alias))
        names.bind(alias.asname or alias.name, kind)


def _global(names: Names, node: ast.Global) -> None:
    if names.scope.kind != model.MODULE:
        names.scope.elsewhere.update(node.names)
    names.globals.update(node.names)


def _nonlocal(names: Names, node: ast.Nonlocal) -> None:
    for name in node.names:
        names.bind(name)


def _match_as(names: Names, node: Any) -> None:
    names.each(getattr(node, "pattern", None))
    for name in (getattr(node, "name", None), getattr(node, "rest", None)):
        if name is not None:
            names.bind(name)


def _match_mapping(names: Names, node: ast.MatchMapping) -> None:
    names.each(*node.keys, *node.patterns)
    if node.rest is not None:
        names.bind(node.rest)


def _match(names: Names, node: ast.Match) -> None:
    names.visit(node.subject)
    for case in node.cases:
        names.visit(case.pattern)
        names.each(case.guard)
        names.branch(case.body)


_HANDLERS: Mapping[type, Callable[[Names, Any], None]] = {
    ast.Constant: _nothing,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.BinOp: _binary,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.ExceptHandler: _handler,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated_assign,
    ast.AugAssign: _augmented,
    ast.NamedExpr: _named,
    ast.IfExp: _perhaps,
    ast.BoolOp: _perhaps,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.Match: _match,
    ast.MatchAs: _match_as,
    ast.MatchStar: _match_as,
    ast.MatchMapping: _match_mapping,
}
model.HANDLERS.update(_HANDLERS)
