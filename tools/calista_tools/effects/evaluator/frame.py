"""Where does an expression stand? The names in sight, and what holds at this point."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from calista_tools.effects.evaluator.values import ClassValue, Construct, ModuleValue, Unknown
from calista_tools.effects.objects import ALL_DIALECTS
from calista_tools.effects.operations import Evaluation, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from calista_tools.effects.evaluator.project_modules import Project
    from calista_tools.effects.operations import Operation
    from calista_tools.effects.schema import Schema

    #: Calls something with evaluated arguments.
    Handler = Callable[["Frame", list[Any], dict[str, Any], ast.Call], object]

#: Statements, calls and rounds that one file may take, besides two for each of its lines.
FUEL = 20_000
#: How much of it one call from `upgrade()` or `downgrade()` may take.
FUEL_OF_A_CALL = 10_000
#: Calls within calls; each costs several Python frames.
DEPTH = 24


class NeedDialect(Exception):  # noqa: N818 - control flow, not an error
    """The value depends on the dialect in a way that only following one at a time can answer."""


class OutOfFuel(Exception):  # noqa: N818 - control flow, not an error
    """The revision takes too long to follow."""


class State:
    """What holds at the point that the evaluation has reached.

    Attributes:
        answered: How many questions to the database were answered from the schema before it.
        dialect: The dialect that is followed; None while both are.
        dialects: On which dialects this point is reached.
        conditional: How many unknown tests this point stands under.
        offline: As in ``Operation``.
        open: How many questions to the database only the database itself could answer.
        anchor: The call in the revision that led into another file; None in the revision itself.
        made: The tables and models that were defined so far.
        modules: The project's modules that were looked into, by path.
        tree: The revision's own; None where it is not a revision that is followed.
        look: Gives the schema at this point, where it is known what came before; else None.
        unlikely: Why this point is not reached where only the revisions make tables; else "".
        truths: How each test came out that was made after the dialect was asked for.
    """

    __slots__ = (
        "anchor",
        "answered",
        "asked",
        "conditional",
        "depth",
        "dialect",
        "dialects",
        "direction",
        "evaluation",
        "everywhere",
        "fuel",
        "look",
        "made",
        "modules",
        "offline",
        "open",
        "operations",
        "path",
        "project",
        "tests",
        "tree",
        "troubled",
        "truths",
        "unlikely",
    )

    def __init__(
        self, evaluation: Evaluation, path: Path, project: Project | None, dialect: str | None
    ) -> None:
        self.evaluation = evaluation
        self.path = path
        self.project = project
        self.look: Callable[[], Schema] | None = None
        self.dialect = dialect
        self.everywhere = ALL_DIALECTS if dialect is None else frozenset({dialect})
        self.dialects = self.everywhere
        self.operations: list[Operation] = []
        self.direction = "upgrade"
        self.fuel = FUEL
        self.depth = 0
        self.conditional = 0
        self.offline: bool | None = None
        self.unlikely = ""
        self.tree: ast.Module | None = None
        self.made: list[Construct | ClassValue] = []
        self.modules: dict[Path, ModuleValue] = {}
        self.anchor: ast.AST | None = None
        self.answered = self.open = 0
        self.asked = False
        self.truths: dict[ast.AST, set[bool]] = {}
        self.tests: list[tuple[ast.AST, frozenset[str], str]] = []
        self.troubled: set[tuple[str, ast.AST]] = set()

    def add(self, operation: Operation) -> None:
        """Record an operation as reached at this point."""
        if not self.dialects:
            return  # a helper has refused to go on, on every dialect
        operation.dialects = self.dialects
        operation.conditional = self.conditional > 0
        operation.offline = self.offline
        operation.unlikely = self.unlikely
        if self.anchor is not None:
            operation.node = self.anchor
            operation.foreign = True
        self.operations.append(operation)

    def trouble(self, kind: str, message: str, node: ast.AST) -> None:
        """Say once what cannot be followed."""
        node = self.anchor or node
        if (kind, node) not in self.troubled:
            self.troubled.add((kind, node))
            self.evaluation.troubles.append(Trouble(kind, message, node, self.dialects))

    def burn(self, amount: int = 1) -> None:
        """Use up fuel.

        Raises:
            OutOfFuel: There is none left.
        """
        self.fuel -= amount
        if self.fuel < 0:
            raise OutOfFuel


class Frame:
    """The names that an expression can see.

    Attributes:
        names: The function's own, or the module's.
        outer: The frame of the enclosing function; None directly in a module.
        module: Finds the names of the module (and, behind them, the builtins).
        pending: Imported names whose source is only read when they are used.
        poisoned: Names whose value differs by dialect; to read one is to need the dialect.
        result: What the function returns; ``returned`` are those that stood under a test.
        split: Whether the dialect decided on which of them.
        shared: Names declared ``global`` or ``nonlocal``.
        yields: What a generator has yielded so far.
        on_yield: For a context manager: follows the block that it manages.
        refused: On which dialects the function raises, so that its caller does not go on.
    """

    __slots__ = (
        "module",
        "names",
        "on_yield",
        "outer",
        "pending",
        "poisoned",
        "refused",
        "result",
        "returned",
        "shared",
        "split",
        "state",
        "yields",
    )

    def __init__(
        self,
        state: State,
        names: dict[str, Any],
        outer: Frame | None,
        module: Callable[[str], object],
    ) -> None:
        self.state = state
        self.names = names
        self.outer = outer
        self.module = module
        self.pending: dict[str, Callable[[], object]] | None = None
        self.poisoned: set[str] | None = None
        self.result: object = None
        self.returned: list[object] | None = None
        self.shared: set[str] | None = None
        self.split = False
        self.yields: list[object] | None = None
        self.on_yield: Callable[[object], None] | None = None
        self.refused: frozenset[str] = frozenset()

    def lookup(self, name: str) -> object:
        """Return what a name stands for.

        Raises:
            NeedDialect: The dialect decides what it is.
        """
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return frame.names[name]
            if frame.poisoned is not None and name in frame.poisoned:
                raise NeedDialect
            if frame.pending is not None and name in frame.pending:
                value = frame.names[name] = frame.pending.pop(name)()
                return value
            frame = frame.outer
        return self.module(name)

    def value(self, node: ast.expr | None) -> Any:
        """Evaluate an expression; operations that it calls are recorded."""
        if type(node) is ast.Constant:
            return node.value
        if type(node) is ast.Name:
            names = self.names
            return names[node.id] if node.id in names else self.lookup(node.id)
        if node is None:
            return None
        handler = HANDLERS.get(type(node))
        if handler is None:
            return Unknown(f"is computed in a way that is not followed (line {node.lineno})")
        return handler(self, node)


#: How each kind of expression is evaluated; filled by ``expressions`` and ``calls``.
HANDLERS: dict[type[ast.expr], Callable[[Frame, Any], object]] = {}


class Function:
    """A function or lambda of the revision or of a module of its project."""

    __slots__ = ("frame", "node")

    def __init__(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, frame: Frame
    ) -> None:
        self.node = node
        self.frame = frame
