"""The task that checks revision files against the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.task import task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from invoke.context import Context


@task(
    positional=["paths"],
    iterable=["paths"],
    help={"paths": "files or folders; default: the configured versions folder"},
)
def lint(_: Context, paths: Sequence[str]) -> None:
    """Check revision files against the migrations policy."""
    from calista_tools.lint.cli import main

    raise SystemExit(main(list(paths)))
