"""Where is a name looked up, and what stands for what? Scopes as Python has them."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING, Any

from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

#: What a name stands for, where that is known: one of these, or nothing in particular.
OP, BATCH, CONTEXT, ALEMBIC, SQLALCHEMY = "op", "batch_op", "context", "alembic", "sqlalchemy"
#: Only type checkers see it.
TYPING = "typing"

MODULE, CLASS, FUNCTION, INNER = "module", "class", "function", "inner"
#: Also of later versions of Python than the one that reads.
BUILTINS = frozenset(dir(builtins)) | {
    "__file__", "__annotations__", "__builtins__", "__cached__", "__path__", "__class__",
    "WindowsError", "PythonFinalizationError", "EncodingWarning", "BaseExceptionGroup",
    "ExceptionGroup", "aiter", "anext", "reveal_type",
}  # fmt: skip
_IN_CLASSES = frozenset({"__module__", "__qualname__", "__firstlineno__", "__static_attributes__"})
RUN_BY_ALEMBIC = frozenset({"upgrade", "downgrade"})


#: What each kind of node does to the names around it; one that is not here does nothing itself.
HANDLERS: dict[type, Callable[[Names, Any], None]] = {}


class Use(NamedTuple):
    """A name that is used and that nothing gives a value.

    Attributes:
        known: The names that there are in its place.
        typing: It has one for type checkers only.
    """

    name: str
    node: ast.expr
    known: frozenset[str]
    typing: bool = False


class Attribute(NamedTuple):
    """An attribute of something that is known; of an import, the name that is taken from it."""

    kind: str
    name: str
    node: ast.expr | ast.alias


class Scope:
    """A module, class, function or comprehension and the names in it.

    Attributes:
        names: Bound at this point, with what they stand for.
        ever: Bound at any point.
        complete: All of it was seen: whoever looks in from a function sees what there ever is.
        loops: How many loops the place stands in, in which what comes later came before, too.
        certain: How many blocks the place stands in where what the one loop does first is done.
    """

    __slots__ = (
        "called",
        "certain",
        "complete",
        "elsewhere",
        "ever",
        "kind",
        "loops",
        "names",
        "parent",
    )

    def __init__(self, kind: str, parent: Scope | None) -> None:
        self.kind = kind
        self.parent = parent
        self.names: dict[str, str | None] = {}
        self.ever: dict[str, str | None] = {}
        self.elsewhere: set[str] = set()  # `global`
        self.complete = False
        self.called = False
        self.loops = 0
        self.certain = 0


class Names:
    """What a file uses.

    Attributes:
        attributes: Those of Alembic and SQLAlchemy.
        given: Attributes that the file itself sets.
        guarded: Where one is used of which the file expects that it may not be there.
        dynamic: Anything may have got a value: a star was imported, a text is run.
        branches: How many blocks the place stands in that may not run.
        catching: The exceptions that the ``try`` blocks around the place catch.
        typing: Whether only type checkers see the place: more than 0.
        globals: The names that some function gives the module.
    """

    def __init__(self, bound: Mapping[str, str | None]) -> None:
        self.module = self.scope = Scope(MODULE, None)
        self.module.names.update(bound)
        self.module.ever.update(bound)
        self.attributes: list[Attribute] = []
        self.given: set[str] = set()
        self.guarded: set[tuple[int, int]] = set()
        self.dynamic = False
        self._found: list[tuple[Use, Sequence[Scope]]] = []
        self.globals: set[str] = set()
        self._waiting: list[Callable[[], None]] = []
        self.catching: list[frozenset[str]] = []
        self.typing = 0
        self.branches = 0
        self._annotation = False

    def read(self, body: Iterable[ast.stmt]) -> None:
        """Follow the statements of a module, then the functions in it."""
        self.statements(body)
        self.module.complete = True
        for task in self._waiting:  # it grows on the way
            task()

    def uses(self) -> list[Use]:
        """Return the names that nothing gives a value; none where anything may."""
        if self.dynamic:
            return []
        return [
            use
            for use, loops in self._found
            if use.name not in self.globals and not any(use.name in one.ever for one in loops)
        ]

    # --- names ---

    def bind(self, name: str, kind: str | None = None) -> None:
        """Give a name to what stands here."""
        scope = self.scope
        if name in scope.elsewhere:
            scope = self.module
        if self.typing:
            kind = TYPING
        if name in scope.ever:
            before = scope.ever[name]
            if kind == TYPING:
                kind = before
            elif before not in (kind, TYPING):
                kind = None
        scope.ever[name] = scope.names[name] = kind

    def unbind(self, name: str) -> None:
        """Take a name away, for all that comes after."""
        self.scope.names.pop(name, None)

    def augment(self, name: str) -> None:
        """Give a name that had none what it cannot have; that was said, and need not be again."""
        if self.look_up(name)[0] or name in self.scope.elsewhere:
            self.bind(name)
        else:
            self.scope.names[name] = None

    def load(self, name: str, node: ast.expr) -> str | None:
        """Return what a name stands for; notes it where nothing gives it a value."""
        found, kind = self.look_up(name)
        if found:
            if kind == TYPING and not self.typing and not self._annotation:
                self._note(name, node, typing=True)
            return kind
        if name in BUILTINS or (name in _IN_CLASSES and self._in_class()):
            if name in ("exec", "globals") or (
                name in ("locals", "vars") and self.scope.kind in (MODULE, CLASS)
            ):
                self.dynamic = True
            return None
        if not any("NameError" in caught for caught in self.catching):
            self._note(name, node)
        return None

    def look_up(self, name: str) -> tuple[bool, str | None]:
        """Return whether a name has a value here, and what it stands for."""
        scope: Scope | None = self.scope
        visible, called = True, False
        while scope is not None:
            if scope.kind != CLASS or visible:
                seen = scope.ever if scope.complete and not called else scope.names
                if name in seen and name not in scope.elsewhere:
                    return True, seen[name]
            visible = visible and scope.kind == INNER
            called = scope.called
            scope = scope.parent
        return False, None

    def _note(self, name: str, node: ast.expr, *, typing: bool = False) -> None:
        chain: list[Scope] = []
        scope: Scope | None = self.scope
        while scope is not None:
            chain.append(scope)
            scope = scope.parent
        loops = [one for one in chain if one.loops and not one.complete]
        # What a loop's first round needs at once no later statement of it can have bound.
        first = self.scope.loops == 1 and self.branches == self.scope.certain
        if typing or (first and loops == [self.scope]):
            loops = []
        known = frozenset(one for scope in chain for one in scope.ever)
        self._found.append((Use(name, node, known, typing), loops))

    def _in_class(self) -> bool:
        scope: Scope | None = self.scope
        while scope is not None and scope.kind == INNER:
            scope = scope.parent
        return scope is not None and scope.kind == CLASS

    def kind_of(self, node: ast.AST) -> str | None:
        """Return what an expression stands for, where that is one of what is watched."""
        if type(node) is ast.Name:
            return self.look_up(node.id)[1]
        if type(node) is ast.Attribute:
            return OP if node.attr == "op" and self.kind_of(node.value) == ALEMBIC else None
        called = node.func if type(node) is ast.Call else None
        if type(called) is ast.Attribute and called.attr == "get_context":
            return CONTEXT if self.kind_of(called.value) in (OP, BATCH) else None
        return None

    # --- statements ---

    def statements(self, body: Iterable[ast.stmt]) -> None:
        """Follow statements in their order."""
        for node in body:
            self.visit(node)

    def branch(self, body: Iterable[ast.stmt], *, loop: bool = False) -> None:
        """Follow statements that may not run, or may run again."""
        self.branches += 1
        self.scope.loops += loop
        if loop:
            self.scope.certain = self.branches
        self.statements(body)
        self.scope.loops -= loop
        self.branches -= 1

    def visit(self, node: ast.AST) -> None:
        """Follow one node."""
        handler = HANDLERS.get(type(node))
        if handler is not None:
            handler(self, node)
            return
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, ast.AST):
                self.visit(value)
            elif type(value) is list:
                for item in value:
                    if isinstance(item, ast.AST):
                        self.visit(item)

    def each(self, *nodes: ast.AST | None) -> None:
        """Follow nodes, as far as they are there."""
        for node in nodes:
            if node is not None:
                self.visit(node)

    def inside(self, kind: str, task: Callable[[], None], *, called: bool = False) -> None:
        """Follow what stands in a scope of its own."""
        outer = self.scope
        self.scope = Scope(kind, outer)
        self.scope.called = called
        try:
            task()
        finally:
            self.scope.complete = True
            self.scope = outer

    def later(self, task: Callable[[], None]) -> None:
        """Follow something when all that stands around it is known."""
        scope, typing = self.scope, self.typing

        def resumed() -> None:
            self.scope, self.typing, self.branches, self.catching = scope, typing, 0, []
            task()

        self._waiting.append(resumed)

    def annotation(self, node: ast.AST | None) -> None:
        """Follow an annotation, its quoted parts too; it is never too early for one."""
        if node is not None:
            self.later(lambda: _annotation(self, node))


def _annotation(names: Names, node: ast.AST) -> None:
    before, names._annotation = names._annotation, True
    try:
        _annotated(names, node)
    finally:
        names._annotation = before


def _annotated(names: Names, node: ast.AST) -> None:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            _quoted(names, node, node.value)
        return
    if isinstance(node, ast.Subscript):
        names.visit(node.value)
        of = getattr(node.value, "attr", None) or getattr(node.value, "id", None)
        if of == "Literal":
            return
        if of == "Annotated" and isinstance(node.slice, ast.Tuple) and node.slice.elts:
            first, *rest = node.slice.elts
            _annotated(names, first)
            names.each(*rest)
            return
        _annotated(names, node.slice)
    elif isinstance(node, (ast.Tuple, ast.List, ast.BinOp, ast.Starred)):
        for child in ast.iter_child_nodes(node):
            _annotated(names, child)
    else:
        names.visit(node)


def _quoted(names: Names, node: ast.Constant, text: str) -> None:
    try:
        inner = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # no type: prose, a format
    for one in ast.walk(inner):
        if isinstance(one, (ast.expr, ast.keyword)):
            ast.copy_location(one, node)
    _annotated(names, inner)
