"""How do published branches become one? By a revision that has them all as parents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.history.graph import History


def write_merge(config: Config, history: History, message: str) -> Path:
    """Write a revision that joins all heads, and return its path.

    Nothing that exists is touched, so databases on either branch go on from where they are.

    Raises:
        ToolError: The history has a problem or one head only, or the file cannot be written.
    """
    from calista_tools.authoring.draft import Draft
    from calista_tools.authoring.message import check_message
    from calista_tools.authoring.naming import root_of
    from calista_tools.authoring.parents import next_stamp
    from calista_tools.authoring.revision import unused_id, write_draft
    from calista_tools.authoring.slug import slugify

    check_message(message)
    for problem in history.problems:
        raise ToolError(f"{problem.path}:{problem.line}: {problem.message}", "repair it first")
    if len(history.heads) < 2:
        found = history.heads[0] if history.heads else "none"
        raise ToolError(f"there is nothing to merge: the only head is {found}")
    parents = [history.revisions[head] for head in history.heads]
    draft = Draft(
        message=message,
        revision=unused_id(history),
        created=next_stamp(parents),
        parents=tuple(parent.revision for parent in parents),
        kind="merge",
    )
    return write_draft(config, draft, slugify(message), root_of(config, parents))
