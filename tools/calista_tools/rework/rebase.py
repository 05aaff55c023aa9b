"""How do two heads become one? The unpublished branch is put on top of the other one.

Unpublished revisions that are dated before their parents get a later minute on the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from calista_tools.command_name import door
from calista_tools.errors import ToolError
from calista_tools.history.filename import MINUTE, STAMP, stamp_of
from calista_tools.history.graph import History
from calista_tools.history.labelled_branches import labels_of, share_a_base, split_branches
from calista_tools.history.reader import read_bytes
from calista_tools.rework.rewrite import rewrite_header
from calista_tools.rework.sides import choose_target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from calista_tools.history.git import Repository
    from calista_tools.history.revision_record import Revision


class Move(NamedTuple):
    """One revision file, before and after."""

    revision: str
    old: Path
    new: Path
    before: bytes
    after: bytes


class Plan(NamedTuple):
    """What a rebase will do.

    Attributes:
        target: The head that everything else is put on.
        moves: In the order of the new history; empty where there is one head already.
        history: The history as it will be.
        shared: Tables that both sides touch, with a file of the moved and of the other side.
    """

    target: str
    moves: tuple[Move, ...]
    history: History
    shared: Mapping[str, tuple[Path, Path]]

    def changes(self) -> dict[Path, bytes | None]:
        """Return what is to be written and removed."""
        removed: dict[Path, bytes | None] = {move.old: None for move in self.moves}
        return {**removed, **{move.new: move.after for move in self.moves}}


def plan_rebase(
    history: History, *, onto: str | None = None, repository: Repository | None = None
) -> Plan:
    """Decide how to make one line of the unpublished branches; nothing is written.

    Args:
        history: The project's revisions, with the published ones marked.
        onto: The head to put the others on; None lets the lock file, git and the dates decide.
        repository: Where git is asked which side is whose.

    Raises:
        ToolError: The history has a problem, or a published revision would have to move.
    """
    for problem in history.problems:
        raise ToolError(f"{problem.path}:{problem.line}: {problem.message}", "repair it first")
    if not history.heads:
        return Plan("", (), history, {})
    target, beside_it = _sides(history, onto, repository)
    order = _branches(history, target, beside_it)
    moved = [revision for branch in order for revision in branch]
    _refuse_published(history, target, moved)
    from calista_tools.effects.revision_kind import same_tables

    kept = history.ancestors(target)
    common = history.ancestors(*(p for r in moved for p in r.down_revisions if p in kept))
    beside = [history.revisions[name] for name in kept - common]
    moves, after = _moves(history, target, order)
    return Plan(target, moves, after, same_tables(moved, beside) if moved else {})


def _sides(
    history: History, onto: str | None, repository: Repository | None
) -> tuple[str, Sequence[str]]:
    """Return the head that stays, and those of its branch that are put on it.

    Raises:
        ToolError: Which one stays cannot be decided, or they have different bases and nobody said
            that one of them shall lose its own.
    """
    if onto:
        target = _target(history, onto)
        labels = labels_of(history, target)
        ends = [revision.revision for revision in history.childless]
        return target, [h for h in ends if h != target and labels_of(history, h) == labels]
    split = split_branches(history)
    if not split:
        # Nothing moves, but what is dated before its parents is dated again.
        return choose_target(history, repository, history.heads[:1]), ()
    beside: Sequence[str]
    for heads in split:
        target = choose_target(history, repository, heads)
        beside = [h for h in heads if h != target and share_a_base(history, h, target)]
        if beside:
            return target, beside
    heads = split[0]
    raise ToolError(
        f"{' and '.join(heads)} have different bases",
        f"`{door()} rebase --onto REV` puts the others on one of them; a base that is there on purpose"
        " has branch_labels",
    )


def _target(history: History, onto: str) -> str:
    target = history.one(onto)
    if history.children[target]:
        above = [head for head in history.heads if head in history.descendants(target)]
        raise ToolError(
            f"{target} is not a head: {', '.join(history.children[target])} follows it",
            f"`--onto {above[0]}` is the end of that branch" if above else "",
        )
    return target


def _branches(history: History, target: str, heads: Sequence[str]) -> list[list[Revision]]:
    """Return what lies beside the target: one list a head, each without what came before it."""
    kept = set(history.ancestors(target))
    found: list[list[Revision]] = []
    place = {revision.revision: number for number, revision in enumerate(history.ordered)}
    for head in sorted(heads, key=place.__getitem__):
        own = history.ancestors(head) - kept
        kept |= own
        found.append([revision for revision in history.ordered if revision.revision in own])
    return found


def _refuse_published(history: History, target: str, moved: Sequence[Revision]) -> None:
    published = [r for r in moved if r.revision in history.published]
    if published:
        names = ", ".join(f"{r.revision} ({r.name})" for r in published[:3])
        raise ToolError(
            f"published revisions do not move, and beside {target} there are: {names}",
            f"`{door()} merge -m MESSAGE` joins branches that are published, or choose the"
            " published side with --onto",
        )
    ids = {revision.revision for revision in moved}
    below = history.ancestors(target, dependencies=True)
    if ids & below:
        name = min(ids & below)
        raise ToolError(f"{target} depends on {name}, so {name} cannot come after it")


def _moves(
    history: History, target: str, branches: Sequence[Sequence[Revision]]
) -> tuple[tuple[Move, ...], History]:
    """Re-parent and re-stamp, parents first; return the history as it will be, too."""
    revisions = dict(history.revisions)
    stamps = {name: stamp_of(r.name) for name, r in revisions.items()}
    taken = {revision.path for revision in revisions.values()}
    below = history.ancestors(target)
    kept = [r for r in history.ordered if r.revision in below]
    parents = {r.revision: r.down_revisions for r in kept}
    top = target
    for branch in branches:
        own = {revision.revision for revision in branch}
        for revision in branch:
            inner = tuple(parent for parent in revision.down_revisions if parent in own)
            parents[revision.revision] = inner or (top,)
        top = branch[-1].revision
    moves: list[Move] = []
    for revision in (*kept, *(revision for branch in branches for revision in branch)):
        if revision.revision in history.published:
            continue
        above = parents[revision.revision]
        taken.discard(revision.path)
        path, stamp = _free_name(revision, _stamp(revision, above, stamps), taken)
        taken.add(path)
        stamps[revision.revision] = stamp
        if path == revision.path and above == revision.down_revisions:
            continue
        source = read_bytes(revision.path)
        if not isinstance(source, bytes):
            raise ToolError(f"{source.path}: {source.message}")
        created = stamp if path != revision.path else None
        after = rewrite_header(source, revision.path, above, created)
        moves.append(Move(revision.revision, revision.path, path, source, after))
        revisions[revision.revision] = revision._replace(filename=str(path), down_revisions=above)
    ordered = sorted(revisions.values(), key=lambda revision: revision.name)
    after_it = History(ordered, published=history.published, external=history.external)
    return tuple(moves), after_it


def _stamp(
    revision: Revision, parents: Sequence[str], stamps: Mapping[str, datetime | None]
) -> datetime | None:
    """Keep a revision's minute if it is after its parents', else take the first one that is."""
    stamp = stamps[revision.revision]
    before = [found for parent in parents if (found := stamps.get(parent)) is not None]
    if stamp is None or not before or stamp > max(before):
        return stamp
    return max(before) + MINUTE


def _free_name(
    revision: Revision, stamp: datetime | None, taken: set[Path]
) -> tuple[Path, datetime | None]:
    """Return the path for a stamp, and the stamp itself: a later one where the name is taken."""
    if stamp is None or stamp == stamp_of(revision.name):
        return revision.path, stamp
    slug = revision.name[len("YYYYMMDD_HHMM_") :]
    while True:
        path = revision.path.with_name(f"{stamp.strftime(STAMP)}_{slug}")
        if path not in taken and not path.exists():
            return path, stamp
        stamp += MINUTE


def render_diff(plan: Plan, root: Path) -> str:
    """Return what a rebase changes as a diff that ``git apply`` understands."""
    from difflib import unified_diff

    parts: list[str] = []
    for move in plan.moves:
        old, new = (_relative(path, root) for path in (move.old, move.new))
        parts.append(f"diff --git a/{old} b/{new}\n")
        if old != new:
            parts.append(f"rename from {old}\nrename to {new}\n")
        before, after = (
            data.decode("utf-8", "replace").splitlines(keepends=True)
            for data in (move.before, move.after)
        )
        parts += unified_diff(before, after, f"a/{old}", f"b/{new}")
    return "".join(parts)


def _relative(path: Path, root: Path) -> str:
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.as_posix()
