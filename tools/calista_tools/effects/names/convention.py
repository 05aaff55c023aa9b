"""What does a naming convention make of an object? SQLAlchemy's tokens, computed from source.

Source: https://docs.sqlalchemy.org/en/latest/core/constraints.html#configuring-constraint-naming-conventions
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: What ``MetaData()`` has when it is given no convention of its own.
SQLALCHEMY_DEFAULT: Mapping[str, str] = {"ix": "ix_%(column_0_label)s"}
_TOKEN = re.compile(r"%\((\w+)\)s|%%|%")
_COLUMN = re.compile(r"(referred_)?column_(\d+)(_?N)?_(name|key|label)")


class Subject(NamedTuple):
    """The object that a name is made for.

    Attributes:
        name: What stands in for ``%(constraint_name)s``; None where there is none.
        action: What stands in for ``%(action)s``: what a trigger does.
    """

    table: str | None
    columns: Sequence[str | None] | None = ()
    referred_table: str | None = None
    referred_columns: Sequence[str | None] | None = ()
    name: str | None = None
    schema: str | None = None
    action: str | None = None


class UnknownTokenError(Exception):
    """A token's value cannot be known from the source; the message says why."""


def expand(template: str, subject: Subject) -> str:
    """Fill in a convention's tokens.

    Raises:
        UnknownTokenError: One of them cannot be known.
    """
    return _TOKEN.sub(lambda match: _value(match, subject), template)


def _value(match: re.Match[str], subject: Subject) -> str:
    term = match.group(1)
    if match[0] == "%":
        raise UnknownTokenError("the convention holds a token that is cut short")
    if term is None:
        return "%"
    if term == "table_name":
        return _known(subject.table, "the table is not known")
    if term == "referred_table_name":
        return _known(subject.referred_table, "the referred table is not known")
    if term == "constraint_name":
        return _known(subject.name, "the convention wants a name and none is given")
    if term == "action":
        return _known(subject.action, "what the trigger does is not known")
    return _columns(term, subject)


def _known(value: str | None, reason: str) -> str:
    if value is None:
        raise UnknownTokenError(reason)
    return value


def _columns(term: str, subject: Subject) -> str:
    match = _COLUMN.fullmatch(term)
    if match is None:
        raise UnknownTokenError(f"%({term})s is the project's own token")
    referred, number, multiple, attribute = match.groups()
    columns = subject.referred_columns if referred else subject.columns
    if columns is None:
        raise UnknownTokenError("the columns are not known")
    # As SQLAlchemy has it: a column that is not there gives an empty string.
    chosen = columns if multiple else columns[int(number) : int(number) + 1]
    prefix = ""
    if attribute == "label":
        prefix = _known(subject.table, "the table is not known") + "_"
        if subject.schema:
            prefix = subject.schema.replace(".", "_") + "_" + prefix
    words = [prefix + _known(column, "a column is an expression") for column in chosen]
    return ("_" if multiple == "_N" else "").join(words)


def wants_name(template: str) -> bool:
    """Whether the convention is applied to names that are given, too."""
    return "%(constraint_name)s" in template
