"""How are revisions run one step at a time? In one run of ``env.py``, whose end says whose error it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.roundtrip.live.live_database import commit_outer
from calista_tools.roundtrip.live.sent_statements import Statements, StepError
from calista_tools.roundtrip.project.run_env import env_failed, kept_to_itself, never_run, run_env
from calista_tools.roundtrip.proof.alembic_step import AlembicStep
from calista_tools.roundtrip.proof.interrupt import raise_if_interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alembic.runtime.migration import MigrationContext, RevisionStep
    from alembic.script import Script

    from calista_tools.backends import ScratchDatabase
    from calista_tools.roundtrip.live.live_database import LiveDatabase
    from calista_tools.roundtrip.project.proven_project import Project

    Steps = Iterator[RevisionStep]


@dataclass
class EnvRun:
    """One run of ``env.py``.

    Attributes:
        context: Alembic's, once ``env.py`` has asked for the steps.
        direction: Of the last step; "" before the first.
        path: The file of its revision.
        raised: What the revision raised.
        ours: Whether our own code runs, whose exceptions are bugs and no findings.
        bug: What it raised.
        ended: Whether all steps were run.
    """

    context: MigrationContext | None = None
    direction: str = ""
    path: str = ""
    raised: BaseException | None = None
    ours: bool = False
    bug: Exception | None = None
    ended: bool = False

    def note_raised(self, error: BaseException) -> None:
        """Take in what a revision raises, which ``env.py`` may keep to itself."""
        self.raised = error


class StepRunner:
    """Runs ``env.py`` on one database, with steps of ours.

    Args:
        project: Whose ``env.py``.
        database: Where.
        live: Watches what the steps do.
    """

    def __init__(self, project: Project, database: ScratchDatabase, live: LiveDatabase) -> None:
        self.project = project
        self.database = database
        self.live = live
        self.statements = Statements()
        database.roles = self.statements.roles
        self._env_run = EnvRun()

    @property
    def context(self) -> MigrationContext:
        """Alembic's context, while the steps are run."""
        assert self._env_run.context is not None
        return self._env_run.context

    def run(self, steps: Callable[[], Steps]) -> None:
        """Run ``env.py`` with these steps.

        Raises:
            StepError: A step of the project failed, whatever ``env.py`` made of the exception.
            ToolError: ``env.py`` failed before any step, or never asked for them.
        """
        run = self._env_run = EnvRun()
        try:
            run_env(
                self.project,
                self.database.url,
                lambda heads, context: self._watched(run, context, steps),
            )
        except (Exception, SystemExit) as error:
            raise_if_interrupted()
            if run.ours or isinstance(error, ToolError):
                raise
            if run.ended or not run.direction:
                raise env_failed(self.project, error) from error
            # What the revision raised says more than what env.py makes of it.
            raise StepError(run.direction, run.raised or error, run.path) from error
        finally:
            # Not in the generator: a traceback keeps it from being closed.
            self.live.detach()
            self.statements.detach()
            run.context = None
        if not run.ended:
            raise_if_interrupted()
            raise self._kept_to_itself(run)

    def _watched(self, run: EnvRun, context: MigrationContext, steps: Callable[[], Steps]) -> Steps:
        assert context.connection is not None
        run.ours, run.context = True, context
        try:
            commit_outer(context)
            self.statements.attach(context.connection)
            self.live.attach(context)
            yield from steps()
        except Exception as error:
            run.bug = error
            raise
        run.ours, run.ended = False, True

    def _kept_to_itself(self, run: EnvRun) -> Exception:
        """Return the error of a run that ended too early, of which ``env.py`` says nothing."""
        if run.bug:
            return run.bug
        if not run.direction:
            return never_run(self.project)
        return StepError(run.direction, run.raised or kept_to_itself(), run.path)

    def step(self, script: Script, direction: str, *, forget: bool = True) -> Steps:
        """Yield one step to Alembic and wait until it is committed.

        Args:
            script: The revision.
            direction: ``upgrade``, ``downgrade`` or ``upgrade again``.
            forget: Whether it runs as if every step ran in a process of its own: created enum
                types are remembered by the context.
        """
        raise_if_interrupted()
        context, run = self.context, self._env_run
        if forget:
            context.impl.memo.clear()
        self.live.begin_step()
        self.statements.begin()
        upgrade = direction != "downgrade"
        step = AlembicStep(self.project, script, upgrade=upgrade, raised=run.note_raised)
        run.ours, run.direction, run.path = False, direction, script.path
        yield step
        run.ours = True
        if context.connection is not None and context.connection.in_transaction():
            self.live.settle()
            commit_outer(context)
