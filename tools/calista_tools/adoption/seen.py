"""What is there to be seen of a project that has none of our settings yet?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from calista_tools import config as configuration
from calista_tools.errors import ToolError
from calista_tools.files.shown_path import shown
from calista_tools.history.git import Repository, repository
from calista_tools.history.project_history import read_project
from calista_tools.history.since_branch import changes_since

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.history.graph import History


@dataclass(frozen=True)
class Seen:
    """A project as it is.

    Attributes:
        config: Its settings, found or read.
        history: Its revisions.
        git: Its repository; None without one, or before its first commit.
        main: The branch that the others are merged into, if git knows.
        on_main: The newest revision that is published there.
        not_locked: Why there is nothing to be recorded as published; "" where there is.
    """

    config: Config
    history: History
    git: Repository | None
    main: str | None
    on_main: str | None
    not_locked: str

    @property
    def root(self) -> Path:
        """Where the project's settings are, or belong."""
        return self.config.root

    @property
    def top(self) -> Path:
        """Where hooks and continuous integration are set up."""
        return self.git.top if self.git is not None else self.root

    def lines(self) -> Iterator[str]:
        """Return what was seen, for people."""
        count = len(self.history.revisions)
        yield f"revisions  {count} in {shown(self.config.script_location)}"
        yield f"Alembic    {shown(self.config.alembic_ini)}"
        yield f"dialects   {', '.join(self.config.dialects)}"
        if self.git is None:
            yield "git        none"
        else:
            published = "nothing of it" if self.on_main is None else f"up to {self.on_main}"
            yield f"git        {self.main or 'no main branch'}; published there: {published}"


def look() -> Seen:
    """Look at the project of the working folder; nothing is written or run.

    Raises:
        ToolError: There is no Alembic project, or its history cannot be read.
    """
    config = configuration.load()
    if not (config.script_location / "env.py").is_file():
        raise ToolError(
            f"there is no Alembic project here: {shown(config.script_location / 'env.py')} is missing",
            "run this in the folder of alembic.ini; `alembic init migrations` begins a project",
        )
    history = read_project(config, thorough=True)
    git = repository(config.root)
    if git is not None and not git.exists("HEAD"):
        git = None
    main = git.default() if git is not None else None
    if git is not None and main is None:
        main = git.branch()
    on_main, why = _published(config, history, git, main)
    return Seen(config, history, git, main, on_main, why)


def _published(
    config: Config, history: History, git: Repository | None, main: str | None
) -> tuple[str | None, str]:
    """Return the newest revision on the main branch, or why nothing can be recorded of it."""
    if git is None or main is None:
        return None, "without git nothing says what is published: `lock` records it"
    if history.problems:
        problem = history.problems[0]
        return None, f"{shown(problem.path)}: {problem.message}"
    files = {path.resolve() for path in git.files(main)}
    there = {r.revision for r in history.ordered if r.path.resolve() in files}
    parents = {p for name in there for p in history.revisions[name].down_revisions}
    heads = sorted(there - parents)
    if len(heads) != 1:
        why = (
            f"{main} has several heads: {', '.join(heads)}" if heads else f"{main} has no revision"
        )
        return None, why
    for folder in {history.revisions[name].path.parent for name in there}:
        changes = changes_since(folder, main)
        touched = sorted(changes.touched) if changes else []
        if touched := [name for name in touched if name.endswith(".py")]:
            return heads[0], f"{touched[0]} is not what it is on {main}"
    return heads[0], ""
