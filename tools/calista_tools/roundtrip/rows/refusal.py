"""Did an upgrade fail because of which rows there were, or would it with any?

A revision may add a CHECK or a reference, or cast texts to numbers, and be right: its author knows
what the rows are like, and the sample rows are only what the schema allowed. A column that takes no
NULL and gets no value is another matter, and so is a type that is too short: every row fails.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError

    from calista_tools.roundtrip.rows.table_model import RowState

_NULL = re.compile(
    r'column "(?P<column>[^"]+)" of relation|NOT NULL constraint failed: (?P<dotted>\S+)'
)
#: Too long, out of range (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_TOO_NARROW = frozenset({"22001", "22003"})
#: Rows that the revision makes from others, and not a table's own ones in a recreation.
_COPY = re.compile(r"\s*(INSERT\s+INTO\s+(?![\"`]?_alembic_tmp_)|UPDATE\b)", re.IGNORECASE)
#: A subquery that found several rows where one was expected; a transaction in which something
#: failed before, which the revision did not mind.
_OF_ROWS = frozenset({"21000", "25P02"})
#: Classes of errors that come of the schema alone: not supported, something depends on it, and
#: whatever is missing, is there already, is of another type or cannot be read as SQL.
_OF_SCHEMAS = frozenset({"0A", "2B", "42"})
#: The same, as SQLite says it.
_OF_SCHEMA = re.compile(
    r"no such|already exists|duplicate column|syntax error|error in |unknown |unrecognized|may not|"
    r"incomplete input|[Cc]annot (?:add a (?:PRIMARY|UNIQUE)|drop|INSERT|UPDATE)"
)
#: What SQLite says of a text that is no document.
_NO_DOCUMENT = "malformed JSON"


def is_about_values(error: BaseException) -> bool:
    """Tell whether a step may have failed because of what is in the tables.

    When in doubt, yes: then rows are part of what reproduces it.
    """
    from sqlalchemy.exc import DBAPIError, IntegrityError

    if not isinstance(error, DBAPIError) or isinstance(error, IntegrityError):
        return True
    if state := _state(error):
        return state[:2] not in _OF_SCHEMAS
    return _OF_SCHEMA.search(str(error.orig)) is None


def _state(error: DBAPIError) -> str | None:
    """Return the SQLSTATE, which SQLite does not have."""
    found: str | None = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    return found


def is_about_rows(error: BaseException, before: RowState) -> bool:
    """Tell whether an upgrade that passes without rows may pass with others than those before it."""
    from sqlalchemy.exc import (
        DataError,
        DBAPIError,
        IntegrityError,
        SQLAlchemyError,
        StatementError,
    )

    if not isinstance(error, DBAPIError):
        # Code of the revision, or a type of SQLAlchemy's, that did not understand a value.
        return isinstance(error, StatementError) or not isinstance(error, SQLAlchemyError)
    original, state = error.orig, _state(error)
    if isinstance(error, DataError):
        # A type that became too short refuses what was right; a longer value may never occur.
        narrowed = re.match(r"\s*ALTER\b", error.statement or "", re.IGNORECASE)
        return state not in _TOO_NARROW or not narrowed
    if not isinstance(error, IntegrityError):
        return state in _OF_ROWS or _NO_DOCUMENT in str(original)
    found = _NULL.search(str(original))
    if not found or _COPY.match(error.statement or ""):
        return True
    column = found["column"] or found["dotted"].rpartition(".")[2]
    return any(column in content.columns for content in before.contents.values())
