"""What do the history tasks print? One function a task: results to stdout, the rest to stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calista_tools.config import load
from calista_tools.errors import ToolError
from calista_tools.history.project import read_project

if TYPE_CHECKING:
    from pathlib import Path


def show(form: str = "text") -> None:
    """Print the history in one of `exports.FORMATS`."""
    from calista_tools.history.exports import render

    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    width = None
    if sys.stdout.isatty():
        from shutil import get_terminal_size

        width = get_terminal_size().columns
    history = read_project(load(), thorough=True)
    text = render(history, form, unicode=_draws(encoding), width=width)
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))


def record(through: str | None = None) -> None:
    """Record the revisions that are new in the lock file, and print them.

    Raises:
        ToolError: Nothing was recorded, with the reason.
    """
    from calista_tools.history.lock import lock

    config = load()
    entries = lock(read_project(config, thorough=True), config.lock_file, through=through)
    for entry in entries:
        print(f"published {entry.revision} {entry.name}")
    if not entries:
        print("nothing new to publish", file=sys.stderr)


def verify() -> None:
    """Print every way in which the published history was changed.

    Raises:
        ToolError: It was changed.
    """
    from calista_tools.history.lock import check_lock

    config = load()
    history = read_project(config)
    breaks = check_lock(history, config.lock_file)
    for item in breaks:
        print(f"{shown(item.path)}:{item.line}: {item.code} {item.message}\n    {item.hint}")
    if breaks:
        count = "1 published revision was" if len(breaks) == 1 else f"{len(breaks)} things were"
        raise ToolError(f"{count} changed", "published revisions never change; see above")
    print(f"{len(history.published)} published revisions are as they were", file=sys.stderr)


def shown(path: Path) -> str:
    """Return a path as short as it can be from the working folder."""
    from pathlib import Path

    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _draws(encoding: str) -> bool:
    try:
        "●○│├╮╯─".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
