"""Where is the source of the modules that a revision imports from its own project?"""

from __future__ import annotations

import ast
from pathlib import Path


class Project:
    """The project's own modules, read as source and parsed once each.

    Attributes:
        roots: Folders that ``import`` would start from.
    """

    def __init__(self, roots: tuple[Path, ...] = ()) -> None:
        self.roots = roots
        self._modules: dict[Path, ast.Module | None] = {}
        self._sources: dict[Path, bytes] = {}

    def find(self, module: str) -> Path | None:
        """Return the file of a module of this project, None where it is somebody else's."""
        parts = module.split(".")
        for root in self.roots:
            base = root.joinpath(*parts)
            for candidate in (base.with_name(base.name + ".py"), base / "__init__.py"):
                if candidate.is_file():
                    return candidate
        return None

    def parse(self, path: Path) -> ast.Module | None:
        """Return the parsed file; None where it cannot be read or parsed."""
        if path not in self._modules:
            try:
                source = path.read_bytes()
                self._sources[path] = source
                self._modules[path] = ast.parse(source)
            except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
                self._modules[path] = None
        return self._modules[path]
