"""Which tables, columns, constraints and indexes are there before each revision?

``changes_of`` says what a revision changes on a dialect, ``apply`` does it to a `Schema`, ``walk`` goes
through a history, branches and merges included.
"""

from calista_tools.effects.schema.applying import apply
from calista_tools.effects.schema.changes import changes_of
from calista_tools.effects.schema.elements import Change, ColumnState, Placed, Table
from calista_tools.effects.schema.history_states import walk
from calista_tools.effects.schema.state import Schema

__all__ = ["Change", "ColumnState", "Placed", "Schema", "Table", "apply", "changes_of", "walk"]
