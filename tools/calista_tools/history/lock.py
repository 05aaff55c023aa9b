"""Is what was published still what it was? Records published revisions and finds what broke them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from calista_tools.command_name import door
from calista_tools.errors import ToolError
from calista_tools.history.labelled_branches import split_heads
from calista_tools.history.lockfile import Entry, Lock, append, read_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from calista_tools.history.graph import History

RESTORE = "take the change back (`git log -p -- ':/*{file}'`) and make it in a new revision"


class Break(NamedTuple):
    """One way in which the history is not what was published.

    Attributes:
        code: ``CAL402`` or ``CAL403``.
        kind: ``changed``, ``removed``, ``reordered``, ``baseline`` or ``damaged`` (the lock file).
        revision: The id concerned; "" for a damaged line.
        path: The revision's file, or the lock file where there is none.
        line: 1-based.
        hint: What to do instead.
    """

    code: str
    kind: str
    revision: str
    path: Path
    line: int
    message: str
    hint: str


def check_lock(
    history: History, lock_file: Path, *, digest: Callable[[Path], str] | None = None
) -> list[Break]:
    """Compare the published revisions with their files; nothing is written.

    Args:
        history: The project's revisions.
        lock_file: `history.lock`; a missing one records nothing, so nothing is broken.
        digest: How a file's digest is made, for callers that keep digests.

    Returns:
        The breaks, in the order of the lock file; at most one for each revision.

    Raises:
        ToolError: The lock file cannot be read.
    """
    lock = read_lock(lock_file)
    restore = f"restore it from git; only `{door()} lock` writes this file"
    resolve = (
        "keep the lines of both sides, without the marks, then run"
        f" `{door()} merge -m MESSAGE` and `{door()} lock`"
    )
    found = [
        Break("CAL402", "damaged", "", lock_file, fault.line, fault.message,
              resolve if fault.conflict else restore)
        for fault in lock.faults
    ]  # fmt: skip
    found.extend(_baselines(history, lock, lock_file))
    from calista_tools.history.digest import digest_file

    for entry in lock.entries:
        broken = _entry(history, entry, lock_file, digest or digest_file)
        if broken is not None:
            found.append(broken)
    return found


def _baselines(history: History, lock: Lock, lock_file: Path) -> Iterable[Break]:
    if not lock.entries and not lock.baselines:
        return
    recorded = {entry.revision for entry in lock.entries if not entry.parents}
    if set(lock.baselines) != recorded:
        message = f"the recorded baseline is {', '.join(lock.baselines) or 'missing'}"
        message += f", the published history starts at {', '.join(sorted(recorded)) or 'nothing'}"
        hint = f"restore {lock_file.name} from git; a new baseline is made by `{door()} squash`"
        yield Break("CAL403", "baseline", "", lock_file, 1, message, hint)
    for base in history.parentless:
        name = base.revision
        known = name in lock.baselines or name in lock.published
        if not known and not base.branch_labels:  # those start a branch of their own
            message = f"{name} starts a second history beside {', '.join(lock.baselines)}"
            hint = f"give it a down_revision (`{door()} rebase --onto REV`) or branch_labels"
            yield Break("CAL403", "baseline", name, base.path, 1, message, hint)


def _entry(
    history: History, entry: Entry, lock_file: Path, digest: Callable[[Path], str]
) -> Break | None:
    """What is wrong with one published revision."""
    revision = history.revisions.get(entry.revision)
    code = "CAL402" if entry.parents else "CAL403"
    what = f"published revision {entry.revision}"
    if not entry.parents:
        what = f"baseline {entry.revision}"
    if revision is None:
        message = f"{what} ({entry.name}) is gone"
        for problem in history.problems:
            if problem.path.name == entry.name:
                message = f"{what} ({entry.name}) {problem.message}"
        hint = f"bring {entry.name} back from git; databases that have run it need it"
        return Break(code, "removed", entry.revision, lock_file, entry.line, message, hint)
    restore = RESTORE.format(file=revision.name)
    if sorted(revision.down_revisions) != sorted(entry.parents):
        now, then = (
            ", ".join(ids) or "nothing" for ids in (revision.down_revisions, entry.parents)
        )
        message = f"{what} now follows {now}; it was published after {then}"
        hint = f"restore its down_revision and move the other revision with `{door()} rebase`"
        return Break(code, "reordered", entry.revision, revision.path, 1, message, hint)
    try:
        same = digest(revision.path) == entry.digest
    except ToolError as error:
        return Break(code, "changed", entry.revision, revision.path, 1, error.message, restore)
    if same:
        return None
    message = f"{what} is not what it was when it was published"
    return Break(code, "changed", entry.revision, revision.path, 1, message, restore)


def lock(history: History, lock_file: Path, *, through: str | None = None) -> tuple[Entry, ...]:
    """Record every revision that is not yet published.

    Args:
        history: The project's revisions.
        lock_file: Made if missing.
        through: Record only this revision and its ancestors.

    Returns:
        What was recorded now, oldest first; empty where nothing was new.

    Raises:
        ToolError: The graph has a problem, several heads, or a published revision was changed.
    """
    from calista_tools.history.digest import digest_file

    if history.problems:
        problem = history.problems[0]
        raise ToolError(f"{problem.path}: {problem.message}", "nothing was recorded")
    broken = check_lock(history, lock_file)
    if broken:
        raise ToolError(f"{broken[0].path}: {broken[0].message}", broken[0].hint)
    split = split_heads(history)
    if through is None and split:
        heads = ", ".join(split)
        raise ToolError(
            f"the history has several heads: {heads}",
            f"`{door()} rebase` makes them one, or `{door()} merge` where both are published; a branch"
            " that is there on purpose has branch_labels",
        )
    wanted = history.ancestors(history.one(through), dependencies=True) if through else None
    published = read_lock(lock_file).published
    new = tuple(
        Entry(r.revision, r.down_revisions, digest_file(r.path), r.name)
        for r in history.ordered
        if r.revision not in published and (wanted is None or r.revision in wanted)
    )
    if new:
        outside = dict.fromkeys(
            parent for entry in new for parent in entry.parents if parent not in history.revisions
        )
        append(lock_file, [entry.revision for entry in new if not entry.parents], new, [*outside])
    return new
