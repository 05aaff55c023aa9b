"""What do the two dialects' runs have in common? Used where one run cannot serve both."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from calista_tools.effects.objects import ALL_DIALECTS
from calista_tools.effects.operations import Guard, Operation

if TYPE_CHECKING:
    import ast

    from calista_tools.effects.evaluator.frame import State
    from calista_tools.effects.operations import Evaluation

_FIELDS = (
    "what",
    "table",
    "schema",
    "name",
    "columns",
    "referred_table",
    "referred_columns",
    "objects",
    "specs",
    "sql",
    "conditional",
    "offline",
)


def merge(evaluation: Evaluation, one: State, other: State) -> None:
    """Put the operations of two runs in one order; what both do becomes one record."""
    evaluation.operations = _operations(one.operations, other.operations)
    for node, truths in one.truths.items():
        there = other.truths.get(node)
        if there is None or len(truths) != 1 or truths == there:
            continue
        holds = one.dialects if True in truths else other.dialects
        direction = _direction(node, evaluation)
        evaluation.guards.append(Guard(node, holds & ALL_DIALECTS, direction))


def _direction(node: ast.AST, evaluation: Evaluation) -> str:
    line = getattr(node, "lineno", 0)
    down = evaluation.directions.get("downgrade")
    if down is not None and down.lineno <= line <= (down.end_lineno or line):
        return "downgrade"
    return "upgrade"


def _operations(first: list[Operation], second: list[Operation]) -> list[Operation]:
    places = {key: index for index, key in enumerate(_keys(second))}
    keys = list(_keys(first))
    matched = {places[key] for key in keys if key in places}
    found: list[Operation] = []
    done = 0
    for key, operation in zip(keys, first, strict=True):
        place = places.get(key)
        if place is not None and place >= done and operation.direction == second[place].direction:
            found.extend(second[done:place])
            done = place + 1
            twin = second[place]
            if _equal(operation, twin):
                operation.dialects = operation.dialects | twin.dialects
                found.append(operation)
            else:
                found += [operation, twin]
        else:
            # What only one dialect does keeps the order of the file.
            while done < len(second) and done not in matched and second[done].row < operation.row:
                found.append(second[done])
                done += 1
            found.append(operation)
    found.extend(second[done:])
    # A stable sort: what only one dialect does in `upgrade` stays before any `downgrade`.
    found.sort(key=lambda operation: operation.direction == "downgrade")
    return found


def _keys(operations: list[Operation]) -> list[tuple[str, ast.AST, int]]:
    seen: Counter[tuple[str, ast.AST]] = Counter()
    keys = []
    for operation in operations:
        key = (operation.what, operation.node)
        keys.append((*key, seen[key]))
        seen[key] += 1
    return keys


def _equal(one: Operation, other: Operation) -> bool:
    return all(getattr(one, field) == getattr(other, field) for field in _FIELDS)
