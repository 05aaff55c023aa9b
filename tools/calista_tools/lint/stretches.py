"""Where can a long history be cut, so that what comes after it stands on one schema?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Shorter histories are read as fast as what was known of them.
_LONG = 150
#: The last stretch is short: a developer changes the newest revision again and again.
_NEWEST = 8
_PARTS = 8


def stretches(parents: Mapping[str, Sequence[str]], sequence: Sequence[str]) -> list[int]:
    """Return the places at which the stretches of a history begin, the first one 0.

    Args:
        parents: The parents of every revision.
        sequence: The revisions, each after its parents.
    """
    count = len(sequence)
    if count < _LONG:
        return [0]
    wanted = [count * part // _PARTS for part in range(1, _PARTS)]
    cuts = _cuts(parents, sequence)
    found = {0}
    for place in (*wanted, count - _NEWEST):
        while place and not cuts[place]:
            place -= 1
        found.add(place)
    return sorted(found)


def _cuts(parents: Mapping[str, Sequence[str]], sequence: Sequence[str]) -> list[bool]:
    """Whether one revision alone is what all from a place on descend from, for each place."""
    place = {revision: index for index, revision in enumerate(sequence)}
    last_child = [0] * len(sequence)
    roots = 0
    for index, revision in enumerate(sequence):
        known = [place[parent] for parent in parents[revision] if parent in place]
        roots += not known
        for at in known:
            last_child[at] = index
    if roots != 1:
        return [False] * len(sequence)
    opened = [0] * (len(sequence) + 1)
    for at, last in enumerate(last_child):
        if last:
            opened[at + 1] += 1
            opened[last + 1] -= 1
    cuts, waiting = [], 0
    for at in range(len(sequence)):
        waiting += opened[at]
        cuts.append(waiting == 1)
    return cuts
