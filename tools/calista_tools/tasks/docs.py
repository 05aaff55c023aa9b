"""The task that writes what is generated in ``docs/``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.task import task

if TYPE_CHECKING:
    from invoke.context import Context


@task(help={"folder": "where to; default: docs beside pyproject.toml"})
def docs(_: Context, folder: str | None = None) -> None:
    """Write the rule pages and the JSON schema of the configuration."""
    from pathlib import Path

    from calista_tools import config
    from calista_tools.documentation import write

    written = write(Path(folder) if folder else config.load().root / "docs")
    print(f"{len(written)} files written")
