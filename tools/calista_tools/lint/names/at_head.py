"""Which names are live once every revision of a list has run?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class NameAtHead(NamedTuple):
    """A name that is live at the heads.

    Attributes:
        name: None where it cannot be known, or where SQLite keeps none.
        columns: None where they cannot be known; an expression is None in there.
        entry: The entry of the list that made it.
    """

    table: str | None
    kind: str
    name: str | None
    columns: tuple[str | None, ...] | None
    implicit: bool
    entry: Mapping[str, Any]


def names_at_head(entries: Iterable[Mapping[str, Any]], dialect: str) -> list[NameAtHead]:
    """Replay what ``calista-lint --names --output-format json`` lists, on one dialect.

    Tables and functions themselves are left out; what stood on a dropped table is gone with it.
    """
    live: list[NameAtHead] = []
    for entry in entries:
        if dialect not in entry["dialects"]:
            continue
        if entry["kind"] == "table":
            live = _table(live, entry)
        elif entry["kind"] == "function":
            continue
        elif entry["op"] == "create":
            columns = entry["columns"]
            made = NameAtHead(
                entry["table"],
                entry["kind"],
                entry["name"],
                None if columns is None else tuple(columns),
                bool(entry["implicit"]),
                entry,
            )
            live = [one for one in live if not _same_unnamed(one, made)]
            live.append(made)
        else:
            old = entry["old_name"] if entry["op"] == "rename" else entry["name"]
            place = _find(live, entry, old)
            if place is None:
                continue
            found = live.pop(place)
            if entry["op"] == "rename":
                live.insert(place, found._replace(name=entry["name"], implicit=entry["implicit"]))
    return live


def _same_unnamed(one: NameAtHead, made: NameAtHead) -> bool:
    """Whether a name is given to what SQLite has kept without: a batch block's convention does."""
    return (
        one.name is None
        and made.implicit
        and made.name is not None
        and one[:2] == made[:2]
        and one.columns == made.columns
    )


def _table(live: list[NameAtHead], entry: Mapping[str, Any]) -> list[NameAtHead]:
    if entry["op"] == "drop":
        return [one for one in live if one.table != entry["name"]]
    if entry["op"] == "rename":
        old, new = entry["old_name"], entry["name"]
        return [one._replace(table=new) if one.table == old else one for one in live]
    return live


def _find(live: list[NameAtHead], entry: Mapping[str, Any], name: str | None) -> int | None:
    """Return the place of what an entry drops or renames; an index may be a constraint's."""
    columns = entry["columns"]
    for place, one in enumerate(live):
        if one.name != name or (name is None and one.kind != entry["kind"]):
            continue
        if entry["table"] is not None and one.table != entry["table"]:
            continue
        if name is None and columns is not None and one.columns != tuple(columns):
            continue
        return place
    return None
