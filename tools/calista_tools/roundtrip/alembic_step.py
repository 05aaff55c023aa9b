"""What is one revision's upgrade or downgrade to Alembic?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic.runtime.migration import RevisionStep
    from alembic.script import Script

    from calista_tools.roundtrip.project import Project


def alembic_step(
    project: Project,
    script: Script,
    *,
    upgrade: bool,
    raised: Callable[[BaseException], None] = lambda error: None,
) -> RevisionStep:
    """Return a step for Alembic to run; ``raised`` is told what the revision raises."""
    from alembic.runtime.migration import RevisionStep

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
