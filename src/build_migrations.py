"""What does the application's wheel carry beside its sources? The migrations, quick to read."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Writes down the revisions; an editable install reads the files themselves instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the migrations; a history without exactly one head cannot be built."""
        if version == "editable":
            return
        # Beside this folder in a checkout, in it where an sdist was unpacked.
        root = Path(self.root)
        folder = next(
            path for path in (root / "migrations", root.parent / "migrations") if path.is_dir()
        )
        included = build_data["force_include"]
        if self.target_name == "sdist":
            included[str(folder)] = "migrations"
            return
        included[str(folder)] = "calista/migrations"
        sys.path.insert(0, self.root)
        from calista.db import revisions

        self.made = tempfile.TemporaryDirectory()
        revisions.write_built_files(folder, Path(self.made.name))
        for path in Path(self.made.name).iterdir():
            included[str(path)] = f"calista/migrations/{path.name}"

    def finalize(self, _version: str, _build_data: dict[str, Any], _artifact_path: str) -> None:
        """Remove what was only needed for the build."""
        if hasattr(self, "made"):
            self.made.cleanup()
