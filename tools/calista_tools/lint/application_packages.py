"""What is application code? The project's own packages, as configured or as they lie about."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from calista_tools.config import Config

#: Modules beside pyproject.toml that belong to tools, and names that mean the installed package.
_NOT_APPLICATION = {
    "alembic", "sqlalchemy", "conftest", "setup", "noxfile", "tasks", "fabfile", "versioneer",
}  # fmt: skip


def application_packages(config: Config) -> tuple[bytes, ...]:
    """Return the top-level packages that a revision must not import, as they stand in source."""
    if config.application_packages:
        return tuple(name.split(".")[0].encode() for name in config.application_packages)
    return _beside(config.root, config.script_location) if config.path else ()


@lru_cache(maxsize=8)
def _beside(root: Path, script_location: Path) -> tuple[bytes, ...]:
    found = set()
    for folder in (root, root / "src"):
        if not folder.is_dir():
            continue
        for entry in folder.iterdir():
            if entry in (script_location, *script_location.parents):
                # A package that holds the migrations is still the application's.
                if not (entry / "__init__.py").is_file() or entry == script_location:
                    continue
            elif not (entry / "__init__.py").is_file() and entry.suffix != ".py":
                continue
            if entry.stem.isidentifier():
                found.add(entry.stem)
    return tuple(sorted(name.encode() for name in found - _NOT_APPLICATION - _STANDARD))


_STANDARD = frozenset(sys.stdlib_module_names)
