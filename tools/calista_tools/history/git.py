"""What does git know of the project? Which files are on which side, and what is going on."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Where a branch usually started, the likeliest first.
DEFAULT_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


class GitError(Exception):
    """A git command failed.

    Attributes:
        reason: What git says first; "" where it says nothing.
        installed: Whether git could be started.
    """

    def __init__(self, reason: str, *, installed: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.installed = installed


def git(folder: Path, *arguments: str) -> str:
    """Run a git command in a folder and return what it prints, names of files as Python has them.

    Raises:
        GitError: It failed, or there is no git.
    """
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        raise GitError(str(error), installed=False) from error
    if done.returncode:
        raise GitError(_text(done.stderr).strip().partition("\n")[0])
    return _text(done.stdout)


def _text(said: bytes) -> str:
    return said.decode("utf-8", errors="surrogateescape")


def ask(folder: Path, *arguments: str) -> str:
    """Run a git command that only reads; "" if it fails. The last line's end is left out."""
    try:
        return git(folder, *arguments).removesuffix("\n")
    except GitError:
        return ""


class Repository(NamedTuple):
    """A git working tree.

    Attributes:
        top: Its folder.
        git: The folder of its own data, where git notes what is going on.
    """

    top: Path
    git: Path

    def busy_with(self) -> str | None:
        """Return ``merge``, ``rebase`` or ``cherry-pick`` while git waits for it to be finished."""
        if (self.git / "rebase-merge").is_dir() or (self.git / "rebase-apply").is_dir():
            return "rebase"
        if (self.git / "MERGE_HEAD").is_file():
            return "merge"
        return "cherry-pick" if (self.git / "CHERRY_PICK_HEAD").is_file() else None

    def branch(self) -> str | None:
        """Return the branch that is checked out; None while detached."""
        return self.ask("symbolic-ref", "--quiet", "--short", "HEAD") or None

    def default(self) -> str | None:
        """Return the branch that the others are merged into, as far as git knows."""
        return next((name for name in DEFAULT_BRANCHES if self.exists(name)), None)

    def exists(self, name: str) -> bool:
        """Whether a name means a commit."""
        return bool(self.ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"))

    def files(self, commit: str) -> frozenset[Path]:
        """Return the files of a commit, with absolute paths."""
        listed = self.ask("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
        return frozenset(self.top / name for name in listed.split("\0") if name)

    def tracked(self) -> frozenset[Path]:
        """Return the files that git's index holds, with absolute paths."""
        listed = self.ask("-C", str(self.top), "ls-files", "-z")
        return frozenset(self.top / name for name in listed.split("\0") if name)

    def noted(self, changes: Mapping[Path, bytes | None]) -> None:
        """Tell the index of files that were written and removed, if any of them is tracked.

        Files that git does not know of stay unknown where all of them are new to it.

        Raises:
            ToolError: git refused; the files themselves are in place.
        """
        known = self.tracked()
        gone = [str(path) for path, content in changes.items() if content is None and path in known]
        if not gone and not any(path in known for path in changes):
            return
        made = [str(path) for path, content in changes.items() if content is not None]
        try:
            if gone:
                git(self.top, "rm", "--cached", "--quiet", "--ignore-unmatch", "--", *gone)
            if made:
                git(self.top, "add", "--", *made)
        except GitError as error:
            raise ToolError(
                f"the files are changed, but git did not note it: {error.reason}",
                "run `git add --all` on the folder of the migrations",
            ) from error

    def ask(self, *arguments: str) -> str:
        """Run a git command that only reads; "" if it fails."""
        return ask(self.top, *arguments)


def repository(folder: Path) -> Repository | None:
    """Return the working tree that a folder lies in; None without git or outside of one."""
    found = ask(folder, "rev-parse", "--show-toplevel", "--absolute-git-dir").splitlines()
    return Repository(Path(found[0]), Path(found[1])) if found else None
