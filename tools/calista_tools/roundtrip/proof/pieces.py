"""How is a long history proven on several processors? In pieces, each in a process of its own.

A piece begins where the one before it ends: its database is upgraded to there first, which takes a
fraction of the time that proofs take. What is found is the same as in one go, as long as every
revision can be upgraded to and all that it makes is in its database; where a piece finds otherwise,
all of them are given up (`PiecesError`) and the history is proven in one go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.roundtrip.proof.result import OK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alembic.script import Script

    from calista_tools.roundtrip.proof.apart import Apart
    from calista_tools.roundtrip.proof.result import Step

#: A process and a database of its own take about as long as proving so many revisions.
_LEAST = 30
#: With more of them, the last spend their time in being upgraded.
_MOST = 4
#: What an upgrade takes of the time of its proof, and what it takes of the whole to look at head.
_UPGRADE = 0.3
_HEAD = 0.07


class PiecesError(Exception):
    """The history cannot be proven in pieces."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the proof of one piece found.

    Attributes:
        alone: Whether the other pieces had nothing to do with it: see the module.
        counting: Revisions that may count on rows.
        opened: Files that were read, see `opened.noted`.
        modules: Digests of the project's modules, see `Cache.keep`.
    """

    steps: list[Step]
    alone: bool
    counting: set[str] = field(default_factory=set)
    opened: Mapping[str, bool] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)


class Pieces:
    """All pieces of a history but the last, which the caller proves meanwhile.

    Args:
        scripts: The history, parents first.
        jobs: How many processes there may be, the caller's own among them.
        prove: Proves the revisions from one place up to another, in a process of its own.
    """

    def __init__(
        self, scripts: Sequence[Script], jobs: int, prove: Callable[[int, int], Apart[Found]]
    ) -> None:
        *ends, _ = cut(len(scripts), jobs)
        self.scripts = scripts[: ends[-1]] if ends else []
        self._running: list[Apart[Found]] = []
        try:
            for first, end in zip([0, *ends], ends, strict=False):
                self._running.append(prove(first, end))
        except BaseException:
            self.close()
            raise

    def found(self) -> list[Found]:
        """Wait for all of them, the oldest first.

        Raises:
            PiecesError: One of them shows that the history is no sum of its pieces.
        """
        result = []
        for running in self._running:
            try:
                result.append(running.result())
            except ToolError as error:
                raise PiecesError from error
            if not result[-1].alone:
                raise PiecesError
        return result

    def close(self) -> None:
        """End what still runs."""
        for running in self._running:
            running.close()


def cut(count: int, jobs: int) -> list[int]:
    """Return where each piece ends, so that all take as long.

    Later ones are upgraded to first, and the last one looks at head: they are shorter.
    """
    pieces = max(1, min(jobs, count // _LEAST, _MOST))
    # What is upgraded to counts as little as an upgrade takes: a geometric series.
    share = [1 - (1 - _UPGRADE) ** at for at in range(1, pieces + 1)]
    ends = [round(count * (1 + _HEAD) * part / share[-1]) for part in share]
    return [*ends[:-1], count]


def stands_alone(steps: Sequence[Step]) -> bool:
    """Tell whether revisions that come after these could be proven without them."""
    return all(step.upgrade == OK for step in steps)
