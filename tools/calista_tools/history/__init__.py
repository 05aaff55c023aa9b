"""The revision graph, read from source without running it: the room every tool looks into."""

from calista_tools.history.graph import History
from calista_tools.history.reader import read_file, read_history, read_source, read_tree
from calista_tools.history.revision_record import Problem, Revision

__all__ = [
    "History",
    "Problem",
    "Revision",
    "read_file",
    "read_history",
    "read_source",
    "read_tree",
]
