"""Which naming convention does a metadata have?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.evaluator.values import ClassValue, Construct, External, Method, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping


def convention_in(value: object) -> Mapping[str, str] | None:
    """Return a metadata's convention; empty for SQLAlchemy's own, None where it is unknown."""
    if value is None or isinstance(value, (list, tuple)):
        return {}  # Alembic takes no convention from a list of metadatas
    if isinstance(value, Construct):
        if value.name == "MetaData":
            if "naming_convention" not in value.kwargs:
                return {}
            return templates_in(value.kwargs["naming_convention"])
        for key in ("metadata", "cls", "base"):
            if key in value.kwargs:
                return convention_in(value.kwargs[key])
        if value.name in ("declarative_base", "registry", "SQLAlchemy", "generate_base"):
            if isinstance(value.receiver, Construct):
                return convention_in(value.receiver)
            if value.args:
                return convention_in(value.args[0])
            return {}
        return None
    if isinstance(value, Method) and value.name == "metadata":
        return convention_in(value.receiver)
    if isinstance(value, External):
        # A class that SQLModel or SQLAlchemy has: its metadata has no convention of its own.
        if value.path.startswith(("sqlmodel.", "sqlalchemy.")):
            return {}
        return None
    if isinstance(value, ClassValue):
        for key in ("metadata", "registry"):
            if key in value.names:
                return convention_in(value.names[key])
        for base in value.bases:
            found = convention_in(base)
            if found is not None:
                return found
    return None


def templates_in(value: object) -> Mapping[str, str] | None:
    """Return a convention's templates by kind; None where it is not constant."""
    if isinstance(value, Construct) and value.name in ("immutabledict", "dict") and value.args:
        value = value.args[0]
    if not isinstance(value, dict):
        return None
    found: dict[str, str] = {}
    for key, template in value.items():
        if isinstance(key, External):
            key = _CLASSES.get(key.name, key.name)
        elif key == "ex":
            continue  # SQLAlchemy has no such key
        if isinstance(key, str) and isinstance(template, str):
            found[key] = template
        elif isinstance(key, str) and isinstance(template, Unknown):
            return None
    return found


_CLASSES = {
    "Index": "ix",
    "UniqueConstraint": "uq",
    "CheckConstraint": "ck",
    "ForeignKeyConstraint": "fk",
    "PrimaryKeyConstraint": "pk",
    "ExcludeConstraint": "ex",
}
