"""The tasks that keep the history: shown, locked, made one line again, made shorter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.task import task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from invoke.context import Context


@task(help={"format": "text, mermaid, dot or json"})
def history(_: Context, format: str = "text") -> None:  # noqa: A002 - the flag's name
    """Show the revisions: newest first, published or not, kind, dialects, summary."""
    from calista_tools.rework.commands import show

    show(format)


@task(help={"check": "only compare what was recorded; exit 1 if it changed"})
def lock(_: Context, check: bool = False) -> None:
    """Record the published revisions in history.lock, or verify them."""
    from calista_tools.rework.commands import record, verify

    if check:
        verify()
    else:
        record()


@task(
    help={
        "onto": "the head to put the others on; default: the published one, or git's main branch",
        "dry-run": "change nothing, print the diff",
    }
)
def rebase(_: Context, onto: str | None = None, dry_run: bool = False) -> None:
    """Make several heads one: unpublished branches go on top of the other, all or nothing."""
    from calista_tools.rework import commands

    commands.rebase(onto, dry_run=dry_run)


@task(help={"message": "what the merge revision is called"})
def merge(_: Context, message: str) -> None:
    """Join several published heads by a merge revision, and print its path."""
    from calista_tools.rework import commands

    commands.merge(message)


@task(
    iterable=["acknowledge"],
    help={
        "message": "what the baseline is called",
        "through": "the last revision to replace; the baseline keeps its id",
        "acknowledge": "a data migration that may go, by id; once for each",
        "undo": "bring the replaced revisions back",
    },
)
def squash(
    _: Context,
    message: str = "",
    through: str = "",
    acknowledge: Sequence[str] = (),
    undo: bool = False,
) -> None:
    """Replace the history up to a revision by one baseline that is proven to be equal."""
    from calista_tools.errors import ToolError
    from calista_tools.rework import commands

    if undo:
        commands.undo_squash()
    elif message and through:
        commands.squash(message, through, acknowledge)
    else:
        raise ToolError("squash needs --through REV and -m MESSAGE", exit_code=2)
