"""What does raw SQL do to the schema and to the data? ``effects(text, dialect)`` says.

The recogniser is our own: a tokenizer of one compiled pattern, and small parsers for the DDL that
creates, renames and drops what has a name. A general parser, sqlglot 30, was tried: it returns
triggers with a body, PL/pgSQL functions, ``DO`` blocks, ``RENAME CONSTRAINT``, ``ALTER TRIGGER``,
``ENABLE ALWAYS TRIGGER``, ``ADD VALUE``, ``USING INDEX`` and ``EXCLUDE`` as an unparsed
``Command`` - the very statements that migrations write as text - and importing it takes longer than
reading a thousand revisions. As a second opinion it knew two statements more in twelve projects'
histories, and a verdict must not depend on what else is installed. What is not recognised is a
trouble, said once; it costs nothing else.
"""

from __future__ import annotations

from functools import lru_cache

from calista_tools.effects.sql.statement_effects import (
    HOLE,
    Change,
    Effects,
    Only,
    SqlTrouble,
    Statement,
    Trigger,
)

__all__ = [
    "HOLE",
    "Change",
    "Effects",
    "Only",
    "SqlTrouble",
    "Statement",
    "Trigger",
    "effects",
    "foreign",
]

#: Of texts above the first many are kept, above the second only the last few: each rule of a file
#: asks for all of them, one rule after the other.
_SHORT, _KEPT = 2_000, 50_000


def effects(text: str, dialect: str) -> Effects:
    """Return what ``text`` does on ``dialect`` (``sqlite`` or ``postgresql``).

    Takes one statement or several, with SQLAlchemy's ``:bind`` parameters. Never raises, takes
    time linear in the text, and returns names as that database would keep them (PostgreSQL folds
    unquoted ones to lower case; neither convention nor shortening is applied).
    """
    if len(text) <= _SHORT:
        return _kept_short(text, dialect)
    return _kept(text, dialect) if len(text) <= _KEPT else _kept_large(text, dialect)


def foreign(text: str, dialect: str) -> tuple[Only, ...]:
    """Return the constructs in ``text`` that ``dialect`` does not understand but the other does."""
    from calista_tools.effects.sql import parser

    return parser.foreign(text.replace("\\:", ":"), dialect)


def _effects(text: str, dialect: str) -> Effects:
    from calista_tools.effects.sql.parser import parse

    # `sa.text` takes `\\:` for a colon that begins no parameter.
    return parse(text.replace("\\:", ":"), dialect)


_kept_short = lru_cache(maxsize=20_000)(_effects)
_kept = lru_cache(maxsize=1024)(_effects)
#: The rules of one file ask one after the other.
_kept_large = lru_cache(maxsize=4)(_effects)
