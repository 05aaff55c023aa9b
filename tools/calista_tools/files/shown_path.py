"""How is a file named in what people are told?"""

from __future__ import annotations

from pathlib import Path


def shown(path: Path) -> str:
    """Return a path as a person in the working folder would write it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
