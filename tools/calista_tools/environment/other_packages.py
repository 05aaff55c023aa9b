"""How does Alembic load revisions that name another package's, which are not there?

It stops at the first name that no file has. A project may say which names are not its own; where the
other package is in reach (``version_locations``), they are known and nothing is left out.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from calista_tools.history.graph import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic.script import Script, ScriptDirectory


def without_external(directory: ScriptDirectory, patterns: Sequence[str]) -> ScriptDirectory:
    """Have a directory's revisions leave out the parents and dependencies that are external.

    To load it raises ``CommandError`` at a name that is neither there nor external, where Alembic has a
    ``KeyError``.

    Args:
        directory: Not loaded yet.
        patterns: ``external-revisions`` of the configuration.
    """
    load = directory.revision_map._generator

    def loaded() -> Iterator[Any]:
        scripts: list[Any] = list(load())
        known = {name for one in scripts for name in (one.revision, *_names(one.branch_labels))}
        for script in scripts:
            _leave_out(script, known, patterns)
        return iter(scripts)

    directory.revision_map._generator = loaded
    return directory


def _leave_out(script: Script, known: set[str], patterns: Sequence[str]) -> None:
    """Leave out what one revision names of other packages.

    Raises:
        CommandError: It names what is nowhere.
    """
    from alembic.util import CommandError

    for attribute, where in (("down_revision", "down_revision"), ("dependencies", "depends_on")):
        names = _names(getattr(script, attribute))
        kept = tuple(name for name in names if name in known)
        for name in names:
            if name not in known and not any(fnmatchcase(name, pattern) for pattern in patterns):
                raise CommandError(f"{script.path}: unknown {where} {name!r} {ELSEWHERE}")
        if kept != names:
            setattr(script, attribute, kept if len(kept) > 1 else next(iter(kept), None))


def _names(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())
