"""What do the history tasks print? One function a task: results to stdout, the rest to stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calista_tools.config import load
from calista_tools.errors import ToolError
from calista_tools.history.project import read_project

if TYPE_CHECKING:
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.history.graph import History


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


def rebase(onto: str | None = None, *, dry_run: bool = False) -> None:
    """Make several heads one and print what moved; with ``dry_run`` print the diff instead.

    Raises:
        ToolError: Nothing was changed, with the reason.
    """
    import os
    from pathlib import Path

    from calista_tools.history.git import repository
    from calista_tools.history.rebase import plan_rebase, render_diff
    from calista_tools.history.transaction import apply, recover

    config = load()
    if not dry_run:
        recover(config.versions)
    found = repository(config.root)
    plan = plan_rebase(_unbroken(config), onto=onto, repository=found)
    for table, (ours, theirs) in plan.shared.items():
        both = f"{shown(ours)} and {shown(theirs)}"
        print(f"both branches touch table {table}: look at {both}", file=sys.stderr)
    if dry_run:
        print(render_diff(plan, config.root), end="")
        return
    if not plan.moves:
        print("there is one head already; nothing moved", file=sys.stderr)
        return
    folder = Path(os.path.commonpath([path.parent for path in plan.changes()]))
    apply(plan.changes(), folder)
    if found is not None:
        found.moved({move.old: move.new for move in plan.moves})
    for move in plan.moves:
        print(f"{shown(move.old)} -> {shown(move.new)}")
    print(f"head is {', '.join(plan.history.heads)}", file=sys.stderr)


def _unbroken(config: Config) -> History:
    """Read the history, and refuse it where the published part is not what it was.

    Raises:
        ToolError: The lock file is damaged, or a published revision changed.
    """
    from calista_tools.history.lock import check_lock

    history = read_project(config, thorough=True)
    if history.published:
        for item in check_lock(history, config.lock_file):
            if not (item.code == "CAL403" and item.kind == "baseline" and item.revision):
                raise ToolError(f"{shown(item.path)}:{item.line}: {item.message}", item.hint)
    return history
