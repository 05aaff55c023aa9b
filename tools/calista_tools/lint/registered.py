"""Which operations does the project itself add to Alembic's? Read from what env.py imports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.effects.names.metadata import find_env, imported_by, targets_of
from calista_tools.startup.patterns import later
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from calista_tools.effects.evaluator import Project
    from calista_tools.lint.migration import Migration

_REGISTERED = later(rb"register_operation\s*\(\s*(?:name\s*=\s*)?(?:[\"'](\w+)[\"'])?")
#: `op.create_thing = …`, `Operations.create_thing = …`, `setattr(op, "create_thing", …)`
_SET = later(
    rb"\b(?:op|Operations|BatchOperations)\.(\w+)\s*=[^=]"
    rb"|setattr\(\s*\w+\s*,\s*[\"'](\w+)[\"']"
)
#: What is imported from elsewhere and may be a plug-in.
_PLUGIN = later(
    rb"^[ \t]*(?:from|import)[ \t]+(?!alembic[ \t.\n])(?=[^\n]*(?:alembic|migrat|operation|\bops\b|sqlalchemy_declarative_extensions))",
    re.MULTILINE,
)


class Registered(NamedTuple):
    """The operations that are there besides Alembic's.

    Attributes:
        others: Something was imported that may register more.
    """

    names: frozenset[str]
    others: bool


def registered_for(migration: Migration) -> Registered:
    """Return what is registered before a revision runs, as far as it can be read."""
    project, folder = migration.project, migration.path.parent
    own = _read([migration.source])
    if project is None:
        return own
    behind = _behind_env(project, folder)
    helpers = []
    for path in targets_of(migration.source, migration.path, project):
        helpers += [project.text(one) or b"" for one in imported_by(path, project)]
    found = [own, behind, _read(helpers)]
    return Registered(
        frozenset(name for one in found for name in one.names), any(one.others for one in found)
    )


def _behind_env(project: Project, folder: Path) -> Registered:
    key = "registered", folder
    found = project.kept.get(key)
    if not isinstance(found, Registered):
        env = find_env(folder)
        paths = imported_by(env, project) if env is not None else ()
        found = project.kept[key] = _read(project.text(path) or b"" for path in paths)
    return found


def _read(texts: Iterable[bytes]) -> Registered:
    names: set[str] = set()
    others = False
    for text in texts:
        if b"register_operation" in text:
            for match in _REGISTERED.finditer(text):
                others = others or not match[1]
                names.add((match[1] or b"").decode())
        names.update((match[1] or match[2]).decode() for match in _SET.finditer(text))
        others = others or _PLUGIN.search(text) is not None
    return Registered(frozenset(names), others)
