"""What is a snapshot? Objects and their properties, grouped by what is read at one time.

A group is a table with everything that belongs to it, or one other object. Groups that a step
did not change are the same Python object in two snapshots, which makes comparing them cheap.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

#: Property values are what JSON has, so that a snapshot can be kept in a file.
Properties = Mapping[str, Any]


class Key(NamedTuple):
    """An object's name in messages: ``column note.body``, ``index ix_note_body on note``."""

    kind: str
    name: str
    table: str = ""

    def __str__(self) -> str:
        if not self.table:
            return f"{self.kind} {self.name}"
        if self.kind == "column":
            return f"column {self.table}.{self.name}"
        return f"{self.kind} {self.name} on {self.table}"


Group = Mapping[Key, Properties]
Snapshot = Mapping[str, Group]

#: Kinds that hold others: with one of them missing, its parts are not worth a line each.
CONTAINERS = frozenset(
    {"table", "view", "materialized view", "foreign table", "virtual table", "type"}
)


def to_json(snapshot: Snapshot) -> str:
    """Return a snapshot as JSON that people can read and compare with ``diff``."""
    return json.dumps(
        {
            name: [
                {"kind": key.kind, "name": key.name, "table": key.table, "is": properties}
                for key, properties in sorted(group.items())
            ]
            for name, group in sorted(snapshot.items())
        },
        indent=1,
        ensure_ascii=False,
    )


def from_json(text: str) -> Snapshot:
    """Return what `to_json` wrote."""
    return {
        name: {Key(item["kind"], item["name"], item["table"]): item["is"] for item in group}
        for name, group in json.loads(text).items()
    }
