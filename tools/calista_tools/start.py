"""Is there what the tasks need? ``calista-migrations`` comes with the lint, which needs nothing."""

from __future__ import annotations

import sys

from calista_tools.errors import ToolError, describe
from calista_tools.extras import require


def main() -> None:
    """Run ``calista-migrations``; ends with ``SystemExit`` on an error."""
    try:
        require("tasks")
    except ToolError as error:
        print(describe(error), file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    from calista_tools.program import main as run

    run()
