"""What do the header's names hold after the module has run? Evaluated from the syntax tree, not run.

Follows the module's statements in order and keeps what is constant: literals, concatenations,
f-strings and sequences of constants, other names. What depends on anything else is unknown, with
the reason and the line, and stays unknown until it is bound again.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from calista_tools.history.constants import CannotTellError, Constants, Unknown
from calista_tools.history.revision_record import Problem, Revision
from calista_tools.history.scanner import ILLEGAL, NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

#: By these a module can bind names without naming them.
_BACK_DOORS = frozenset({"globals", "locals", "vars", "exec", "eval", "setattr", "__dict__"})
#: Without these a revision still has its place in the history.
_SECONDARY = frozenset({"branch_labels", "depends_on"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef, ast.Lambda)


def evaluate(tree: ast.Module, path: Path) -> Revision | Problem:
    """Read a revision's header from its syntax tree; ``path`` is for the report."""
    module = _Module()
    module.run(tree.body)
    values = {name: module.names.get(name) for name in NAMES}
    unread: list[Problem] = []
    for name, value in values.items():
        if isinstance(value, Unknown):
            problem = Problem("unknown-value", path, f"`{name}` {value.reason}", value.line)
            if name not in _SECONDARY:
                return problem
            unread.append(problem)
            values[name] = None
    # Alembic takes the id from the name of files that are older than its version 0.2.
    legacy = path.stem if path.stem and not path.stem.strip("0123456789abcdef") else None
    revision = values["revision"] if "revision" in module.names else legacy
    if not isinstance(revision, str):
        missing = "has no `revision`" if revision is None else f"`revision` is {revision!r}"
        return Problem("no-revision", path, missing, module.lines.get("revision", 1))
    if illegal := sorted(ILLEGAL.intersection(revision)):
        message = f"revision {revision!r} holds {', '.join(illegal)}, which Alembic refuses"
        return Problem("unknown-value", path, message, module.lines.get("revision", 1))
    if "down_revision" not in module.names:
        return Problem("no-revision", path, "has no `down_revision` (`None` for the first one)")
    found: dict[str, tuple[str, ...]] = {}
    for name in NAMES[1:]:
        strings = _strings(values[name])
        if strings is None:
            message = f"`{name}` is {values[name]!r}: neither a string nor a sequence of strings"
            return Problem("unknown-value", path, message, module.lines.get(name, 1))
        found[name] = strings
    return Revision(
        filename=str(path),
        revision=revision,
        down_revisions=found["down_revision"],
        branch_labels=found["branch_labels"],
        depends_on=found["depends_on"],
        doc=ast.get_docstring(tree, clean=False) or "",
        unread=tuple(unread),
    )


def _strings(value: object) -> tuple[str, ...] | None:
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (tuple, list, set, frozenset, dict)):
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else tuple(value)
        strings = tuple(item for item in items if isinstance(item, str))
        return strings if len(strings) == len(items) else None
    return None


class _Module(Constants):
    """The module's names while its statements are followed."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}
        self.definitions: dict[str, ast.stmt] = {}

    def run(self, body: Sequence[ast.stmt]) -> None:
        """Follow statements in order."""
        for statement in body:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        """Follow one statement."""
        self.look_for_back_doors(node)
        match node:
            case ast.Assign():
                value = self.value(node.value)
                for target in node.targets:
                    self.assign(target, value)
            case ast.AnnAssign():
                if node.value is not None:
                    self.assign(node.target, self.value(node.value))
            case ast.AugAssign(target=ast.Name(id=name)):
                left = ast.copy_location(ast.Name(name, ast.Load()), node)
                whole = ast.copy_location(ast.BinOp(left, node.op, node.value), node)
                self.assign(node.target, self.value(whole))
            case ast.If():
                test = self.value(node.test)
                if isinstance(test, Unknown):
                    self.forget(node, "is set under a condition")
                else:
                    self.run(node.body if test else node.orelse)
            case ast.Expr():
                self.value(node.value)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self.definitions[node.name] = node
                self.bind(node.name, Unknown("is a function or a class", node.lineno), node.lineno)
            case ast.ImportFrom(names=[ast.alias(name="*")]):
                for name in (*NAMES, *self.names):
                    self.bind(name, Unknown("may come from `import *`", node.lineno), node.lineno)
            case ast.Import() | ast.ImportFrom():
                self.forget(node, "is imported")
            case ast.Delete():
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self.names.pop(target.id, None)
            case _:
                self.forget(node, "is set in a compound statement")

    def look_for_back_doors(self, node: ast.stmt) -> None:
        """Note whether a statement can bind names that it does not name.

        What a function of the module can do counts where module code refers to a function.
        """
        parts: list[ast.AST] = [node]
        if isinstance(node, _FUNCTIONS):
            defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
            parts = [*node.decorator_list, *defaults]
        for part in parts:
            for child in _walk(part, _FUNCTIONS):
                used = _loaded(child)
                if used in _BACK_DOORS or (used in self.definitions and self.any_back_door()):
                    line = getattr(child, "lineno", node.lineno)
                    for name in NAMES:
                        self.bind(name, Unknown("can be set at run time", line), line)
                    return

    def any_back_door(self) -> bool:
        """Whether a function or class seen so far can bind names of the module."""
        return any(
            _loaded(child) in _BACK_DOORS or isinstance(child, ast.Global)
            for definition in self.definitions.values()
            for child in ast.walk(definition)
        )

    def forget(self, node: ast.AST, reason: str) -> None:
        """Mark every name that is bound somewhere inside this node."""
        for child in _walk(node, _SCOPES):
            for name in _bound(child):
                line = getattr(child, "lineno", getattr(node, "lineno", 1))
                self.bind(name, Unknown(reason, line), line)

    def bind(self, name: str, value: object, line: int) -> None:
        """Give a name a value."""
        self.names[name] = value
        self.lines[name] = line

    def assign(self, target: ast.expr, value: object) -> None:
        """Give the names of an assignment's target their values."""
        match target:
            case ast.Name(id=name):
                self.bind(name, value, target.lineno)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                known = isinstance(value, (tuple, list)) and len(value) == len(parts)
                starred = any(isinstance(part, ast.Starred) for part in parts)
                if known and not starred:
                    for part, item in zip(parts, value, strict=True):  # type: ignore[call-overload]
                        self.assign(part, item)
                else:
                    reason = "is unpacked from something that is not constant"
                    self.forget(target, reason)
            case _:
                self.forget(target, "is set in a compound statement")

    def value(self, node: ast.expr) -> object:
        """Evaluate an expression, or say why that is impossible."""
        try:
            return self.constant(node)
        except CannotTellError as error:
            self.forget(node, "is set inside an expression")
            return error.unknown
        except Exception as error:
            return Unknown(f"cannot be evaluated: {error}", node.lineno)


def _loaded(node: ast.AST) -> str | None:
    """The name or attribute that a node reads."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None


def _walk(node: ast.AST, closed: tuple[type[ast.AST], ...]) -> Iterator[ast.AST]:
    """Walk a node without entering nodes of the closed kinds."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, closed):
            waiting.extend(ast.iter_child_nodes(node))


def _bound(node: ast.AST) -> tuple[str, ...]:
    """The names that a node binds, itself."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return (name,)
        case ast.alias(name=name, asname=alias):
            return (alias or name.partition(".")[0],)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            return (name,)
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            return (name,)
    return ()
