"""Which name does an object get in the end? The convention, ``op.f``, shortening, PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.names.convention import Subject, UnknownTokenError, expand, wants_name
from calista_tools.effects.names.shortening import (
    LONGEST,
    clip,
    column_part,
    object_name,
    shorten,
)
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from calista_tools.effects.objects import SchemaObject

POSTGRESQL = "postgresql"


class FinalName(NamedTuple):
    """A name as the database's catalog will hold it.

    Attributes:
        name: None where there is none, or where it cannot be known.
        reason: Why ``name`` is None; "" where it is not.
        implicit: Nobody wrote it: the convention or the database gives it.
        full: The name before it was shortened.
    """

    name: str | None
    reason: str = ""
    implicit: bool = False
    full: str | None = None


def subject_of(made: SchemaObject, name: str | None, action: str | None = None) -> Subject:
    """Return what the convention's tokens are taken from."""
    return Subject(
        made.table,
        made.columns,
        made.referred_table,
        made.referred_columns,
        name,
        made.schema,
        action,
    )


def final_name(made: SchemaObject, dialect: str, convention: Mapping[str, str]) -> FinalName:
    """Return the name that ``made`` has on a dialect after the operation ran."""
    name = made.name
    if made.raw or made.kind in ("table", "function", "trigger"):
        if name is None or name.text is None:
            return FinalName(None, name.reason if name else "is not named")
        text = name.text
        return FinalName(clip(text) if dialect == POSTGRESQL else text, "", made.implicit, text)
    if name is not None and name.text is None:
        return FinalName(None, name.reason)
    template = convention.get(made.kind)
    given = name.text if name is not None else None
    if given is not None and (name is None or name.final):
        return _conventional(given, dialect, implicit=made.implicit)
    if template is not None and (given is None or wants_name(template)):
        try:
            full = expand(template, subject_of(made, given))
        except UnknownTokenError as error:
            return FinalName(None, str(error), implicit=given is None)
        return _conventional(full, dialect, implicit=given is None)
    if given is not None:
        return _plain(given, dialect)
    if dialect == POSTGRESQL and made.action == "create":
        return _postgresql(made)
    return FinalName(None, "SQLite keeps no name for it", implicit=True)


def fits(name: str | None) -> bool:
    """Whether the name that an object has on SQLite is its name on PostgreSQL for certain."""
    return name is not None and len(name) <= LONGEST and name.isascii()


def _conventional(full: str, dialect: str, *, implicit: bool) -> FinalName:
    name = shorten(full) if dialect == POSTGRESQL else full
    return FinalName(name, "", implicit, full)


def _plain(given: str, dialect: str) -> FinalName:
    if dialect != POSTGRESQL:
        return FinalName(given, "", False, given)
    if len(given) > LONGEST:
        reason = f"SQLAlchemy refuses it: {len(given)} characters, PostgreSQL keeps {LONGEST} bytes"
        return FinalName(None, reason, False, given)
    return FinalName(clip(given), "", False, given)


_LABELS = {"pk": "pkey", "uq": "key", "fk": "fkey", "ck": "check", "ix": "idx", "ex": "excl"}


def _postgresql(made: SchemaObject) -> FinalName:
    """Return the name that PostgreSQL invents; which number it appends is the schema's to know."""
    if made.table is None:
        return FinalName(None, "the table is not known", True)
    label = _LABELS[made.kind]
    if made.kind == "pk":
        return FinalName(object_name(made.table, "", label), "", True)
    columns = made.columns if made.parts is None else made.parts
    if made.kind == "ck":
        columns = made.columns or ()
    if columns is None or any(column is None for column in columns):
        return FinalName(None, "the columns are not known", True)
    part = column_part([column for column in columns if column is not None])
    return FinalName(object_name(made.table, part, label), "", True)
