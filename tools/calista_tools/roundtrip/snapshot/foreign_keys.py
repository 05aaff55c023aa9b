"""Where does a foreign key point? Both dialects say it in a snapshot, each in its own words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from calista_tools.roundtrip.snapshot.snapshot_record import Properties

_NAME = r'(?:"(?:[^"]|"")+"|\w+)'
_POSTGRESQL = re.compile(
    rf"FOREIGN KEY \((?P<columns>[^)]*)\) REFERENCES (?P<table>{_NAME}(?:\.{_NAME})?)"
)
_SQLITE = re.compile(r"(?P<columns>.*) → (?P<table>.+?)(?: \([^()]*\))?\Z")


class Reference(NamedTuple):
    """A foreign key's columns, as they are listed, and the table that they are found in."""

    columns: str
    table: str


def reference(properties: Properties) -> Reference | None:
    """Read a foreign key's properties."""
    found = _POSTGRESQL.search(properties.get("definition", "")) or _SQLITE.match(
        str(properties.get("refers", ""))
    )
    if found is None:
        return None
    return Reference(found["columns"], found["table"].replace('"', ""))
