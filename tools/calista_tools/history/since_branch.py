"""What does git know: which revisions are new since a branch, and which old ones were touched?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.history.git import DEFAULT_BRANCHES, ask

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What happened to a folder since a branch.

    Attributes:
        base: The branch as it was named, and the commit that both sides share.
        commit: What is reviewed; "" before the first commit.
        old: Files that were there, by name.
        touched: Those of them that have changed or are gone, by name, with the way.
    """

    base: str
    fork: str
    commit: str
    old: frozenset[str]
    touched: dict[str, str]


def changes_since(folder: Path, base: str | None) -> Changes | None:
    """Compare a folder, as it is on disk, with where its branch left ``base``.

    Returns:
        None outside of a git repository, or where no base was named and none is found.

    Raises:
        ToolError: The base that was named does not exist.
    """
    if not ask(folder, "rev-parse", "--is-inside-work-tree"):
        if base is not None:
            raise ToolError(f"{folder} is in no git repository, which --base needs")
        return None
    found = next(
        (name for name in ((base,) if base else DEFAULT_BRANCHES) if _commit(folder, name)), None
    )
    if found is None:
        if base is not None:
            raise ToolError(f"git knows no branch or commit {base!r}", "git branch --all")
        return None
    fork = ask(folder, "merge-base", "HEAD", found) or _commit(folder, found)
    listed = ask(folder, "ls-tree", "--name-only", "-z", fork, "./")
    status = ask(folder, "diff", "--name-status", "--no-renames", "-z", fork, "--", ".")
    words = {"M": "changed", "D": "removed", "T": "changed"}
    fields = status.split("\0")
    touched = {
        name.rpartition("/")[2]: words[way]
        for way, name in zip(fields[::2], fields[1::2], strict=False)
        if way in words
    }
    return Changes(
        base=found,
        fork=fork,
        commit=_commit(folder, "HEAD"),
        old=frozenset(name.rpartition("/")[2] for name in listed.split("\0") if name),
        touched=touched,
    )


def _commit(folder: Path, name: str) -> str:
    return ask(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
