"""The task that takes the tools up in a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.task import task

if TYPE_CHECKING:
    from invoke.context import Context


@task(
    help={
        "yes": "write what is proposed, and ask nothing",
        "dry-run": "show what was seen and what would be written, and write nothing",
    }
)
def init(_: Context, yes: bool = False, dry_run: bool = False) -> None:
    """Take the tools up: settings, hooks, CI, lock and baselines; ends with a first verdict."""
    from calista_tools.adoption.init_command import run

    run(yes=yes, dry_run=dry_run)
