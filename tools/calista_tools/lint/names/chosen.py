"""Whose choice is a name: the convention's, or its author's? Asked of the models, as source."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.effects.names.convention import SQLALCHEMY_DEFAULT, UnknownTokenError, expand
from calista_tools.effects.names.final import subject_of
from calista_tools.effects.names.metadata import imported_by

if TYPE_CHECKING:
    from calista_tools.effects.objects import SchemaObject
    from calista_tools.lint.migration import Migration

#: A name that is put together at run time: which one that is, nobody sees.
_PUT_TOGETHER = re.compile(
    rb"(?:Index|Constraint|ForeignKey)\(\s*[fF]['\"]|\bname\s*=\s*(?:[fF]['\"]|\w+\(|['\"][^'\"]*['\"]\s*[%+.])"
)


def template_for(migration: Migration, kind: str) -> str | None:
    """Return how objects of a kind are named: as configured, else as the project's metadata has it."""
    configured = migration.config.names.get(kind)
    return configured if configured is not None else own_template(migration, kind)


def own_template(migration: Migration, kind: str) -> str | None:
    """Return what the project's own convention says of a kind; SQLAlchemy's default is nobody's."""
    convention = migration.convention
    template = convention.templates.get(kind) if convention.certain else None
    return None if template == SQLALCHEMY_DEFAULT.get(kind) else template


def is_authors(migration: Migration, made: SchemaObject) -> bool:
    """Whether a name that the project's convention would not give is its author's right.

    ``op.f`` says that the convention gave it, and autogenerate writes any other name plainly: what
    the models spell out is as they want it. Of models that cannot be seen nothing is said.
    """
    if made.name is None or made.name.final or made.name.text is None:
        return False
    texts = _models(migration)
    if texts is None or _PUT_TOGETHER.search(texts) or _is_word(made.name.text, texts):
        return True
    if len(_paths(migration)) == 1:
        return False  # env.py has all there is of the metadata
    return made.table is None or not _is_word(made.table, texts)


def metadata_has(migration: Migration, made: SchemaObject, name: str) -> bool:
    """Whether the metadata gives an object this name for certain: then to give it does no harm.

    Without an env.py there is no metadata that could say otherwise, and of triggers none does.
    """
    convention = migration.convention
    if convention.path is None or made.kind == "trigger":
        return True
    template = convention.templates.get(made.kind)
    if not convention.certain or template is None or made.kind == "ck":
        return False
    try:
        given = expand(template, subject_of(made, None))
    except UnknownTokenError:
        return False
    old = made.name.text if made.name is not None else None
    texts = _models(migration)
    if given != name or texts is None or _PUT_TOGETHER.search(texts):
        return False
    return old is None or not _is_word(old, texts)


def is_in_models(migration: Migration, name: str) -> bool:
    """Whether the models spell a name, or may: they cannot all be seen."""
    if migration.convention.path is None:
        return False
    texts = _models(migration)
    return texts is None or _is_word(name, texts) or _PUT_TOGETHER.search(texts) is not None


def _paths(migration: Migration) -> tuple[object, ...]:
    _models(migration)
    assert migration.project is not None
    found = migration.project.kept[_key(migration)]
    assert isinstance(found, tuple)
    return tuple(found[0])


def _models(migration: Migration) -> bytes | None:
    """Return the text of env.py and of the project's modules behind it; None where there is none."""
    env, project = migration.convention.path, migration.project
    if env is None or project is None:
        return None
    key = _key(migration)
    if key not in project.kept:
        paths = tuple(imported_by(env, project))
        texts = b"\n".join(project.text(path) or b"" for path in paths)
        project.kept[key] = paths, texts
    found = project.kept[key]
    assert isinstance(found, tuple)
    text: bytes = found[1]
    return text


def _key(migration: Migration) -> object:
    return "models", migration.convention.path


def _is_word(word: str, text: bytes) -> bool:
    written = word.encode()
    return written in text and re.search(rb"\b" + re.escape(written) + rb"\b", text) is not None
