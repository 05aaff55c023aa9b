"""What is one revision's upgrade or downgrade to Alembic?"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from alembic.runtime.migration import RevisionStep
    from alembic.script import Script

    from calista_tools.roundtrip.project import Project

#: Of a revision's module: whether a function of it was run.
_RAN = "calista_ran"


def alembic_step(
    project: Project,
    script: Script,
    *,
    upgrade: bool,
    raised: Callable[[BaseException], None] = lambda error: None,
) -> RevisionStep:
    """Return a step for Alembic to run; ``raised`` is told what the revision raises."""
    from alembic.runtime.migration import RevisionStep

    if getattr(script.module, _RAN, False):
        script.module = _anew(script)
    setattr(script.module, _RAN, True)
    step = RevisionStep(project.script.revision_map, script, upgrade)
    run = step.migration_fn

    def noted(**options: Any) -> None:
        try:
            run(**options)
        except BaseException as error:
            raised(error)
            raise

    step.migration_fn = noted
    return step


def _anew(script: Script) -> ModuleType:
    """Return the revision's module as a process of its own would have it, if that can matter.

    Tables that a function puts into the module's own metadata would be there already.
    """
    from alembic.util import load_python_file
    from sqlalchemy import MetaData

    values = list(vars(script.module).values())
    if any(isinstance(getattr(value, "metadata", value), MetaData) for value in values):
        path = Path(script.path)
        with suppress(Exception):  # Some declare models of the application's: once for all.
            return load_python_file(str(path.parent), path.name)
    return script.module
