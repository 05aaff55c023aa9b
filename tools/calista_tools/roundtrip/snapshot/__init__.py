"""What does a database hold, by its own catalogs, and how do two such states differ?"""

from calista_tools.roundtrip.snapshot.diff import ORDER, Difference, differences, moved_to_the_end
from calista_tools.roundtrip.snapshot.foreign_keys import Reference, reference
from calista_tools.roundtrip.snapshot.snapshot_record import (
    Group,
    Key,
    Snapshot,
    from_json,
    to_json,
)

__all__ = [
    "ORDER",
    "Difference",
    "Group",
    "Key",
    "Reference",
    "Snapshot",
    "differences",
    "from_json",
    "moved_to_the_end",
    "reference",
    "to_json",
]
