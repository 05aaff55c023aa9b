"""Where is the source of the modules that a revision imports from its own project?"""

from __future__ import annotations

import ast
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from calista_tools.files import regular_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: Files that are larger are not followed: no helper module is.
_LARGEST = 2_000_000
#: How far above the revisions an import may start.
_LEVELS = 6


class Project:
    """The project's own modules, read as source and parsed once each.

    Attributes:
        roots: Folders that ``import`` would start from, the nearest first.
        kept: What others have worked out about the project, by a key of their own.
        read: The bytes of every file that was looked into, by path.
        missed: Where a module was looked for before it was found, or was not.
    """

    def __init__(self, roots: tuple[Path, ...] = ()) -> None:
        self.roots = roots
        self.read: dict[Path, bytes] = {}
        self.missed: set[Path] = set()
        self.kept: dict[object, object] = {}
        self._modules: dict[Path, ast.Module | None] = {}
        self._indexes: dict[Path, Mapping[str, ast.stmt]] = {}
        self._found: dict[str, Path | None] = {}
        self._tops: dict[str, Path | None] = {}

    def looked_at(self) -> frozenset[Path]:
        """Return every path on which it depends what the revisions import."""
        return frozenset((*self.read, *self.missed))

    @classmethod
    def around(cls, versions: Path, root: Path | None = None) -> Project:
        """Return the project of a folder of revisions.

        Imports may start at the project's root, at any folder above the revisions, or directly
        below one of those (``src``, ``backend`` …), as the usual layouts have it.
        """
        above = [versions, *versions.parents][:_LEVELS]
        while (above[-1] / "__init__.py").is_file() and above[-1] != above[-1].parent:
            above.append(above[-1].parent)  # deep in a package: imports start above all of it
        if root is not None and (root == versions or root in versions.parents):
            inside = [folder for folder in above if folder == root or root in folder.parents]
            above = [*inside, root] if root not in inside else inside
        return cls(tuple(dict.fromkeys(above)))

    def find(self, module: str) -> Path | None:
        """Return the file of a module of this project, None where it is somebody else's."""
        if module not in self._found:
            top, *rest = module.split(".")
            root = self._top(top)
            self._found[module] = self._module_file(root, [top, *rest]) if root else None
        return self._found[module]

    def _top(self, name: str) -> Path | None:
        """Return the folder that holds a top-level module or package."""
        if name not in self._tops:
            self._tops[name] = self._search(name) if name.isidentifier() else None
        return self._tops[name]

    def _search(self, name: str) -> Path | None:
        for root in self.roots:
            if self._holds(root, name):
                return root
        self.missed.update(self.roots[1:])  # a new folder in one of them could hold it
        for root in self.roots:
            try:
                # A folder of a thousand revisions: asking each file by itself would take long.
                with os.scandir(root) as entries:
                    folders = sorted(root / e.name for e in entries if e.is_dir())[:200]
            except OSError:
                continue
            for folder in folders:
                if self._holds(folder, name):
                    return folder
        return None

    def _holds(self, folder: Path, name: str) -> bool:
        """Whether a top-level module or package lies in a folder."""
        if (folder / name).is_dir() or (folder / f"{name}.py").is_file():
            return True
        self.missed.update((folder / name, folder / f"{name}.py"))
        return False

    def relative(self, origin: Path, level: int, module: str) -> Path | None:
        """Return the file of ``from ..module import x`` as written in ``origin``."""
        folder = origin.parent
        for _ in range(level - 1):
            folder = folder.parent
        return self._module_file(folder, module.split(".") if module else [])

    def _module_file(self, folder: Path, parts: list[str]) -> Path | None:
        base = folder.joinpath(*parts)
        candidates = [base / "__init__.py"]
        if parts:
            candidates.insert(0, base.with_name(f"{base.name}.py"))
        for candidate in candidates:
            if candidate.is_file():
                return candidate
            self.missed.add(candidate)
        return None

    def parse(self, path: Path) -> ast.Module | None:
        """Return the parsed file; None where it cannot be read or parsed."""
        if path not in self._modules:
            self._modules[path] = None
            text = self.text(path)
            if text is not None:
                with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                    self._modules[path] = ast.parse(text)
        return self._modules[path]

    def text(self, path: Path) -> bytes | None:
        """Return a file's bytes; None where it is no readable file or too large."""
        if path not in self.read:
            try:
                self.read[path] = regular_file.read_bytes(path, _LARGEST)
            except (OSError, ValueError):
                return None
        return self.read[path]

    def inside(self, path: Path, origin: Path) -> bytes | None:
        """Return the bytes of a file that ``origin`` reads, where it belongs to the project."""
        try:
            path = path if path.is_absolute() else self.roots[-1] / path if self.roots else path
            path = path.resolve()
            roots = [root.resolve() for root in self.roots] or [origin.resolve().parent]
        except (OSError, ValueError, RuntimeError):
            return None
        if not any(root in path.parents for root in roots):
            return None
        return self.text(path)

    def index(self, path: Path) -> Mapping[str, ast.stmt]:
        """Return the statement that gives each top-level name of a module, the last one first."""
        if path not in self._indexes:
            tree = self.parse(path)
            found: dict[str, ast.stmt] = {}
            for node in tree.body if tree else ():
                for name in _names_of(node):
                    found[name] = node
            self._indexes[path] = found
        return self._indexes[path]


def _names_of(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id] if node.value is not None else []
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.If):
        return [name for inner in (*node.body, *node.orelse) for name in _names_of(inner)]
    if isinstance(node, ast.Try):
        return [name for inner in node.body for name in _names_of(inner)]
    return []
