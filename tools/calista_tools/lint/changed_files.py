"""Which files differ from a branch? Asked of git, uncommitted and new ones included."""

from __future__ import annotations

from pathlib import Path

from calista_tools.errors import ToolError
from calista_tools.history.git import GitError, git


def changed_since(branch: str, folder: Path) -> frozenset[Path]:
    """Return the files that differ from where this branch left another one.

    Args:
        branch: A branch, tag or commit.
        folder: Any folder of the repository.

    Raises:
        ToolError: There is no git, no repository, or no such branch.
    """
    root = Path(_git(folder, "rev-parse", "--show-toplevel").rstrip("\n"))
    known = _git(
        folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{branch}^{{commit}}"
    )
    base = _git(folder, "merge-base", known.strip(), "HEAD").strip()
    changed = _git(root, "diff", "--name-only", "-z", "--no-renames", "--diff-filter=d", base)
    new = _git(root, "ls-files", "-z", "--others", "--exclude-standard")
    return frozenset(root / name for name in (changed + new).split("\0") if name)


def _git(folder: Path, *arguments: str) -> str:
    try:
        return git(folder, *arguments)
    except GitError as error:
        if not error.installed:
            raise ToolError(
                "--diff-base needs git, which cannot be started", exit_code=2
            ) from error
        reason = error.reason or "no such branch or commit"
        raise ToolError(
            f"--diff-base: {reason}", "name a branch, a tag or a commit", exit_code=2
        ) from error
