"""In which state is the schema before each revision? Through branches and merges, in linear time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.schema.applying import apply
from calista_tools.effects.schema.state import Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from calista_tools.effects.schema.elements import Change, Event


def order(parents: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the revisions, each after its parents; what stands in a cycle is left out."""
    waiting = {
        revision: sum(parent in parents for parent in of) for revision, of in parents.items()
    }
    children: dict[str, list[str]] = {}
    for revision, of in parents.items():
        for parent in of:
            children.setdefault(parent, []).append(revision)
    ready = [revision for revision, count in waiting.items() if not count]
    found: list[str] = []
    for revision in ready:  # grows while it is read
        found.append(revision)
        for child in children.get(revision, ()):
            waiting[child] -= 1
            if not waiting[child]:
                ready.append(child)
    return found


def walk(
    parents: Mapping[str, Sequence[str]],
    changes: Callable[[str], Sequence[Change]],
    dialect: str,
    tell: Callable[[Event], None] | None = None,
    *,
    sequence: Sequence[str] | None = None,
    base: Schema | None = None,
) -> Iterator[tuple[str, Schema]]:
    """Yield each revision with the schema that its ancestors leave behind.

    The schema is good until the next step, which applies the revision to it.

    Args:
        parents: The parents (and dependencies) of every revision.
        changes: What a revision changes on the dialect.
        dialect: Whose names are kept.
        tell: Hears what the revision that was yielded last does, when the next step is taken.
        sequence: The revisions, each after its parents, where that is known already.
        base: What revisions without a parent here stand on; an empty schema if None.
    """
    sequence = order(parents) if sequence is None else sequence
    place = {revision: index for index, revision in enumerate(sequence)}
    left = dict.fromkeys(sequence, 0)
    for revision in sequence:
        for parent in parents[revision]:
            if parent in left:
                left[parent] += 1
    merges = any(len(parents[revision]) > 1 for revision in sequence)
    above: dict[str, int] = {}
    states: dict[str, Schema] = {}
    for revision in sequence:
        known = [parent for parent in parents[revision] if parent in place]
        if merges:
            bits = 1 << place[revision]
            for parent in known:
                bits |= above[parent]
            above[revision] = bits
        schema = _start(known, states, left, base) or Schema(dialect)
        if base is None and len(known) < len(parents[revision]):
            schema.clear = False  # what its other parents did is not known
        if len(known) > 1:
            missing = above[revision] & ~above[known[0]] & ~(1 << place[revision])
            for one in _members(missing, sequence):
                apply(schema, changes(one))
        yield revision, schema
        apply(schema, changes(revision), tell)
        if left[revision]:
            states[revision] = schema


def _start(
    known: Sequence[str], states: dict[str, Schema], left: dict[str, int], base: Schema | None
) -> Schema | None:
    """Return the first parent's schema, copied where another child still needs it."""
    if not known:
        return None if base is None else base.copy()
    schema = states[known[0]]
    for parent in known:
        left[parent] -= 1
    if left[known[0]]:
        schema = schema.copy()
    for parent in known:
        if not left[parent]:
            states.pop(parent, None)
    return schema


def _members(bits: int, sequence: Sequence[str]) -> Iterator[str]:
    while bits:
        lowest = bits & -bits
        yield sequence[lowest.bit_length() - 1]
        bits ^= lowest
