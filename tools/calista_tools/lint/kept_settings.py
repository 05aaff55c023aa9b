"""What does pyproject.toml say? Known from the last run, where it is the same text.

To load what reads TOML, and to read it, takes longer than to check the one file that was changed.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING
from zlib import crc32

from calista_tools.config import read_toml
from calista_tools.lint.states import cache_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any


class KeptSettings:
    """The settings of one run's projects."""

    def __init__(self) -> None:
        self._new: dict[str, bytes] = {}

    def read(self, path: Path) -> Mapping[str, Any]:
        """Return our table of a ``pyproject.toml`` and Alembic's, as they stand under ``tool``.

        Raises:
            ConfigError: The file cannot be read.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return read_toml(path)  # which says why
        name = f"tools-{crc32(str(path).encode(errors='replace')):08x}"
        kept = os.path.join(cache_folder(str(path.parent)), name)  # noqa: PTH118
        try:
            with open(kept, encoding="utf-8") as file:  # noqa: PTH123
                said, tool = json.load(file)
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
        """Let the next run know what was read, where there is a cache at all."""
        for path, content in self._new.items():
            if os.path.isdir(os.path.dirname(path)):  # noqa: PTH112, PTH120
                with suppress(OSError):
                    write_whole(path, content)
