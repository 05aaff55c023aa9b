"""For programs: one object for a backend, a list of them for several."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calista_tools.roundtrip.proof.result import Run


def render(runs: Sequence[Run]) -> str:
    """Return the runs as JSON."""
    found = [run.as_json() for run in runs]
    # ASCII, for stdout may have any encoding.
    return json.dumps(found[0] if len(found) == 1 else found, indent=2)
