"""What do the history tasks print? One function a task: results to stdout, the rest to stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calista_tools.config import load
from calista_tools.errors import ToolError
from calista_tools.files.shown_path import shown
from calista_tools.history.project_history import read_project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.history.graph import History


def show(form: str = "text") -> None:
    """Print the history in one of `exports.FORMATS`."""
    from calista_tools.rework.exports import render

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
        damaged = all(item.kind == "damaged" for item in breaks)
        raise ToolError(
            f"{shown(config.lock_file)} is damaged" if damaged else f"{count} changed",
            "what to do stands above" if damaged else "published revisions never change; see above",
        )
    number = len(history.published)
    told = f"{number} published revisions are as they were"
    print("1 published revision is as it was" if number == 1 else told, file=sys.stderr)


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
    from calista_tools.history.git import repository
    from calista_tools.history.transaction import apply
    from calista_tools.rework.rebase import plan_rebase, render_diff

    config = load()
    found = repository(config.root)
    plan = plan_rebase(_unbroken(config), onto=onto, repository=found)
    for table, (ours, theirs) in plan.shared.items():
        both = f"{shown(ours)} and {shown(theirs)}"
        print(f"both branches touch table {table}: look at {both}", file=sys.stderr)
    if not plan.moves:
        words = "there is one head already" if plan.target else "there is no revision"
        if len(plan.history.heads) > 1:
            from calista_tools.history.labelled_branches import with_labels

            heads = with_labels(plan.history, plan.history.heads)
            words = f"the heads are branches of their own: {heads}"
        print(f"{words}; nothing {'to move' if dry_run else 'moved'}", file=sys.stderr)
        return
    if dry_run:
        print(render_diff(plan, config.root), end="")
        return
    apply(plan.changes(), config.script_location)
    if found is not None:
        for move in plan.moves:
            found.noted(
                {move.old: None, move.new: move.after}
                if move.old != move.new
                else {move.new: move.after}
            )
    for move in plan.moves:
        parents = ", ".join(plan.history.revisions[move.revision].down_revisions)
        print(
            f"{shown(move.old)} -> {shown(move.new)}"
            if move.old != move.new
            else f"{shown(move.new)} now follows {parents}"
        )
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


def merge(message: str) -> None:
    """Write a merge revision and print its path.

    Raises:
        ToolError: There is one head only, or the file cannot be written.
    """
    from calista_tools.rework.merge import write_merge

    config = load()
    print(shown(write_merge(config, _unbroken(config), message)))


def squash(message: str, through: str, acknowledged: Sequence[str] = ()) -> None:
    """Replace the history up to a revision by one baseline, and print its path.

    Raises:
        ToolError: Nothing was changed, with the reason.
    """
    from calista_tools.authoring.message import check_message
    from calista_tools.release import current_release
    from calista_tools.rework import squash as work

    check_message(message)
    config = load()
    history = _unbroken(config)
    chain = work.find_chain(history, through)
    work.demand_acknowledgement(chain, acknowledged)
    changes = work.squash(
        config,
        history,
        chain,
        message,
        release=current_release(config.distribution or config.root),
        report=lambda words: print(words, file=sys.stderr),
    )
    apply_changes(config, changes)
    made = next(path for path in changes if path.parent == chain.last.path.parent and changes[path])
    print(f"{len(chain.replaced)} revisions replaced, equal on {', '.join(config.dialects)}",
          file=sys.stderr)  # fmt: skip
    print("`squash --undo` takes it back until replaced/ is removed", file=sys.stderr)
    print(shown(made))


def undo_squash() -> None:
    """Take the last squash back.

    Raises:
        ToolError: Nothing was changed, with the reason.
    """
    from calista_tools.rework.unsquash import undo_squash as work

    config = load()
    changes = work(config, read_project(config, thorough=True))
    apply_changes(config, changes)
    print(
        f"{sum(path.suffix == '.py' for path in changes) - 1} revisions are back", file=sys.stderr
    )


def apply_changes(config: Config, changes: Mapping[Path, bytes | None]) -> None:
    """Change files, all or none, and note it in git's index where they are tracked."""
    from calista_tools.history.git import repository
    from calista_tools.history.transaction import apply

    apply(changes, config.script_location)
    found = repository(config.root)
    if found is not None:
        found.noted(changes)
