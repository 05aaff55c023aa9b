"""The inner loop: everything that can be said of a revision before it is committed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calista_tools.task import task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from invoke.context import Context


@task(
    iterable=["backend"],
    help={
        "cache": "prove again what was proven before, with --no-cache",
        "from_": "prove what comes after this revision; default: `start-after`",
        "backend": "where to prove it: sqlite or postgresql; once for each",
    },
)
def check(
    _: Context, cache: bool = True, from_: str | None = None, backend: Sequence[str] = ()
) -> None:
    """Lint, verify the history, prove what is new on every backend, and compare head."""
    from calista_tools.check_steps import run

    sys.exit(run(cache=cache, start=from_, backends=backend))
