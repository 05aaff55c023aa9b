"""How is a long history proven on several processors? In parts, each in a process of its own.

A part begins where the one before it ends: its database is upgraded to there first, which takes a
fraction of the time that proofs take. What is found is the same as in one go, as long as every
revision can be upgraded to and all that it makes is in its database; where a part finds otherwise,
all of them are given up (`NotParallelError`) and the history is proven in one go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.roundtrip.proof.result import OK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alembic.script import Script

    from calista_tools.roundtrip.proof.child_process import ChildProcess
    from calista_tools.roundtrip.proof.result import Step

#: A process and a database of its own take about as long as proving so many revisions.
_LEAST = 30
#: With more of them, the last spend their time in being upgraded.
_MOST = 4
#: What an upgrade takes of the time of its proof, and what it takes of the whole to look at head.
_UPGRADE = 0.3
_HEAD = 0.07


class NotParallelError(Exception):
    """The history cannot be proven in parts."""


@dataclass(frozen=True, kw_only=True)
class PartFindings:
    """What the proof of one part found.

    Attributes:
        alone: Whether the other parts had nothing to do with it: see the module.
        counting: Revisions that may count on rows.
        opened: Files that were read, see `files_read.noted`.
        modules: Digests of the project's modules, see `Cache.keep`.
    """

    steps: list[Step]
    alone: bool
    counting: set[str] = field(default_factory=set)
    opened: Mapping[str, bool] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)


class ParallelParts:
    """All parts of a history but the last, which the caller proves meanwhile.

    Args:
        scripts: The history, parents first.
        jobs: How many processes there may be, the caller's own among them.
        prove: Proves the revisions from one place up to another, in a process of its own.
    """

    def __init__(
        self,
        scripts: Sequence[Script],
        jobs: int,
        prove: Callable[[int, int], ChildProcess[PartFindings]],
    ) -> None:
        *ends, _ = cut(len(scripts), jobs)
        self.scripts = scripts[: ends[-1]] if ends else []
        self._running: list[ChildProcess[PartFindings]] = []
        try:
            for first, end in zip([0, *ends], ends, strict=False):
                self._running.append(prove(first, end))
        except BaseException:
            self.close()
            raise

    def found(self) -> list[PartFindings]:
        """Wait for all of them, the oldest first.

        Raises:
            NotParallelError: One of them shows that the history is no sum of its parts.
        """
        result = []
        for running in self._running:
            try:
                result.append(running.result())
            except ToolError as error:
                raise NotParallelError from error
            if not result[-1].alone:
                raise NotParallelError
        return result

    def close(self) -> None:
        """End what still runs."""
        for running in self._running:
            running.close()


def cut(count: int, jobs: int) -> list[int]:
    """Return where each part ends, so that all take as long.

    Later ones are upgraded to first, and the last one looks at head: they are shorter.
    """
    parts = max(1, min(jobs, count // _LEAST, _MOST))
    # What is upgraded to counts as little as an upgrade takes: a geometric series.
    share = [1 - (1 - _UPGRADE) ** at for at in range(1, parts + 1)]
    ends = [round(count * (1 + _HEAD) * part / share[-1]) for part in share]
    return [*ends[:-1], count]


def stands_alone(steps: Sequence[Step]) -> bool:
    """Tell whether revisions that come after these could be proven without them."""
    return all(step.upgrade == OK for step in steps)
