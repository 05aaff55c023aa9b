"""How does a report get to the screen? In colours where they are wanted."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # `typing` takes longer to load than all that is done here
if TYPE_CHECKING:
    from collections.abc import Sequence


def show(text: str, words: Sequence[str]) -> None:
    """Write what was found, in colours where they are wanted."""
    if sys.stdout.isatty() or "--color" in " ".join(words) or os.environ.get("FORCE_COLOR"):
        from calista_tools.lint import colours

        colours.write(text, words)
    else:
        sys.stdout.write(text)
        sys.stdout.flush()
