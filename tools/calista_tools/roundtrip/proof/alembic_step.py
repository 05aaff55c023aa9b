"""What is one revision's upgrade or downgrade to Alembic?"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic.runtime.migration import RevisionStep

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from alembic.script import Script

    from calista_tools.roundtrip.project.proven_project import Project

#: Of a revision's module: whether a function of it was run.
_RAN = "calista_ran"


class AlembicStep(RevisionStep):
    """A step for Alembic to run; its cost does not depend on the history.

    Args:
        project: Whose revision it is.
        script: The revision.
        upgrade: Whether it goes up or down.
        raised: Is told what the revision raises, which an ``env.py`` may keep to itself.
    """

    def __init__(
        self,
        project: Project,
        script: Script,
        *,
        upgrade: bool,
        raised: Callable[[BaseException], None] = lambda error: None,
    ) -> None:
        if getattr(script.module, _RAN, False):
            script.module = _anew(script)
        setattr(script.module, _RAN, True)
        super().__init__(project.script.revision_map, script, upgrade)
        run = self.migration_fn

        def noted(**options: Any) -> None:
            try:
                run(**options)
            except BaseException as error:
                raised(error)
                raise

        self.migration_fn = noted

    def _unmerge_to_revisions(self, heads: set[str]) -> tuple[str, ...]:
        # Alembic walks to the base to find which of several parents are ancestors of another one,
        # for a single parent, too: in a long history that takes longer than the step.
        if len(self.to_revisions) == 1 and set(heads) == {self.revision.revision}:
            return self.to_revisions
        return super()._unmerge_to_revisions(heads)


def _anew(script: Script) -> ModuleType:
    """Return the revision's module as a process of its own would have it, if that can matter.

    Tables that a function puts into the module's own metadata would be there already.
    """
    from alembic.util import load_python_file

    if any(map(_has_metadata, list(vars(script.module).values()))):
        path = Path(script.path)
        with suppress(Exception):  # Some declare models of the application's: once for all.
            return load_python_file(str(path.parent), path.name)
    return script.module


def _has_metadata(value: Any) -> bool:
    from sqlalchemy import MetaData

    with suppress(Exception):  # Flask's `request` has no attributes where there is none.
        return isinstance(getattr(value, "metadata", value), MetaData)
    return False
