"""How do the revisions hang together? Parents, children, heads, bases and order."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from calista_tools.command_name import door
from calista_tools.errors import ToolError
from calista_tools.history.revision_record import Problem, Revision
from calista_tools.startup.patterns import later

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ELSEWHERE = "(if it is another package's: list it in `external-revisions` of [tool.calista])"
#: As in Alembic's ``runtime/migration.py`` and ``script/revision.py``.
_RELATIVE = later(r"(?:(.+?)@)?(\w+)?([+-]\d+)")


class History:
    """The revisions of a project and what is wrong with their graph.

    What is asked for is computed once, in time linear in the history.

    Attributes:
        revisions: By revision id, in the order of the files. Of two files with one id the later
            one counts, as for Alembic.
        problems: Files that are no revision, edges that lead nowhere, and cycles.
        published: Ids that the lock file records; empty where it was not read.
        external: Ids of other packages' revisions, or patterns of them: such parents and
            dependencies are no problem.
    """

    def __init__(
        self,
        revisions: Iterable[Revision],
        problems: Iterable[Problem] = (),
        published: Iterable[str] = (),
        external: Iterable[str] = (),
    ) -> None:
        self.revisions: dict[str, Revision] = {}
        self.problems: list[Problem] = list(problems)
        self.published: frozenset[str] = frozenset(published)
        self.external = tuple(external)
        self._files = tuple(revisions)
        for revision in self._files:
            first = self.revisions.get(revision.revision)
            if first is not None:
                message = f"revision {revision.revision!r} is also in {first.name}"
                self.problems.append(Problem("duplicate", revision.path, message))
            self.revisions[revision.revision] = revision
        self._check_edges()
        self._check_cycles()

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """The revision ids at which named branches start, by branch label."""
        return {label: r.revision for r in self.revisions.values() for label in r.branch_labels}

    @cached_property
    def dependencies(self) -> Mapping[str, tuple[str, ...]]:
        """The ids that ``depends_on`` names, labels resolved, for the ids that have any."""
        found: dict[str, tuple[str, ...]] = {}
        for revision in self.revisions.values():
            if revision.depends_on:
                ids = (self.labels.get(name, name) for name in revision.depends_on)
                found[revision.revision] = tuple(
                    dict.fromkeys(name for name in ids if name in self.revisions)
                )
        return found

    @cached_property
    def parents(self) -> Mapping[str, tuple[str, ...]]:
        """The ids that each id names as ``down_revision``; only ids that exist."""
        known = self.revisions.keys()
        found: dict[str, tuple[str, ...]] = {}
        for revision in self.revisions.values():
            parents = revision.down_revisions
            if len(parents) > 1 or not known >= set(parents):
                parents = tuple(dict.fromkeys(name for name in parents if name in known))
            found[revision.revision] = parents
        return found

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """The ids that name each id as a parent."""
        found: dict[str, list[str]] = {revision: [] for revision in self.revisions}
        for revision, parents in self.parents.items():
            for parent in parents:
                found[parent].append(revision)
        return {revision: tuple(children) for revision, children in found.items()}

    @cached_property
    def heads(self) -> tuple[str, ...]:
        """The ids without a child; the id of a file that another file hides is one, too."""
        children = self.children
        return self._ids(lambda revision: not children[revision.revision])

    @cached_property
    def bases(self) -> tuple[str, ...]:
        """The ids without a parent."""
        return self._ids(lambda revision: not revision.down_revisions)

    @property
    def childless(self) -> tuple[Revision, ...]:
        """The heads that no revision follows: without the ids that two files have."""
        return tuple(self.revisions[name] for name in self.heads if not self.children[name])

    @property
    def parentless(self) -> tuple[Revision, ...]:
        """The bases that follow no revision: without the ids that two files have."""
        found = (self.revisions[name] for name in self.bases)
        return tuple(revision for revision in found if not revision.down_revisions)

    @cached_property
    def ordered(self) -> tuple[Revision, ...]:
        """Every revision after its parents and dependencies, else in the order of the files.

        Revisions on a cycle, and what comes after them, are missing.
        """
        done: set[str] = set()
        for name, parents in self.parents.items():
            if not done.issuperset(parents) or not done.issuperset(self.dependencies.get(name, ())):
                return self._sorted()
            done.add(name)
        return tuple(self.revisions.values())

    @property
    def line(self) -> tuple[Revision, ...] | None:
        """The history from its base to its head, or None where it is not one line."""
        ordered = self.ordered
        whole = len(ordered) == len(self._files) and len(self.heads) <= 1 and len(self.bases) <= 1
        return ordered if whole and not any(r.is_merge for r in ordered) else None

    def ancestors(self, *revisions: str, dependencies: bool = False) -> frozenset[str]:
        """Return the ids below these, themselves included.

        Args:
            revisions: Where to start.
            dependencies: Follow ``depends_on`` as well.
        """
        return _reached(
            revisions, [self.parents, self.dependencies] if dependencies else [self.parents]
        )

    def descendants(self, *revisions: str) -> frozenset[str]:
        """Return the ids above these, themselves included."""
        return _reached(revisions, [self.children])

    def resolve(self, name: str) -> tuple[str, ...]:
        """Return the ids that a name means, as Alembic understands it.

        Args:
            name: An id or the beginning of one (four characters or more), ``head``, ``heads``,
                ``base``, a branch label, ``label@head``, or one of these and how many revisions
                before (``label@head-1``) or after it (``base+2``).

        Returns:
            No id where nothing is meant, several where the name is ambiguous.
        """
        if name in self.revisions:
            return (name,)
        relative = _RELATIVE.fullmatch(name)
        if relative is not None:
            return self._walked(*relative.groups())
        label, at, rest = name.rpartition("@")
        if at:
            start = self.resolve(label)
            line = self.descendants(*start) | self.ancestors(*start)
            return tuple(found for found in self.resolve(rest) if found in line)
        if name in ("head", "heads"):
            return self.heads
        if name == "base":
            return self.bases
        if name in self.labels:
            return (self.labels[name],)
        if len(name) < 4:
            return ()
        return tuple(revision for revision in self.revisions if revision.startswith(name))

    def one(self, name: str) -> str:
        """Return the one id that a name means; see `resolve`.

        Raises:
            ToolError: It means none or several.
        """
        found = self.resolve(name)
        if len(found) == 1:
            return found[0]
        if found:
            raise ToolError(f"`{name}` means several revisions: {', '.join(found[:5])}")
        raise ToolError(f"there is no revision `{name}`", f"`{door()} history` lists them")

    def is_external(self, name: str) -> bool:
        """Whether an id that no file has is another package's, as the project says."""
        if not self.external:
            return False
        from fnmatch import fnmatchcase

        return any(fnmatchcase(name, pattern) for pattern in self.external)

    def _walked(self, label: str | None, symbol: str | None, steps: str) -> tuple[str, ...]:
        """Return what lies so many steps from what a name means: several where the way forks."""
        count = int(steps)
        if symbol is None and count > 0:
            return ()  # counted from where a database is, which only that knows
        symbol = symbol or "heads"
        if symbol == "base":
            count -= 1  # the base itself is the first step from nothing
            if count < 0:
                return ()
        found = self.resolve(f"{label}@{symbol}" if label else symbol)
        line = None
        if label:
            start = self.resolve(label)
            line = self.descendants(*start) | self.ancestors(*start)
        edges = self.children if count > 0 else self.parents
        for _ in range(min(abs(count), len(self.revisions) + 1)):
            following = (name for one in found for name in edges[one])
            found = tuple(dict.fromkeys(name for name in following if line is None or name in line))
        return found

    def _ids(self, chosen: Callable[[Revision], bool]) -> tuple[str, ...]:
        found = (
            file.revision
            for file in self._files
            if self.revisions[file.revision] is not file or chosen(file)
        )
        return tuple(dict.fromkeys(found))

    def _before(self, revision: str) -> tuple[str, ...]:
        """Parents and dependencies, each once."""
        depends = self.dependencies.get(revision)
        return (
            tuple(dict.fromkeys(self.parents[revision] + depends))
            if depends
            else self.parents[revision]
        )

    def _sorted(self) -> tuple[Revision, ...]:
        """``ordered`` where the files' names are not in the order of the history."""
        import heapq

        names = tuple(self.revisions)
        place = {name: number for number, name in enumerate(names)}
        waits = {name: len(self._before(name)) for name in names}
        after: dict[str, list[str]] = {name: [] for name in names}
        for name in names:
            for earlier in self._before(name):
                after[earlier].append(name)
        ready = [place[name] for name in names if not waits[name]]
        order: list[Revision] = []
        while ready:
            name = names[heapq.heappop(ready)]
            order.append(self.revisions[name])
            for next_ in after[name]:
                waits[next_] -= 1
                if not waits[next_]:
                    heapq.heappush(ready, place[next_])
        return tuple(order)

    def _check_edges(self) -> None:
        for revision in self.revisions.values():
            named = [("down_revision", name) for name in revision.down_revisions]
            named += [
                ("depends_on", name) for name in revision.depends_on if name not in self.labels
            ]
            for where, name in named:
                if name not in self.revisions and not self.is_external(name):
                    message = f"unknown {where} {name!r} {ELSEWHERE}"
                    self.problems.append(Problem("missing-parent", revision.path, message))

    def _check_cycles(self) -> None:
        """Report every revision that is its own ancestor, or lies between two that are."""
        if len(self.ordered) == len(self.revisions):
            return
        sound = {revision.revision for revision in self.ordered}
        rest = [name for name in self.revisions if name not in sound]
        used = dict.fromkeys(rest, 0)
        for name in rest:
            for earlier in self._before(name):
                if earlier in used:
                    used[earlier] += 1
        loose = [name for name in rest if not used[name]]
        while loose:
            name = loose.pop()
            del used[name]
            for earlier in self._before(name):
                if earlier in used:
                    used[earlier] -= 1
                    if not used[earlier]:
                        loose.append(earlier)
        for name in used:
            through = next(earlier for earlier in self._before(name) if earlier in used)
            message = f"revision {name!r} comes after itself, by way of {through!r}"
            self.problems.append(Problem("cycle", self.revisions[name].path, message))


def _reached(
    start: Iterable[str], edges: Sequence[Mapping[str, tuple[str, ...]]]
) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        revision = waiting.pop()
        if revision not in found:
            found.add(revision)
            waiting.extend(next_ for edge in edges for next_ in edge.get(revision, ()))
    return frozenset(found)
