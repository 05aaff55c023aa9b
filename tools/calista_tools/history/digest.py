"""What does a revision mean, whatever it looks like? A digest that only a changed statement changes.

Comments, docstrings, layout, line endings, quotes, string prefixes, parentheses, ``pass`` and
strings that stand alone do not count. The digest is written into `history.lock` and must be the
same on every Python version, so nothing here relies on ``ast.dump`` or ``repr``: fields are taken
by name, empty ones (a new Python brings new ones) are left out, and values are spelt by hand.
"""

from __future__ import annotations

import ast
import hashlib
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.history.reader import parse, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from calista_tools.history.revision_record import Problem

PREFIX = "sha256:"
#: What no formatter keeps, or what the position in the tree says already.
_IGNORED = frozenset({"ctx", "kind", "type_comment", "type_ignores", "simple"})
_fields: dict[type[ast.AST], tuple[str, ...]] = {}


def digest_file(path: Path) -> str:
    """Return the digest of a revision file.

    Raises:
        ToolError: The file cannot be read or parsed.
    """
    source = read_bytes(path)
    return digest_source(source, path) if isinstance(source, bytes) else _refuse(source)


def digest_source(source: bytes, path: Path) -> str:
    """Return the digest of a revision's source; ``path`` is for the report.

    Raises:
        ToolError: The source cannot be parsed.
    """
    tree = parse(source, path)
    return digest_tree(tree) if isinstance(tree, ast.Module) else _refuse(tree)


def digest_tree(tree: ast.Module) -> str:
    """Return the digest of a parsed revision."""
    return PREFIX + hashlib.sha256("".join(_tokens(tree)).encode()).hexdigest()


def _refuse(problem: Problem) -> str:
    raise ToolError(f"{problem.path}:{problem.line}: {problem.message}")


def _tokens(tree: ast.AST) -> Iterator[str]:
    """Yield a spelling of the tree that is the same for the same statements, and only for them."""
    waiting: list[object] = [tree]
    closing = object()
    while waiting:
        item = waiting.pop()
        if item is closing:
            yield ")"
        elif isinstance(item, list):
            yield f"[{len(item)} "
            waiting.extend(reversed(item))
        elif isinstance(item, ast.JoinedStr):
            waiting.append(_joined(item))
        elif isinstance(item, _Parts):
            yield f"f[{len(item.parts)} "
            waiting.extend(reversed(item.parts))
        elif isinstance(item, ast.Constant):
            yield _value(item.value)
        elif isinstance(item, ast.AST):
            yield f"{type(item).__name__}("
            waiting.append(closing)
            for name in reversed(_names(item)):
                value = getattr(item, name, None)
                if isinstance(value, list) and name in ("body", "orelse", "finalbody"):
                    value = [node for node in value if not _idle(node)]
                if value is not None and value != [] and not (name == "level" and value == 0):
                    waiting.extend((value, _Field(name)))
        elif isinstance(item, _Field):
            yield f"{item.name}="
        else:
            yield _value(item)


class _Field:
    """A field's name among the things still to be spelt."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class _Parts:
    """An f-string that has at least one replacement field."""

    __slots__ = ("parts",)

    def __init__(self, parts: list[ast.expr]) -> None:
        self.parts = parts


def _joined(node: ast.JoinedStr) -> ast.Constant | _Parts:
    """Normalize an f-string: Python versions cut its literal parts differently."""
    parts: list[ast.expr] = []
    for part in node.values:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            last = parts[-1] if parts else None
            if isinstance(last, ast.Constant) and isinstance(last.value, str):
                parts[-1] = ast.Constant(last.value + part.value)
            elif part.value:
                parts.append(part)
        elif isinstance(part, ast.FormattedValue):
            spec = part.format_spec
            empty = isinstance(spec, ast.JoinedStr) and not spec.values
            parts.append(ast.FormattedValue(part.value, part.conversion, None if empty else spec))
        else:
            parts.append(part)
    if not parts:
        return ast.Constant("")
    if len(parts) == 1 and isinstance(parts[0], ast.Constant):
        return parts[0]
    return _Parts(parts)


def _names(node: ast.AST) -> tuple[str, ...]:
    """The fields that count, by name: their order in Python may change."""
    kind = type(node)
    names = _fields.get(kind)
    if names is None:
        names = _fields[kind] = tuple(sorted(set(kind._fields) - _IGNORED))
    return names


def _idle(node: object) -> bool:
    """Whether a statement does nothing: ``pass``, a docstring, a string used as a comment."""
    if isinstance(node, ast.Pass):
        return True
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _value(value: object) -> str:
    """Spell a literal so that none can be taken for another; ``repr`` changes with Unicode."""
    if isinstance(value, str):
        return f"s{len(value)}:{value.encode('utf-8', 'surrogatepass').hex()} "
    if isinstance(value, bytes):
        return f"b{len(value)}:{value.hex()} "
    if isinstance(value, bool) or value is None or value is ...:
        return f"{value} "
    if isinstance(value, int):
        return f"i{value:x} "
    if isinstance(value, float):
        return f"r{value.hex()} "
    if isinstance(value, complex):
        return f"c{value.real.hex()},{value.imag.hex()} "
    message = f"no spelling for a {type(value).__name__}"
    raise TypeError(message)
