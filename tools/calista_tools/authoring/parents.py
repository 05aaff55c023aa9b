"""Which revisions does a new one follow, and which minute is it then dated?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from calista_tools.command_name import door
from calista_tools.errors import ToolError
from calista_tools.history.filename import MINUTE, stamp_of
from calista_tools.history.labelled_branches import labels_of, split_branches, with_labels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calista_tools.history import History, Revision


def choose_parents(history: History, head: str | None) -> tuple[Revision, ...]:
    """Return the parents of the next revision: the head that was named, or the only one.

    Args:
        history: Where the parents are.
        head: A revision id, the unique beginning of one, a branch label, or what Alembic understands
            (``label@head``, see `History.resolve`); None for the head.

    Raises:
        ToolError: A file of the history cannot be read or follows itself, there is more than one
            head, or ``head`` is none.
    """
    for problem in history.problems:
        raise ToolError(
            f"{problem.path}:{problem.line}: {problem.message}",
            "repair or move this file: the head cannot be known while it is there",
        )
    if head is not None and head != "head":
        return (_named(history, head),)
    heads = history.heads
    if len(heads) > 1:
        listed = ", ".join(f"{head} ({history.revisions[head].name})" for head in heads)
        labels = sorted(label for head in heads for label in labels_of(history, head))
        hint = "choose one with --head" + (f", such as --head {labels[0]}@head" if labels else "")
        if split_branches(history):
            hint = (
                f"make them one with `{door()} rebase` (or `{door()} merge` if both are published),"
                f" or {hint}"
            )
        raise ToolError(f"the history has {len(heads)} heads: {listed}", hint)
    return tuple(history.revisions[head] for head in heads)


def next_stamp(parents: Iterable[Revision], now: datetime | None = None) -> datetime:
    """Return the minute to date a child by: now, or the first one after its parents'.

    Raises:
        ToolError: A parent is dated in the last minute there is.
    """
    stamp = (now or datetime.now(UTC)).replace(second=0, microsecond=0)
    for parent in parents:
        earliest = stamp_of(parent.name)
        if earliest is not None and earliest >= stamp:
            try:
                stamp = earliest + MINUTE
            except OverflowError:
                raise ToolError(
                    f"{parent.name}: nothing can be dated after it", "rename that file"
                ) from None
    return stamp


def _named(history: History, name: str) -> Revision:
    """Return the head that a person means by ``name``; a branch label means its branch's head."""
    found = history.resolve(name)
    if name in history.labels and name not in history.revisions:
        found = history.resolve(f"{name}@head")
    found = found or tuple(id_ for id_ in history.revisions if name and id_.startswith(name))
    if len(found) > 1:
        hint = "give more of the id"
        if name in history.labels or "@" in name:
            hint = f"name one of them, or make them one with `{door()} rebase`"
        raise ToolError(f"--head {name!r} is ambiguous: {', '.join(sorted(found))}", hint)
    if not found:
        heads = with_labels(history, history.heads) or "none"
        raise ToolError(f"--head {name!r} is no revision of this history", f"heads: {heads}")
    (head,) = found
    children = history.children[head]
    if children:
        raise ToolError(
            f"--head {name!r} is not a head: {', '.join(children)} already follows it",
            "leave --head out to follow the head; to branch on purpose:"
            f" alembic revision --splice --head {head}",
        )
    return history.revisions[head]
