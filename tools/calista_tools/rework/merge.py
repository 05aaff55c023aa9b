"""How do published branches become one? By a revision that has them all as parents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.history.labelled_branches import split_branches, with_labels

if TYPE_CHECKING:
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.history.graph import History


def write_merge(config: Config, history: History, message: str) -> Path:
    """Write a revision that joins the heads of one branch, and return its path.

    Nothing that exists is touched, so databases on either branch go on from where they are.

    Raises:
        ToolError: The history has a problem or one head only, or the file cannot be written.
    """
    from calista_tools.authoring.draft import Draft
    from calista_tools.authoring.file_naming import root_of
    from calista_tools.authoring.finished_file import write_draft
    from calista_tools.authoring.message import check_message
    from calista_tools.authoring.parents import next_stamp
    from calista_tools.authoring.write_revision import unused_id
    from calista_tools.history.slug import slugify

    check_message(message)
    for problem in history.problems:
        raise ToolError(f"{problem.path}:{problem.line}: {problem.message}", "repair it first")
    split = split_branches(history)
    if not split:
        found = with_labels(history, history.heads) or "none"
        each = "heads are branches of their own:" if len(history.heads) > 1 else "only head is"
        raise ToolError(f"there is nothing to merge: the {each} {found}")
    parents = [history.revisions[head] for head in split[0]]
    draft = Draft(
        message=message,
        revision=unused_id(history),
        created=next_stamp(parents),
        parents=tuple(parent.revision for parent in parents),
        kind="merge",
    )
    return write_draft(config, draft, slugify(message), root_of(config, parents))
