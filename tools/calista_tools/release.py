"""Which release of the project is this? For messages that tell people what to upgrade with."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def current_release(root: Path) -> str:
    """Return the project's name and version as ``pyproject.toml`` has them."""
    try:
        with (root / "pyproject.toml").open("rb") as file:
            project = tomllib.load(file).get("project", {})
    except (OSError, tomllib.TOMLDecodeError):
        project = {}
    version = project.get("version")
    name = project.get("name", "this project")
    return f"{name} {version}" if version else f"the release of {name} before this baseline"
