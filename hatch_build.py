"""What does a wheel carry beside the sources? The history, for `calista`'s gate to read quickly."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Writes down the revisions; an editable install reads the files themselves instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the two files; a history without exactly one head cannot be built."""
        if version == "editable":
            return
        sys.path.insert(0, str(Path(self.root, "src")))
        from calista.db import revisions

        self.made = tempfile.TemporaryDirectory()
        folder = Path(self.made.name)
        revisions.write_built_files(Path(self.root, "migrations"), folder)
        for path in folder.iterdir():
            build_data["force_include"][str(path)] = f"calista/migrations/{path.name}"

    def finalize(self, version: str, _build_data: dict[str, Any], _artifact_path: str) -> None:
        """Remove what was only needed for the build."""
        if version != "editable":
            self.made.cleanup()
