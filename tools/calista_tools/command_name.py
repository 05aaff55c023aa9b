"""What does a user type to reach a task from where they are now?"""

from __future__ import annotations

import sys
from pathlib import PurePath


def door() -> str:
    """Return the program that offers the tasks: ``invoke`` where it is what runs now."""
    name = PurePath(sys.argv[0]).stem.lower() if sys.argv else ""
    parent = PurePath(sys.argv[0]).parent.name if sys.argv else ""
    invoked = name in ("invoke", "inv") or (name == "__main__" and parent == "invoke")
    return "invoke" if invoked else "calista-migrations"
