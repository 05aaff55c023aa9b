"""Which revisions does a new one follow, and which minute is it then dated?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from calista_tools.door import door
from calista_tools.errors import ToolError
from calista_tools.history.filename import MINUTE, stamp_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calista_tools.history import History, Revision


def choose_parents(history: History, head: str | None) -> tuple[Revision, ...]:
    """Return the parents of the next revision: the head that was named, or the only one.

    Args:
        history: Where the parents are.
        head: A revision id, the unique beginning of one, or a branch label; None for the head.

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
        raise ToolError(
            f"the history has {len(heads)} heads: {listed}",
            f"make them one with `{door()} rebase` (or `{door()} merge` if both are published),"
            " or choose one with --head",
        )
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
    """Return the head that a person means by ``name``."""
    wanted = [id_ for id_ in history.revisions if id_ == name] or [
        id_ for id_ in history.revisions if name and id_.startswith(name)
    ]
    if not wanted:
        wanted = _heads_of_branch(history, name)
    if len(wanted) > 1:
        raise ToolError(
            f"--head {name!r} is ambiguous: {', '.join(sorted(wanted))}", "give more of the id"
        )
    if not wanted:
        heads = ", ".join(history.heads) or "none"
        raise ToolError(f"--head {name!r} is no revision of this history", f"heads: {heads}")
    children = history.children[wanted[0]]
    if children:
        raise ToolError(
            f"--head {name!r} is not a head: {', '.join(children)} already follows it",
            "leave --head out to follow the head; to branch on purpose:"
            f" alembic revision --splice --head {wanted[0]}",
        )
    return history.revisions[wanted[0]]


def _heads_of_branch(history: History, label: str) -> list[str]:
    """Return the heads below the revision that carries a branch label."""
    below = [r.revision for r in history.revisions.values() if label in r.branch_labels]
    seen = set(below)
    while below:
        fresh = [child for id_ in below for child in history.children[id_] if child not in seen]
        seen.update(fresh)
        below = fresh
    return [head for head in history.heads if head in seen]
