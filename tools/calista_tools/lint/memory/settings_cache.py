"""What does pyproject.toml say? Known from the last run, where it is the same text.

To load what reads TOML, and to read it, takes longer than to check the one file that was changed.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from calista_tools.config import read_toml
from calista_tools.files import caches, regular_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any


class KeptSettings:
    """The settings of one run's projects."""

    def __init__(self) -> None:
        self._new: dict[tuple[str, str], bytes] = {}

    def read(self, path: Path) -> Mapping[str, Any]:
        """Return our table of a ``pyproject.toml`` and Alembic's, as they stand under ``tool``.

        Raises:
            ConfigError: The file cannot be read.
        """
        try:
            text = regular_file.read_text(path)
        except (OSError, UnicodeDecodeError):
            return read_toml(path)  # which says why
        kept = caches.room_of(str(path.parent)), f"tools-{caches.named(str(path))}"
        try:
            said, tool = json.loads(caches.read(*kept))
            if said == text and isinstance(tool, dict):
                return {"tool": tool}
        except (OSError, ValueError, TypeError):  # there is none, or it is damaged
            pass
        tool = read_toml(path).get("tool", {})
        tool = {name: tool[name] for name in ("calista", "alembic") if name in tool}
        with suppress(TypeError, ValueError):  # TOML knows dates, JSON does not
            self._new[kept] = json.dumps([text, tool]).encode()
        return {"tool": tool}

    def keep(self) -> None:
        """Let the next run know what was read."""
        for (room, name), content in self._new.items():
            with suppress(OSError):
                caches.write(room, name, content)
