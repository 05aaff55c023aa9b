"""Is there what the tasks need? ``pip install calista`` brings ``calista-migrations`` without it."""

from __future__ import annotations

import sys
from importlib.util import find_spec

#: Of the extra ``tools``, what no task runs without, or would end in a traceback without.
NEEDED = ("invoke", "jinja2")


def main() -> None:
    """Run ``calista-migrations``; ends with ``SystemExit`` on an error."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        print(f"error: {' and '.join(missing)} not installed", file=sys.stderr)
        print("hint: pip install 'calista[tools]'", file=sys.stderr)
        raise SystemExit(2)
    from calista_tools.program import main as run

    run()
