"""Which of several heads are there on purpose? Branches have labels, in Alembic's words.

A revision and all that follow it carry its ``branch_labels``. Heads that carry the same ones, or none,
are one branch that was split by accident. What another branch names in ``depends_on`` runs before that
one's head, so it is no end of the history.
Source: https://alembic.sqlalchemy.org/en/latest/branches.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calista_tools.history.graph import History


def labels_of(history: History, name: str) -> frozenset[str]:
    """Return the branch labels that a revision carries, its own and those of its ancestors."""
    below = history.ancestors(name)
    return frozenset(label for label, start in history.labels.items() if start in below)


def split_branches(history: History) -> list[tuple[str, ...]]:
    """Return the heads of each branch that has several, in the order of the files."""
    if len(history.heads) < 2:
        return []
    needed = {name for names in history.dependencies.values() for name in names}
    found: dict[frozenset[str], list[str]] = {}
    for revision in history.childless:  # a doubled id is another problem
        if revision.revision not in needed:
            found.setdefault(labels_of(history, revision.revision), []).append(revision.revision)
    return [tuple(heads) for heads in found.values() if len(heads) > 1]


def split_heads(history: History) -> tuple[str, ...]:
    """Return the heads that are not there on purpose."""
    return tuple(head for heads in split_branches(history) for head in heads)


def with_labels(history: History, heads: Sequence[str]) -> str:
    """Name heads with the labels of their branches."""
    parts = []
    for head in heads:
        labels = ", ".join(sorted(labels_of(history, head)))
        parts.append(f"{head} ({labels})" if labels else head)
    return ", ".join(parts)


def share_a_base(history: History, one: str, other: str) -> bool:
    """Whether two revisions have an ancestor in common."""
    return not history.ancestors(one).isdisjoint(history.ancestors(other))
