"""How do the revisions hang together? Parents, children, heads, bases and order."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from calista_tools.history.reader import Problem, Revision

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class History:
    """The revisions of a project and what is wrong with their graph.

    Attributes:
        revisions: By revision id.
        problems: Files that are no revision, and edges that lead nowhere.
    """

    def __init__(self, revisions: Iterable[Revision], problems: Iterable[Problem] = ()) -> None:
        self.revisions: dict[str, Revision] = {}
        self.problems: list[Problem] = list(problems)
        for revision in revisions:
            first = self.revisions.setdefault(revision.revision, revision)
            if first is not revision:
                message = f"revision {revision.revision!r} is also in {first.path.name}"
                self.problems.append(Problem("duplicate", revision.path, message))
        for revision in self.revisions.values():
            self.problems.extend(
                Problem("missing-parent", revision.path, f"unknown down_revision {parent!r}")
                for parent in revision.down_revisions
                if parent not in self.revisions
            )

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """The ids that name each id as a parent."""
        found: dict[str, list[str]] = {revision: [] for revision in self.revisions}
        for revision in self.revisions.values():
            for parent in revision.down_revisions:
                if parent in found:
                    found[parent].append(revision.revision)
        return {revision: tuple(children) for revision, children in found.items()}

    @property
    def heads(self) -> tuple[str, ...]:
        """The ids without a child."""
        return tuple(revision for revision, children in self.children.items() if not children)

    @property
    def bases(self) -> tuple[str, ...]:
        """The ids without a parent."""
        return tuple(r.revision for r in self.revisions.values() if not r.down_revisions)
