"""What does a database hold, by its own catalogs, and how do two such states differ?"""

from calista_tools.roundtrip.snapshot.diff import Difference, differences
from calista_tools.roundtrip.snapshot.model import Key, Snapshot, from_json, to_json

__all__ = ["Difference", "Key", "Snapshot", "differences", "from_json", "to_json"]
