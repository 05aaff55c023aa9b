"""Which statements does a PL/pgSQL block hold? As far as its text shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.sql.cursor import Cursor, words
from calista_tools.effects.sql.tokens import statements

if TYPE_CHECKING:
    from collections.abc import Iterator

#: With these begin the statements of a block that do something to the database.
_SQL = words(
    "CREATE ALTER DROP INSERT UPDATE DELETE TRUNCATE MERGE WITH COMMENT GRANT REVOKE SET LOCK"
    " REFRESH COPY REINDEX CLUSTER SELECT"
)


def block(body: str) -> Iterator[tuple[Cursor, bool]]:
    """Yield the SQL statements of a block and whether each stands under a test or in a loop.

    ``EXECUTE 'text'`` is yielded as it stands: the caller reads the text.
    """
    depth = 0
    declaring = False
    for raw in statements(body, "postgresql"):
        cursor = Cursor(body, raw.tokens)
        if cursor.word == "DECLARE":
            declaring = True
        if declaring and cursor.word != "BEGIN":
            continue
        declaring = False
        depth += _control(cursor)
        if cursor.accept("DECLARE"):
            declaring = True
        elif cursor.accept("END"):
            if cursor.word in ("IF", "LOOP", "CASE"):
                depth = max(depth - 1, 0)
        elif cursor.word in _SQL or cursor.word == "EXECUTE":
            yield cursor, depth > 0


def _control(cursor: Cursor) -> int:
    """Step over the words that only steer; return how many blocks they open."""
    opened = 0
    while cursor:
        word = cursor.word
        if word in ("BEGIN", "ELSE", "LOOP", "EXCEPTION"):
            cursor.at += 1
            opened += word in ("LOOP", "EXCEPTION")
        elif word in ("IF", "ELSIF", "ELSEIF", "WHEN"):
            cursor.until("THEN")
            cursor.accept("THEN")
            opened += word == "IF"
        elif word in ("WHILE", "FOR", "FOREACH"):
            cursor.until("LOOP")
        elif word == "CASE":
            cursor.until("WHEN")
            opened += 1
        else:
            return opened
    return opened


def executed(cursor: Cursor) -> str | None:
    """Return the text that ``EXECUTE`` runs; None where it is put together at run time."""
    cursor.expect("EXECUTE")
    calls_format = cursor.accept("FORMAT", "(")
    if cursor.kind not in ("string", "dollar"):
        return None
    text = cursor.tokens[cursor.at].value
    cursor.at += 1
    if cursor.word not in ("", ")", "INTO", "USING") or (calls_format and "%" in text):
        return None
    return text
