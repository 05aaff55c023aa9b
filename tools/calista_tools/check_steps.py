"""What does ``check`` do? One step after another, all of them, and a verdict at the end."""

from __future__ import annotations

import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from calista_tools.errors import ToolError, describe

if TYPE_CHECKING:
    from collections.abc import Sequence


class Step(NamedTuple):
    """A program of ours that is run in this process.

    Attributes:
        module: Has ``main(argv) -> int``.
    """

    title: str
    module: str
    argv: Sequence[str] = ()


def steps(*, cache: bool, start: str | None = None, backends: Sequence[str] = ()) -> Sequence[Step]:
    """Return what is checked, the quickest first; the last two are the round-trip's flags."""
    flags = [*(["--from", start] if start else ()), *(f"--backend={name}" for name in backends)]
    return (
        # The history too: heads, parents and published revisions are rules of the lint (CAL4xx).
        Step("lint and history", "calista_tools.lint.cli"),
        Step("untouched stubs", "calista_tools.authoring.stubs"),
        Step(
            "round-trip",
            "calista_tools.roundtrip.roundtrip_cli",
            ("--strict", *(() if cache else ("--no-cache",)), *flags),
        ),
    )


def run(*, cache: bool = True, start: str | None = None, backends: Sequence[str] = ()) -> int:
    """Run every step, whatever the earlier ones said; return the worst exit code."""
    worst = 0
    failed = []
    began = time.monotonic()
    for step in steps(cache=cache, start=start, backends=backends):
        print(f"# {step.title}", flush=True)
        code = _code(step)
        print(flush=True)
        if code:
            failed.append(step.title)
        worst = max(worst, code)
    took = f"in {time.monotonic() - began:.1f} s"
    if failed:
        print(f"check failed {took}: {', '.join(failed)}", flush=True)
    else:
        print(f"check passed {took}", flush=True)
    return worst


def _code(step: Step) -> int:
    try:
        code = import_module(step.module).main(list(step.argv))
    except ToolError as error:
        print(describe(error), file=sys.stderr)
        return error.exit_code
    return int(code)
