"""For programs: one object for a backend, a list of them for several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.rendering.for_programs import as_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calista_tools.roundtrip.proof.result import Run


def render(runs: Sequence[Run]) -> str:
    """Return the runs as JSON."""
    found = [run.as_json() for run in runs]
    return as_json(found[0] if len(found) == 1 else found).removesuffix("\n")
