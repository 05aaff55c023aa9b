"""What does an imported name stand for? The project's own modules are read, never run."""

from __future__ import annotations

import ast
import builtins
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista_tools.effects.evaluator.frame import Frame, Function
from calista_tools.effects.evaluator.values import External, ModuleValue, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from calista_tools.effects.evaluator.frame import State

#: Never part of a project, so never looked for on disk.
FOREIGN = frozenset({"alembic", "sqlalchemy", "sqlmodel", "pgvector"}) | sys.stdlib_module_names


def builtin(name: str) -> object:
    """Return what a name means that no scope of the file gives."""
    return External(f"builtins.{name}")


#: The same few modules are imported by every revision.
_external = lru_cache(maxsize=256)(External)


def do_import(frame: Frame, node: ast.Import) -> int:
    """Bind the names of ``import a.b as c``."""
    for alias in node.names:
        top = alias.name.partition(".")[0]
        bound = alias.asname or top
        target = alias.name if alias.asname else top
        if top in FOREIGN or frame.state.project is None:
            frame.names[bound] = _external(target)
        else:
            _postpone(frame, bound, _module_finder(frame, target))
    return 0


def do_import_from(frame: Frame, node: ast.ImportFrom) -> int:
    """Bind the names of ``from a.b import c as d``."""
    module = node.module or ""
    names = frame.names
    state = frame.state
    if node.level == 0 and (state.project is None or module.partition(".")[0] in FOREIGN):
        for alias in node.names:
            if alias.name == "*":
                _star(frame, lambda name: External(f"{module}.{name}"))
            else:
                names[alias.asname or alias.name] = _external(f"{module}.{alias.name}")
        return 0
    origin = _file_of(frame) or state.path
    for alias in node.names:
        finder = _name_finder(state, origin, node.level, module, alias.name)
        if alias.name == "*":
            found = _find(state, origin, node.level, module)
            if found is not None:
                _star(frame, module_at(state, found).lookup_own)
        else:
            _postpone(frame, alias.asname or alias.name, finder)
    return 0


def _file_of(frame: Frame) -> Path | None:
    """Return the file that a frame belongs to, from where its relative imports start."""
    while frame.outer is not None:
        frame = frame.outer
    file = frame.names.get("__file__")
    return Path(file) if isinstance(file, str) else None


def _postpone(frame: Frame, name: str, finder: Callable[[], object]) -> None:
    frame.names.pop(name, None)
    if frame.pending is None:
        frame.pending = {}
    frame.pending[name] = finder


def _module_finder(frame: Frame, target: str) -> Callable[[], object]:
    state = frame.state

    def find() -> object:
        return ProjectPackage(state, target)

    return find


def _name_finder(
    state: State, origin: Path, level: int, module: str, name: str
) -> Callable[[], object]:
    def find() -> object:
        path = _find(state, origin, level, module)
        # What a package imports from itself are the modules in it.
        other = None if path == origin else path
        value = None if other is None else module_at(state, other).lookup_own(name)
        if value is None:
            below = _find(state, origin, level, f"{module}.{name}" if module else name)
            return External(f"{module}.{name}") if below is None else module_at(state, below)
        return value

    return find


def _find(state: State, origin: Path, level: int, module: str) -> Path | None:
    if state.project is None:
        return None
    if level:
        return state.project.relative(origin, level, module)
    return state.project.find(module)


def _star(frame: Frame, lookup: Callable[[str], object]) -> None:
    """Let ``from x import *`` answer for the names that the file does not define itself."""
    before = frame.module

    def module(name: str) -> object:
        found = None if name in _BUILTINS else lookup(name)
        return before(name) if found is None else found

    frame.module = module


_BUILTINS = frozenset(dir(builtins))


class ProjectPackage(ModuleValue):
    """``import package``: a name whose attributes may lie in modules of the project."""

    __slots__ = ("path", "state")

    def __init__(self, state: State, path: str) -> None:
        self.state = state
        self.path = path

    def attribute(self, name: str) -> object:
        """Return a submodule, a name of the package, or something external."""
        project = self.state.project
        if project is not None:
            if project.find(f"{self.path}.{name}") is not None:
                return ProjectPackage(self.state, f"{self.path}.{name}")
            found = project.find(self.path)
            value = module_at(self.state, found).lookup_own(name) if found else None
            if value is not None:
                return value
        return External(f"{self.path}.{name}")


def module_at(state: State, path: Path) -> ForeignModule:
    """Return the module of a file; one that imports itself by a detour meets itself again."""
    found = state.modules.get(path)
    if not isinstance(found, ForeignModule):
        found = state.modules[path] = ForeignModule(state, path)
    return found


class ForeignModule(ModuleValue):
    """A module of the project, evaluated name by name, only where a name is used."""

    __slots__ = ("frame", "index", "path", "state")

    def __init__(self, state: State, path: Path) -> None:
        self.state = state
        self.path = path
        project = state.project
        self.index = project.index(path) if project else {}
        self.frame = Frame(state, {"__file__": str(path), "__name__": path.stem}, None, self.lookup)

    def close(self) -> None:
        """Let go of what the module holds, which knows the module."""
        self.frame.names.clear()
        self.frame.module = builtin

    def lookup(self, name: str) -> object:
        """Return a name as seen from inside of the module."""
        value = self.lookup_own(name)
        return builtin(name) if value is None else value

    def attribute(self, name: str) -> object:
        """Return a name of the module as another module sees it."""
        value = self.lookup_own(name)
        if value is None and self.path.name == "__init__.py" and self.state.project is not None:
            below = self.state.project.relative(self.path, 1, name)
            if below is not None:
                return module_at(self.state, below)
        return Unknown(f"is not in {self.path.name}") if value is None else value

    def lookup_own(self, name: str) -> object:
        """Return a name of the module; None where it has none such."""
        names: dict[str, Any] = self.frame.names
        if name in names:
            return names[name]
        node = self.index.get(name)
        if node is None:
            return None
        names[name] = itself = Unknown(f"is defined by itself (`{name}` in {self.path.name})")
        self.state.burn()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names[name] = Function(node, self.frame)
        else:
            from calista_tools.effects.evaluator.statements import run

            run(self.frame, [node])
            if self.frame.pending is not None and name in self.frame.pending:
                names[name] = itself
                names[name] = self.frame.pending.pop(name)()
        return names[name]
