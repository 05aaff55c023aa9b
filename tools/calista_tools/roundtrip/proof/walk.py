"""How is a history proven? Every revision up, down and up again, one run of ``env.py`` for all.

The run ends only where something went wrong: then the database is brought back to the state after
the revision, from the last good copy and what was applied since, and another run goes on.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.roundtrip.live.live_database import commit_outer
from calista_tools.roundtrip.live.sent_statements import Statements, StepError, statement_of, words
from calista_tools.roundtrip.project.run_env import (
    env_failed,
    kept_to_itself,
    never_run,
    run_env,
)
from calista_tools.roundtrip.proof.alembic_step import AlembicStep
from calista_tools.roundtrip.proof.interrupt import raise_if_interrupted
from calista_tools.roundtrip.proof.judge import Judge
from calista_tools.roundtrip.proof.result import ERROR, SKIPPED, Step
from calista_tools.roundtrip.proof.way_back import WayBack
from calista_tools.roundtrip.snapshot import differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from alembic.runtime.migration import MigrationContext, RevisionStep
    from alembic.script import Script

    from calista_tools.backends import ScratchDatabase
    from calista_tools.roundtrip.live.live_database import Live
    from calista_tools.roundtrip.project.proven_project import Project
    from calista_tools.roundtrip.snapshot import Snapshot

    Progress = Callable[[Step], None]
    AtHead = Callable[[MigrationContext], None]
    Steps = Iterator[RevisionStep]

#: So often the whole history may be run anew where a revision fails.
_MOST_TRIES = 4
#: So many upgrades take longer than a copy of the database. Not measured each time: what rows a
#: revision meets depends on where copies were made, and must not depend on the machine.
_WORTH_A_COPY = 6


class Walk:
    """Proves revisions one after the other on one scratch database.

    Args:
        project: Whose ``env.py`` runs.
        database: Where; it holds what ``before`` makes, or nothing.
        live: How its state is read.
        progress: Called after each revision.
        judge: What the project says of its rows; by default nothing.
        origin, beginning: See `WayBack`.
    """

    def __init__(
        self,
        project: Project,
        database: ScratchDatabase,
        live: Live,
        progress: Progress,
        judge: Judge | None = None,
        *,
        origin: Callable[[], None] | None = None,
        beginning: Callable[[], None] | None = None,
    ) -> None:
        self._project = project
        self._database = database
        self.live = live
        self._progress = progress
        self.statements = Statements()
        database.roles = self.statements.roles
        self.judge = judge or Judge()
        self._back = WayBack(database, origin, beginning)
        self._queue: list[Script] = []
        self._blocked: dict[str, str] = {}
        self._applied: list[Script] = []
        self._taken = 0
        self._step: Step | None = None
        self._started = 0.0
        self._direction = self._path = ""
        self._raised: BaseException | None = None
        #: Whether our own code runs, whose exceptions are bugs and no findings.
        self._ours = False
        self._restore = False
        #: How many revisions were run in vain or anew, to see what passes in one go.
        self._tried = 0
        #: The state before the next revision, where that is applied already.
        self._ahead: Snapshot | None = None
        self._context: MigrationContext | None = None
        self.snapshot: Snapshot = {}
        #: Whether a change was not noticed when it was made, see `look`.
        self.overlooked = False
        #: Whether the database was looked at as it is in the end.
        self.looked = False
        #: Whether others say which tables, of those that there are, can hold no rows.
        self.told = False
        self._at_head: AtHead | None = None
        #: As the first proof found it.
        self.first: Snapshot | None = None
        self.steps: list[Step] = []

    def advance(self, scripts: Sequence[Script]) -> None:
        """Apply revisions that are taken as proven."""
        if scripts:
            self._applied += scripts
            self._run(lambda: self._upgrades(list(scripts), forget=False))

    def take(self, scripts: Sequence[Script], steps: Sequence[Step]) -> None:
        """Take revisions as proven, or known, that the database has behind it already."""
        for script, step in zip(scripts, steps, strict=False):
            if step.blocked is not None:
                self._blocked[script.revision] = step.blocked
        self._applied += self._reached(scripts)
        self._taken = len(self._applied)
        for step in steps:
            self.steps.append(step)
            self._progress(step)

    def go_back_to(self, scripts: Sequence[Script]) -> None:
        """Make the database the one after these revisions, which are proven, if it is not."""
        scripts = self._reached(scripts)
        if [script.revision for script in scripts] != [s.revision for s in self._applied]:
            self._back.to_origin()
            self._run(lambda: self._upgrades(scripts[self._taken :], forget=False))

    def _reached(self, scripts: Sequence[Script]) -> list[Script]:
        return [script for script in scripts if script.revision not in self._blocked]

    def prove(self, scripts: Sequence[Script], at_head: AtHead | None = None) -> list[Step]:
        """Prove revisions, parents first; return one step for each.

        Args:
            scripts: What to prove.
            at_head: Called as `look` does, at once if the last step leaves nothing to bring back.
        """
        self._queue, self._at_head = list(scripts), at_head
        while self._queue:
            if self._ahead is None:
                self._step = None
            try:
                self._run(self._proofs)
            except StepError as failure:
                self.overlooked |= self.judge.overlooked_until(self._database)
                self._fail(failure)
            if self._restore:
                self._bring_back()
        return self.steps

    def look(self, at_head: AtHead) -> None:
        """Run ``env.py`` once more, without a step, to look at the database as it is now."""

        def nothing() -> Steps:
            self._look(at_head)
            yield from ()

        self._run(nothing)

    def _look(self, at_head: AtHead) -> None:
        assert self._context is not None
        expected, self.snapshot = self.snapshot, self.live.read_all()
        self.overlooked |= self.first is not None and bool(differences(expected, self.snapshot))
        self.looked = True
        at_head(self._context)

    def close(self) -> None:
        """Drop the copies that were kept to come back to."""
        self._back.close()

    def _run(self, steps: Callable[[], Steps]) -> None:
        """Run ``env.py`` with these steps.

        Raises:
            StepError: A step of the project failed, whatever ``env.py`` made of the exception.
            ToolError: ``env.py`` failed before any step, or never asked for them.
        """
        ended, ours = False, None

        def attached(heads: tuple[str, ...], context: MigrationContext) -> Steps:
            nonlocal ended, ours
            assert context.connection is not None
            self._ours, self._context = True, context
            try:
                commit_outer(context)
                self.statements.attach(context.connection)
                self.live.attach(context)
                yield from steps()
            except Exception as error:
                ours = error
                raise
            self._ours, ended = False, True

        self._direction, self._raised, self._ours = "", None, False
        try:
            run_env(self._project, self._database.url, attached)
        except (Exception, SystemExit) as error:
            raise_if_interrupted()
            if self._ours or isinstance(error, ToolError):
                raise
            if ended or not self._direction:
                raise env_failed(self._project, error) from error
            # What the revision raised says more than what env.py makes of it.
            raise StepError(self._direction, self._raised or error, self._path) from error
        finally:
            # Not in the generator: a traceback keeps it from being closed.
            self.live.detach()
            self.statements.detach()
            self._context = None
        if not ended:
            raise_if_interrupted()
            if ours:
                raise ours
            if not self._direction:
                raise never_run(self._project)
            raise StepError(self._direction, self._raised or kept_to_itself(), self._path)

    def _go(self, script: Script, direction: str, *, forget: bool = True) -> Steps:
        """Yield one step to Alembic and wait until it is committed."""
        raise_if_interrupted()
        assert self._context is not None
        context = self._context
        if forget:
            # As if every step ran in a process of its own: created enum types are remembered here.
            context.impl.memo.clear()
        self.live.begin_step()
        self.statements.begin()
        step = AlembicStep(
            self._project, script, upgrade=direction != "downgrade", raised=self._note_raised
        )
        self._ours, self._direction, self._path = False, direction, script.path
        yield step
        self._ours = True
        if context.connection is not None and context.connection.in_transaction():
            self.live.settle()
            commit_outer(context)

    def _note_raised(self, error: BaseException) -> None:
        self._raised = error

    def _upgrades(self, scripts: list[Script], *, forget: bool, rows: bool = False) -> Steps:
        if rows:
            self.live.read_all()
            self.judge.start(self.live)
        for script in scripts:
            if rows:
                known = self._applied[: self._applied.index(script)]
                self.judge.fill([applied.revision for applied in known])
            yield from self._go(script, "upgrade", forget=forget)
            self._back.since.append(script)
            if rows:
                self.live.refresh()
                self.judge.follow()
        self.snapshot = self.live.read_all()

    def _proofs(self) -> Steps:
        self.snapshot = self.live.read_all()
        self.judge.start(self.live)
        if self.first is None:
            self.first = self.snapshot
            if not self.steps:
                self.live.violations([])  # no fault of what is proven now
            if self.told:
                self.judge.fill([applied.revision for applied in self._applied])
        while self._queue:
            script = self._queue[0]
            self._started = time.perf_counter()
            if self._ahead is None:
                self._step = Step(script.revision, script.path, script.doc or "")
                if self._is_blocked(script, self._step):
                    continue
                before = self.snapshot
                self.judge.before([applied.revision for applied in self._applied], before)
                yield from self._go(script, "upgrade")
                self._applied.append(script)
                self._back.since.append(script)
                self.snapshot = self.live.refresh()
                self.judge.upgraded(self._step, before, self.snapshot, self.live, self.statements)
            else:
                before, self._ahead = self._ahead, None
            assert self._step is not None
            step, after = self._step, self.snapshot
            if self.judge.has_no_way_back(step, script.module):
                self._done(step)
                continue
            yield from self._go(script, "downgrade")
            found = self.live.refresh()
            self.judge.downgraded(step, before, after, found, self.live, self.statements.sent)
            yield from self._go(script, "upgrade again")
            again = self.live.refresh()
            self.judge.upgraded_again(step, after, again)
            self._done(step)
            if differences(after, again):
                self._restore = True
                break
        self.overlooked |= self.judge.overlooked(self.live)
        if self._at_head is not None and not self._restore:
            self._look(self._at_head)

    def _is_blocked(self, script: Script, step: Step) -> bool:
        """Note a revision that cannot be reached because an earlier one failed."""
        blocker = next(
            (self._blocked[n] for n in self._project.parents(script) if n in self._blocked), None
        )
        if blocker is None:
            return False
        self._blocked[script.revision] = step.blocked = blocker
        step.upgrade = step.downgrade = step.upgrade_again = SKIPPED
        step.fail(f"not reached: {blocker} cannot be upgraded to")
        self._done(step)
        return True

    def _done(self, step: Step) -> None:
        step.seconds = time.perf_counter() - self._started
        script = self._queue.pop(0)
        self.steps.append(step)
        self.judge.reproduce(step, self._project.parents(script))
        self._progress(step)

    def _fail(self, failure: StepError) -> None:
        step, script = self._step, self._queue[0]
        assert step is not None
        error = failure.error
        step.fail(f"{failure.direction}: {words(error)}", statement_of(error))
        self.judge.failed(step, failure.direction, error, self.statements.sent)
        self._restore = True
        if failure.direction == "upgrade":
            if self.judge.take_fewer(error, step):
                return
            step.upgrade = ERROR
            if self._passes_without_rows(script):
                self.judge.refused(step, error)
                return
            if self._passes_in_one_go(script):
                step.notes.append("it can be upgraded to only in one run with those before it")
                return
            self._restore = True
            step.downgrade = step.upgrade_again = SKIPPED
            self._blocked[script.revision] = step.blocked = script.revision
        elif failure.direction == "downgrade":
            step.downgrade, step.upgrade_again, step.restored = ERROR, SKIPPED, False
        else:
            step.upgrade_again = ERROR
        self._done(step)

    def _passes_without_rows(self, script: Script) -> bool:
        """Try a revision on a database that holds no rows of ours."""
        if not self.judge.has_rows:
            return False
        before = self.snapshot
        self._bring_back()
        return self._passes(script, [script], before)

    def _passes_in_one_go(self, script: Script) -> bool:
        """Try a revision in one run with everything before it: created enum types are remembered."""
        self._tried += len(self._applied) + 1
        if self._tried > _MOST_TRIES * (len(self._applied) + len(self._queue)):
            return False
        before, since = self.snapshot, self._back.since
        self._back.to_beginning()
        if self._passes(script, [*self._applied, script], before):
            return True
        self._back.since = since
        return False

    def _passes(self, script: Script, scripts: list[Script], before: Snapshot) -> bool:
        """Try the last of these revisions, and go on behind it if it passes."""
        try:
            self._run(lambda: self._upgrades(scripts, forget=False))
        except StepError:
            self.snapshot = before
            return False
        self._applied.append(script)
        self._ahead = before
        self._restore = False
        self._back.mark()
        return True

    def _bring_back(self) -> None:
        """Make the state after the last applied revision again, and keep a copy of it."""
        self._restore = False
        expected = self.snapshot
        scripts = self._back.to_copy()
        if scripts:
            try:
                self._run(lambda: self._upgrades(scripts, forget=False))
            except StepError as failure:
                self._bring_back_with_rows(scripts, failure)
            self.overlooked |= bool(differences(expected, self.snapshot))
            if len(scripts) >= _WORTH_A_COPY:
                self._back.mark()  # from here on the way back is shorter

    def _bring_back_with_rows(self, scripts: list[Script], failure: StepError) -> None:
        """Apply these revisions on tables with rows: one of them fails without."""
        script = scripts[len(self._back.since)]
        self._back.to_copy()
        try:
            self._run(lambda: self._upgrades(scripts, forget=False, rows=True))
        except StepError:
            raise failure.not_again() from failure
        self.judge.counting.add(script.revision)
