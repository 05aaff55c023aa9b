"""The inner loop: everything that can be said of a revision before it is committed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calista_tools.task import task

if TYPE_CHECKING:
    from invoke.context import Context


@task(help={"cache": "prove again what was proven before, with --no-cache"})
def check(_: Context, cache: bool = True) -> None:
    """Lint, verify the history, prove what is new on every backend, and compare head."""
    from calista_tools.check_steps import run

    sys.exit(run(cache=cache))
