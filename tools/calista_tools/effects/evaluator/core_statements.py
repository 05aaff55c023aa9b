"""Which rows and columns does a SQLAlchemy ``update()`` or ``delete()`` say that it changes?"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from calista_tools.effects.evaluator.values import ClassValue, Construct, External, Method
from calista_tools.startup.patterns import later

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: What chooses rows; ``with_only_columns`` and the like have no place in these statements.
_CHOOSING = frozenset({"where", "filter", "filter_by", "using", "prefix_with", "suffix_with"})
_NAMED_COLUMN = later(r"(?:\b\w+\.)*\bcolumn\('(\w+)'[^()]*\)")
_SQL = later(r"(?:\b\w+\.)*\b(?:text|literal_column)\((?:'([^'\\]*)'|\"([^\"\\]*)\")\)")
_STRING = later(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")


def details(value: object) -> dict[str, object]:
    """Return ``where``: the text of the conditions, and ``set``: that of each column's new value.

    A column of the statement's own table stands there by its bare name, strings are empty.
    ``where`` is None where all rows are chosen.
    """
    chain = list(_chain(value))
    verb = chain[-1]
    own = _own_columns(verb)
    conditions = [
        _text(argument, own)
        for link in chain
        if link.name in _CHOOSING or (link is verb and link.receiver is not None)
        for argument in _arguments(link)
    ]
    assigned = {
        column: _text(expression, own)
        for link in chain
        if link.name == "values" or link is verb
        for column, expression in _assignments(link)
    }
    return {"where": " AND ".join(conditions) or None, "set": assigned}


#: What stands for the path of ``session.query(…)``.
QUERY = "session.query"


def queried(value: object) -> object:
    """Return what a query is about: ``session.query(X).filter(…)``, ``X.query``; else None."""
    while isinstance(value, Construct):
        if value.path == QUERY:
            return value.args[0] if value.args else None
        value = value.receiver
    if isinstance(value, Method) and value.name == "query":
        return value.receiver if isinstance(value.receiver, (ClassValue, External)) else None
    return None


def details_of_query(verb: str, query: object, node: ast.Call) -> dict[str, object]:
    """Return what `details` says, of ``session.query(X).filter(…).update(…)`` or ``delete()``."""
    chain: list[Construct] = []
    while isinstance(query, Construct):
        chain.append(query)
        query = query.receiver
    own = _columns_of(next(iter(_arguments(chain[-1])), None)) if chain else None
    conditions: list[str] = []
    for link in chain:
        if link.name == "filter_by" and isinstance(link.node, ast.Call):
            words = link.node.keywords
            conditions += [f"{word.arg} == {_text(word.value, own)}" for word in words]
        elif link.name in _CHOOSING:
            conditions += [_text(argument, own) for argument in _arguments(link)]
    given = node.args[0] if verb == "update" and node.args else None
    assigned = _items(given) if isinstance(given, ast.Dict) else ()
    return {
        "where": " AND ".join(conditions) or None,
        "set": {column: _text(expression, own) for column, expression in assigned},
    }


def _chain(value: object) -> Iterator[Construct]:
    """Yield the calls of ``sa.update(t).where(…).values(…)`` from the last to the verb."""
    while isinstance(value, Construct):
        yield value
        if value.name in ("update", "delete"):
            return
        value = value.receiver


def _own_columns(verb: Construct) -> re.Pattern[str] | None:
    """Return what finds ``t.c.name`` for the ``t`` that the statement is about."""
    node = verb.node
    if not isinstance(node, ast.Call):
        return None
    target: ast.AST | None = node.args[0] if node.args else None
    if verb.receiver is not None and isinstance(node.func, ast.Attribute):
        target = node.func.value
    return _columns_of(target)


def _columns_of(target: ast.AST | None) -> re.Pattern[str] | None:
    """Return what finds the columns of a table or model where they are spelt with it."""
    if not isinstance(target, (ast.Name, ast.Attribute)):
        return None
    return re.compile(rf"(?<![\w.]){re.escape(ast.unparse(target))}(?:\.(?:c|columns))?\.(?=\w)")


def _arguments(link: Construct) -> Sequence[ast.expr]:
    node = link.node
    if not isinstance(node, ast.Call):
        return ()
    if link.name in ("update", "delete"):  # as SQLAlchemy 1.x took them: `table.delete(condition)`
        named = [word.value for word in node.keywords if word.arg in (None, "whereclause")]
        return [*node.args[:1], *named]
    return [*node.args, *(word.value for word in node.keywords)]


def _assignments(link: Construct) -> Iterator[tuple[str, ast.expr]]:
    node = link.node
    if not isinstance(node, ast.Call):
        return
    given = [*node.args] if link.name == "values" else []
    for word in node.keywords:
        if link.name == "values" and word.arg is not None:
            yield word.arg, word.value
        elif word.arg in ("values", None):
            given.append(word.value)
    for argument in given:
        if isinstance(argument, ast.Dict):
            yield from _items(argument)


def _items(argument: ast.Dict) -> Iterator[tuple[str, ast.expr]]:
    for key, value in zip(argument.keys, argument.values, strict=True):
        if isinstance(key, ast.Constant):
            yield str(key.value), value
        elif isinstance(key, ast.Attribute):
            yield key.attr, value


def _text(expression: ast.expr, own: re.Pattern[str] | None) -> str:
    text = re.sub(r"(\.(?:c|columns))\['(\w+)'\]", r"\1.\2", ast.unparse(expression))
    text = _NAMED_COLUMN.sub(r"\1", text)
    text = _SQL.sub(lambda found: found[1] or found[2] or "", text)
    if own is not None:
        text = own.sub("", text)
    return _STRING.sub("''", text)
