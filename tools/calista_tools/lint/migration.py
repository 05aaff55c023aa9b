"""What can a rule ask about one revision file?

A rule asks here instead of walking the tree; what two rules ask becomes a method.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from calista_tools.effects.evaluator import evaluate
from calista_tools.effects.names.metadata import Convention, convention_of
from calista_tools.effects.operations import Evaluation
from calista_tools.effects.schema.changes import changes_of, same_on_postgresql
from calista_tools.effects.sql import effects
from calista_tools.history import Problem, Revision
from calista_tools.startup.lazily import lazily

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.effects.evaluator import Head, Project
    from calista_tools.effects.operations import Operation
    from calista_tools.effects.schema import Change, Schema
    from calista_tools.effects.sql import Statement
    from calista_tools.lint.names.mentions import Mentions


class Migration:
    """One revision file: its text, its tree, its header and what it would do.

    Attributes:
        source: The file's bytes.
        body: Its tree; without the statements that are the head's, where there is one.
        head: The statements above the functions, in a file that is plainly written.
        header: What it says of itself, or why it cannot be read.
        project: Where the project's own modules are read from.
        kept: What one rule has worked out and others ask for, too.
        bugs: What went wrong in us while the file was followed.
        torn: What the header says of a file that cannot be parsed; None where nothing, or where it can.
        schemas: What its ancestors leave behind, by dialect; empty where the history is not read.
    """

    def __init__(
        self,
        path: Path,
        source: bytes,
        body: ast.Module,
        header: Revision | Problem,
        config: Config,
        project: Project | None = None,
        head: Head | None = None,
    ) -> None:
        self.path = path
        self.source = source
        self.body = body
        self.head = head
        self.header = header
        self.config = config
        self.project = project
        self.schemas: Mapping[str, Schema] = {}
        self._changes: dict[tuple[str, str], Sequence[Change]] = {}
        self.kept: dict[str, Any] = {}
        self.bugs: list[str] = []
        self.torn: Revision | None = None

    @lazily
    def tree(self) -> ast.Module:
        """The tree of the whole file."""
        if self.head is None:
            return self.body
        return ast.Module([*self.head.nodes(), *self.body.body], [])

    @property
    def revision(self) -> Revision | None:
        """The header, where the file is a revision."""
        return self.header if isinstance(self.header, Revision) else None

    @property
    def header_id(self) -> str:
        """The revision id, "" where the file is no revision."""
        return self.header.revision if isinstance(self.header, Revision) else ""

    @property
    def dialects(self) -> tuple[str, ...]:
        """The dialects that the project runs on."""
        return self.config.dialects

    @lazily
    def text(self) -> str:
        """The source as text; what cannot be decoded shows as a replacement character."""
        import io
        import tokenize

        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(self.source).readline)
        except SyntaxError:
            encoding = "utf-8"
        return self.source.decode(encoding, errors="replace")

    @lazily
    def lines(self) -> Sequence[str]:
        """The source's lines, as Python counts them (a form feed ends none)."""
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    @lazily
    def encoded_lines(self) -> Sequence[bytes]:
        """The lines in UTF-8, whose bytes a tree's columns count."""
        return [line.encode() for line in self.lines]

    @lazily
    def mentions(self) -> Mentions:
        """Where the text mentions which name."""
        from calista_tools.lint.names.mentions import Mentions

        return Mentions(self.text)

    @lazily
    def evaluation(self) -> Evaluation:
        """What ``upgrade()`` and ``downgrade()`` would do, on which dialect."""
        try:
            return evaluate(self.body, self.path, self.project, self.head)
        except Exception as error:  # our bug; the file's other rules and all other files go on
            self.bugs.append(f"cannot be followed: {type(error).__name__}: {error}")
            return Evaluation()

    @lazily
    def convention(self) -> Convention:
        """The naming convention that the revision runs under: configured, or env.py's."""
        if self.config.naming_convention is not None:
            return Convention(self.config.naming_convention)
        return convention_of(self.project, self.path.parent)

    @lazily
    def operations(self) -> Sequence[Operation]:
        """The steps of ``upgrade()``, then of ``downgrade()``, as they would run."""
        return self.evaluation.operations

    def statements(self, operation: Operation) -> Iterator[tuple[str, Statement]]:
        """Yield what each statement of a step in raw SQL does, on each dialect that it runs on."""
        if operation.sql is not None:
            for dialect in sorted(operation.dialects):
                for statement in effects(operation.sql, dialect).statements:
                    yield dialect, statement

    def changes(self, dialect: str, direction: str = "upgrade") -> Sequence[Change]:
        """What one direction changes in the schema of a dialect, in order."""
        key = (dialect, direction)
        if key not in self._changes:
            try:
                self._changes[key] = self._found_changes(dialect, direction)
            except Exception as error:  # as above
                self.bugs.append(f"changes cannot be told: {type(error).__name__}: {error}")
                self._changes[key] = []
        return self._changes[key]

    def _found_changes(self, dialect: str, direction: str) -> Sequence[Change]:
        if dialect == "postgresql" and "sqlite" in self.dialects:
            found = self.changes("sqlite", direction)
            if not self.bugs and same_on_postgresql(self.operations, found, direction):
                return found
        return changes_of(self.operations, dialect, self.convention.templates, direction)

    @lazily
    def made_here(self) -> frozenset[str]:
        """The tables that ``upgrade()`` itself creates, by every name: they hold no rows yet."""
        return frozenset(
            name for dialect in self.dialects for name in _made(self.changes(dialect)) if name
        )

    @lazily
    def functions(self) -> Mapping[str, ast.FunctionDef | ast.AsyncFunctionDef]:
        """The module's functions (the last one of a name, as Python has it)."""
        return {
            node.name: node
            for node in self.body.body
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        }

    def function(self, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """Return the module's function of this name."""
        return self.functions.get(name)

    def binds(self, name: str) -> bool:
        """Whether the module may give ``name`` a value in another way than by ``def``."""
        for node in self.tree.body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                if any((alias.asname or alias.name) in (name, "*") for alias in node.names):
                    return True
            elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Name) and inner.id == name:
                        return True
                    if isinstance(inner, ast.FunctionDef) and inner.name == name:
                        return True
        return False

    def assigned(self, name: str) -> ast.Assign | ast.AnnAssign | None:
        """Return the module-level statement that gives ``name`` its value."""
        found: ast.Assign | ast.AnnAssign | None = None
        for node in self.tree.body:
            if isinstance(node, ast.Assign):
                targets: Sequence[ast.expr] = node.targets
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                targets = (node.target,)
            else:
                continue
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                found = node
        return found

    def imports(self) -> Iterator[tuple[str, ast.stmt | ast.expr]]:
        """Yield every module that is imported when the file runs; relative ones with dots."""
        if b"import_module" in self.source or b"__import__" in self.source:
            yield from _imported_by_call(self.tree)
        waiting: list[ast.AST] = [self.tree]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.name, node
            elif isinstance(node, ast.ImportFrom):
                yield "." * node.level + (node.module or ""), node
            elif isinstance(node, ast.If) and _is_type_checking(node.test):
                waiting.extend(node.orelse)
            elif isinstance(node, (ast.Module, ast.stmt, ast.ExceptHandler, ast.match_case)):
                waiting.extend(ast.iter_child_nodes(node))

    def is_migration_code(self, module: str) -> bool:
        """Whether a module lies inside the script location, beside the revisions."""
        location, parts = self.config.script_location, module.lstrip(".").split(".")
        name = location.name
        if name not in parts:
            return False
        inside = location.joinpath(*parts[parts.index(name) + 1 :])
        above = location.parents[parts.index(name)] if parts.index(name) else location.parent
        return above.joinpath(*parts[: parts.index(name) + 1]) == location and (
            inside.is_dir() or inside.with_name(inside.name + ".py").is_file()
        )


def _made(changes: Sequence[Change]) -> set[str | None]:
    """Return the tables that are new; one that takes the name of a dropped one has its rows."""
    made: set[str | None] = set()
    dropped = set()
    for change in changes:
        if change.what == "create_table":
            made |= {change.table, change.new_name}
        elif change.what == "drop_table":
            dropped.add(change.table)
        elif change.what == "rename_table" and change.new_name not in dropped:
            made |= {change.new_name} if change.table in made else set()
    return made


def _imported_by_call(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield the modules that are imported by ``import_module("…")`` and ``__import__("…")``."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else None
        name = node.func.id if isinstance(node.func, ast.Name) else called
        module = node.args[0]
        if name in ("import_module", "__import__") and isinstance(module, ast.Constant):
            yield str(module.value), node


def _is_type_checking(test: ast.expr) -> bool:
    """Whether a test is ``TYPE_CHECKING``, under which nothing runs."""
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", None)
    return name == "TYPE_CHECKING"
