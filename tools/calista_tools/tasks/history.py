"""The tasks that keep the history: shown, locked, made one line again, made shorter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.task import task

if TYPE_CHECKING:
    from invoke.context import Context


@task(help={"format": "text, mermaid, dot or json"})
def history(_: Context, format: str = "text") -> None:  # noqa: A002 - the flag's name
    """Show the revisions: newest first, published or not, kind, dialects, summary."""
    from calista_tools.history.commands import show

    show(format)


@task(help={"check": "only compare what was recorded; exit 1 if it changed"})
def lock(_: Context, check: bool = False) -> None:
    """Record the published revisions in history.lock, or verify them."""
    from calista_tools.history.commands import record, verify

    if check:
        verify()
    else:
        record()
