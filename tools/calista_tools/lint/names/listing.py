"""Which names do the revisions create, rename and drop? What ``calista-lint --names`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calista_tools.effects.schema import changes_of, walk
from calista_tools.lint.asking import answered, asks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from calista_tools.effects.schema.elements import Change, Event
    from calista_tools.lint.migration import Migration

_KINDS = frozenset({"pk", "uq", "ix", "fk", "ck", "ex", "trigger", "function", "table"})


def list_names(
    migrations: Sequence[Migration], reported: Iterable[object] | None = None
) -> list[dict[str, Any]]:
    """Return an entry for every name, in the order in which the history makes them.

    Args:
        migrations: All of a history: what a revision drops may have been named by another one.
        reported: The paths to list; None lists all.
    """
    by_id = {one.revision.revision: one for one in migrations if one.revision is not None}
    wanted = None if reported is None else {str(path) for path in reported}
    found: dict[tuple[object, ...], dict[str, Any]] = {}
    order: dict[tuple[object, ...], tuple[int, int, int]] = {}
    parents = {
        revision: [*one.revision.down_revisions, *one.revision.depends_on]
        for revision, one in by_id.items()
        if one.revision is not None
    }
    for dialect in _dialects(migrations):
        _list(by_id, parents, dialect, wanted, found, order)
    return [found[place] for place in sorted(found, key=order.__getitem__)]


def _dialects(migrations: Sequence[Migration]) -> tuple[str, ...]:
    return migrations[0].dialects if migrations else ()


def _list(
    by_id: Mapping[str, Migration],
    parents: Mapping[str, Sequence[str]],
    dialect: str,
    wanted: set[str] | None,
    found: dict[tuple[object, ...], dict[str, Any]],
    order: dict[tuple[object, ...], tuple[int, int, int]],
) -> None:
    current: Migration | None = None
    seen: dict[tuple[object, ...], int] = {}
    step = 0

    def tell(event: Event) -> None:
        if current is None or event.placed.kind not in _KINDS | {""}:
            return
        filename = str(current.path)
        if wanted is not None and filename not in wanted:
            return
        entry = _entry(event, filename)
        key = tuple(tuple(value) if isinstance(value, list) else value for value in entry.values())
        number = seen[key] = seen.get(key, 0) + 1
        place = (step, event.change.position, key, number)
        if place not in found:
            found[place] = entry
            order[place] = (step, event.change.position, len(order))
        found[place]["dialects"].append(dialect)

    known: dict[str, list[Change]] = {}

    def changes(revision: str) -> list[Change]:
        one = by_id[revision]
        if revision in known:
            return known[revision]
        return changes_of(one.operations, dialect, one.convention.templates)

    for revision, schema in walk(parents, changes, dialect, tell):
        current = by_id[revision]
        if asks(current):
            known[revision] = answered(current, dialect, schema)
        step += 1


def _entry(event: Event, filename: str) -> dict[str, Any]:
    placed = event.placed
    columns = placed.columns
    entry: dict[str, Any] = {
        "op": event.action,
        "kind": placed.kind,
        "table": event.table or None,
        "name": placed.name,
        "columns": None if columns is None else list(columns),
        "dialects": [],
        "implicit": placed.implicit,
        "reason": None if placed.name is not None else placed.reason or "is not known",
        "filename": filename,
        "row": placed.row if event.action == "create" else event.change.row,
    }
    if event.action == "create" and placed.kind == "table":
        entry["row"] = event.change.row
    if event.action == "rename":
        entry["old_name"] = event.old_name
    return entry
