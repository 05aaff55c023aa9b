"""Which revisions are published, so that nobody may change them? Asked of the lock and of git."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.files import regular_file
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from calista_tools.history.git import Repository
    from calista_tools.lint.collected import Collected
    from calista_tools.lint.diagnostic import Diagnostic, Report
    from calista_tools.lint.targets import Group

#: What is said where findings could be repaired, if only it was known which revisions are new.
HOW_TO_BEGIN = (
    "`--fix` changes new revisions only, and nothing says which these are: neither git's main branch"
    " nor a lock file (`calista-migrations lock` writes one)."
)
_REVISION = re.compile(r"^revision(?:\s*:[^=]+)?\s*=\s*\(?['\"]([^'\"]+)['\"]")


class Published(NamedTuple):
    """What of a history is published.

    Attributes:
        paths: The files that are there under the same name, as they are really called.
        revisions: The ids: a file may have another name by now.
        known: Whether anything says so: a lock file, or a main branch in git.
    """

    paths: frozenset[str] = frozenset()
    revisions: frozenset[str] = frozenset()
    known: bool = False

    def holds(self, path: Path) -> bool:
        """Whether a file's revision is published."""
        if os.path.realpath(path) in self.paths:
            return True
        if not self.revisions:
            return False
        from calista_tools.history import Revision, read_file

        header = read_file(path)
        return isinstance(header, Revision) and header.revision in self.revisions


def published(group: Group, *, tags: bool = False) -> Published:
    """Return what is in the history's lock file, and in git's main branch or a tag.

    Args:
        group: The history.
        tags: Ask about tags as well, which takes longer.
    """
    revisions: set[str] = set()
    lock_file = group.config.lock_file
    known = regular_file.is_there(lock_file)
    if known:
        from calista_tools.history.lockfile import read_lock

        revisions.update(entry.revision for entry in read_lock(lock_file).entries)
    paths: set[str] = set()
    for folder in sorted({path.parent for path in group.files}):
        found = _in_git(folder, tags=tags)
        if found is not None:
            known = True
            paths |= found.paths
            revisions |= found.revisions
    return Published(frozenset(paths), frozenset(revisions), known)


def without_settled(group: Group, collected: Collected, report: Report) -> Report:
    """Return the report less what no longer matters of revisions that are published.

    They never change, and have locked, rewritten and filled what they have: of them only what a
    new database would meet is told. Where neither a lock file nor git says which they are, all but
    the last few revisions of a history are taken to have run somewhere.
    """

    def passes(item: Diagnostic) -> bool:
        place = collected.places.get(item.code)
        return place is not None and (item.finding.passing or not place.lasting)

    if not any(map(passes, report.diagnostics)):
        return report
    known = published(group)
    settled = {
        path
        for path in {item.path for item in report.diagnostics}
        if (known.holds(path) if known.known else path in collected.settled)
    }
    given_up = {
        item.code
        for item in report.diagnostics
        if item.path in settled and collected.places[item.code].whole
    }
    kept = tuple(
        item
        for item in report.diagnostics
        if not (passes(item) and (item.path in settled or item.code in given_up))
    )
    return report._replace(diagnostics=kept, left_out=len(report.diagnostics) - len(kept))


def with_counts(group: Group, report: Report) -> Report:
    """Return the report with how much of it can be repaired: nothing of what is published."""
    items = [item for item in report.diagnostics if item.finding.fix is not None]
    if not items:
        return report
    known = published(group, tags=True)
    if not known.known:
        return report._replace(closing=(*report.closing, HOW_TO_BEGIN))
    mine = [item for item in items if not known.holds(item.path)]
    unsafe = sum(1 for item in mine if item.finding.fix is not None and item.finding.fix.unsafe)
    return report._replace(fixable=len(mine) - unsafe, unsafe=unsafe)


def _in_git(folder: Path, *, tags: bool) -> Published | None:
    """Return what git's main branch has of a folder; None where there is no such branch."""
    from calista_tools.history.git import repository

    if not _has_git(folder):  # to start git takes longer than to look
        return None
    found = repository(folder)
    main = found.default() if found is not None else None
    if found is None or main is None:
        return None
    real = os.path.realpath(folder)
    inside = os.path.relpath(real, os.path.realpath(found.top)).replace(os.sep, "/")
    commits = [main]
    if tags:
        commits += found.ask("tag", "--list").split()
    paths: set[str] = set()
    revisions: set[str] = set()
    for commit in commits:
        listed = found.ask("ls-tree", "-z", "--name-only", "--full-tree", commit, f"{inside}/")
        names = {name.rpartition("/")[2] for name in listed.split("\0") if name}
        new = {os.path.join(real, name) for name in names} - paths  # noqa: PTH118
        if new:
            paths |= new
            revisions.update(_revisions(found, commit, inside))
    return Published(frozenset(paths), frozenset(revisions), known=True)


def _has_git(folder: Path) -> bool:
    return (
        any(
            os.path.lexists(above / ".git")
            for above in (folder, *Path(os.path.realpath(folder)).parents)
        )
        or "GIT_DIR" in os.environ
    )


def _revisions(found: Repository, commit: str, inside: str) -> Iterable[str]:
    """Return the ids that the files of a commit have."""
    told = found.ask(
        "grep", "--no-color", "-h", "-I", "-E", r"^revision( *:[^=]*)? *=", commit, "--",
        f":(top,literal){inside}",
    )  # fmt: skip
    for line in told.splitlines():
        match = _REVISION.match(line)
        if match is not None:
            yield match[1]


def git_state(folders: Sequence[Path]) -> list[str] | None:
    """Return the files that change when git's main branch does; None where git keeps them elsewhere."""
    found: list[str] = []
    for folder in folders:
        top = next(
            (one for one in (folder, *folder.parents) if os.path.lexists(one / ".git")), None
        )
        if top is None:
            found += [str(one / ".git") for one in (folder, *folder.parents)]
            continue
        git = top / ".git"
        if not git.is_dir():
            return None  # a worktree or a submodule
        refs = ("HEAD", "packed-refs", "refs/heads", "refs/remotes", "refs/remotes/origin")
        found += [str(git / name) for name in refs]
        for name in ("main", "master", "HEAD"):
            found += [str(git / "refs" / "remotes" / "origin" / name)]
            found += [str(git / "refs" / "heads" / name)]
    return list(dict.fromkeys(found))
