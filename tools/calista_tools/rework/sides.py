"""Which of several heads stays where it is? The lock file decides, then git, then the dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.command_name import door
from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from calista_tools.history.git import Repository
    from calista_tools.history.graph import History


def choose_target(
    history: History, repository: Repository | None, among: Sequence[str] | None = None
) -> str:
    """Return the head that the others are put on; ``among`` are those of one branch, or all.

    A branch that holds what is published stays; so does what is on the branch that others are merged
    into; else the branch that was begun first.

    Raises:
        ToolError: Several branches are published.
    """
    among = history.heads if among is None else among
    published = history.published & history.ancestors(*among)
    heads = [head for head in among if published <= history.ancestors(head)]
    if not heads:
        beside = [head for head in among if _own(history, head, among) & published]
        raise ToolError(
            f"several branches are published: {', '.join(beside or among)}",
            f"`{door()} merge -m MESSAGE` joins them; published revisions do not move",
        )
    own = {head: _own(history, head, among) for head in heads}
    if repository is not None:
        kept = _kept_files(repository)
        if kept is not None:
            settled = [
                head
                for head in own
                if any(history.revisions[name].path.resolve() in kept for name in own[head])
            ]
            if len(settled) == 1:
                return settled[0]
    return min(own, key=lambda head: _begun(history, own[head]))


def _own(history: History, head: str, among: Sequence[str]) -> frozenset[str]:
    """Return what only this head has."""
    others = [name for name in among if name != head]
    return history.ancestors(head) - history.ancestors(*others)


def _begun(history: History, names: frozenset[str]) -> tuple[str, str]:
    """When a branch was begun, as something to sort by."""
    first = next(revision for revision in history.ordered if revision.revision in names)
    created = first.created
    return ("" if created is None else created.isoformat(), first.name)


def _kept_files(repository: Repository) -> frozenset[Path] | None:
    """Return the files of the side that stays; None where git cannot tell the sides apart."""
    busy = repository.busy_with()
    default = repository.default()
    if busy == "rebase":
        # HEAD is the branch that is rebased onto, with what has been applied so far: ours is
        # what comes from REBASE_HEAD. What was there before the rebase began is what stays.
        for name in ("rebase-merge", "rebase-apply"):
            onto = repository.git / name / "onto"
            if onto.is_file():
                return _files(repository, onto.read_text().strip())
        return _files(repository, "HEAD")
    if busy == "merge":
        on_default = default is not None and repository.branch() == default.rpartition("/")[2]
        return _files(repository, "HEAD" if on_default else "MERGE_HEAD")
    if busy == "cherry-pick" or default is None or _same(repository, default):
        return _files(repository, "HEAD")
    return _files(repository, default)


def _same(repository: Repository, name: str) -> bool:
    commit = repository.ask("rev-parse", name)
    return bool(commit) and commit == repository.ask("rev-parse", "HEAD")


def _files(repository: Repository, commit: str) -> frozenset[Path] | None:
    if not repository.exists(commit):
        return None
    return frozenset(path.resolve() for path in repository.files(commit))
