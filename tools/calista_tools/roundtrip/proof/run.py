"""Proves a project's history on one backend: restores what was proven, proves what is new, keeps it."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.roundtrip.live.sent_statements import StepError
from calista_tools.roundtrip.project import files_read
from calista_tools.roundtrip.proof.append_only_proof import try_tables
from calista_tools.roundtrip.proof.child_process import ChildProcess
from calista_tools.roundtrip.proof.empty_database import fails_on_empty_database
from calista_tools.roundtrip.proof.head_findings import Head
from calista_tools.roundtrip.proof.interrupted_run import Progress, digest_of
from calista_tools.roundtrip.proof.parallel_parts import NotParallelError, ParallelParts
from calista_tools.roundtrip.proof.part_proof import prove_part
from calista_tools.roundtrip.proof.proof_cache import ProvenBeginning
from calista_tools.roundtrip.proof.proof_context import History, Options, ProofContext
from calista_tools.roundtrip.proof.result import OK, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from calista_tools.roundtrip.project.proven_project import Project
    from calista_tools.roundtrip.proof.parallel_parts import PartFindings
    from calista_tools.roundtrip.proof.proof_cache import Cache
    from calista_tools.roundtrip.proof.result import Step
    from calista_tools.roundtrip.proof.walk import Walk

__all__ = ["Options", "prove"]


def prove(
    project: Project,
    options: Options,
    meanwhile: Callable[[Step], None] = lambda step: None,
) -> Run:
    """Prove a project's history on one backend.

    Args:
        project: Whose history.
        options: What of it, and where.
        meanwhile: Called with revisions while they are proven. No verdict is final before the
            end: all may have to be proven anew, and then it is called again.

    Raises:
        ToolError: It could not be run at all.
    """
    try:
        return _proven(project, options, meanwhile)
    except ToolError as error:
        if not project.try_the_other_kind(error):
            raise
        return _proven(project, options, meanwhile)


def _proven(project: Project, options: Options, meanwhile: Callable[[Step], None]) -> Run:
    started = time.perf_counter()
    with ExitStack() as stack:
        context = ProofContext.enter(project, options, stack)
        # An application that revisions import may connect, for good, to what it finds then.
        project.load(context.database.url)
        run = _prove(context, History.of(project, options), meanwhile)
    if project.runs_again:
        run.notes.append(
            f"{project.env} runs migrations more than once, as for several tenants:"
            " only its first run is proven"
        )
    run.seconds = time.perf_counter() - started
    return run


def _prove(context: ProofContext, history: History, meanwhile: Callable[[Step], None]) -> Run:
    """Prove a history in the way that is quickest, and anew where that does not do."""
    cache = context.cache()
    proof = partial(HistoryProof, context, history, cache, meanwhile)
    run = Run(context.options.backend, context.backend.server_version)
    try:
        noticed = proof(jobs=context.options.jobs).run(run)
    except NotParallelError:
        context.database.replace_by(None)
        if cache:
            cache.forget_interrupted()
        noticed = proof().run(run)
    if not noticed:
        # Something changed the catalogs in a way that nothing told of.
        run = Run(context.options.backend, context.backend.server_version)
        run.notes.append("every object was read after every step")
        context.database.replace_by(None)
        proof(thorough=True).run(run)
    return run


@dataclass(frozen=True)
class Restored:
    """What was proven before, and need not be again.

    Attributes:
        count: How many revisions the restored database has behind it.
        beginning: What was said of these, and of those after them that an interrupted run has proven.
    """

    count: int = 0
    beginning: ProvenBeginning = field(default_factory=ProvenBeginning)

    @property
    def known(self) -> int:
        """How many revisions something was said of."""
        return len(self.beginning.steps)


@dataclass(frozen=True)
class NewPart:
    """What proves the revisions that are new.

    Attributes:
        first: How many were known before.
        parts: Those that other processes prove.
        progress: Follows the walk.
        walk: Proves the last ones.
        head: Looks at the end of it.
    """

    first: int
    parts: ParallelParts
    progress: Progress
    walk: Walk
    head: Head

    @property
    def elsewhere(self) -> int:
        """How many revisions are proven before the walk begins, or by others meanwhile."""
        return self.first + len(self.parts.scripts)


@dataclass(frozen=True)
class HistoryProof:
    """One proof of a whole history.

    Attributes:
        kept: What was proven before, and may be kept of this one.
        meanwhile: Called with revisions while they are proven.
        jobs: How many processes may prove it.
        thorough: Whether everything is read after every step, and nothing taken as proven.
    """

    context: ProofContext
    history: History
    kept: Cache | None
    meanwhile: Callable[[Step], None]
    jobs: int = 1
    thorough: bool = False

    def run(self, run: Run) -> bool:
        """Prove everything once; tell whether all changes were noticed when they were made.

        Raises:
            NotParallelError: It cannot be proven by several processes.
        """
        self.context.prepare()
        restored = self._restore()
        with ExitStack() as stack:
            new = self._new_part(restored, stack)
            self._catch_up(new, restored)
            run.steps = self._prove(new, restored, stack)
            new.head.report(run, self.context.options.settings.drift)
            if new.walk.overlooked and not self.thorough:
                return False
            self._look_at_the_whole(run, new, restored)
            self._keep(run, new, restored)
        return True

    @property
    def cache(self) -> Cache | None:
        """The cache, where the proof begins with the first revision: it knows no others."""
        return None if self.history.before else self.kept

    def _restore(self) -> Restored:
        """Make the database the one after what is proven already."""
        cache, scripts = self.cache, self.history.proven
        if cache is None or self.thorough:
            return Restored()
        count, cached = cache.restore(scripts, self.context.database)
        beginning = (
            None if self.context.options.settings.rows else cache.interrupted(scripts, count)
        )
        return Restored(count, beginning or ProvenBeginning(cached))

    def _new_part(self, restored: Restored, stack: ExitStack) -> NewPart:
        """Have the first of what is new proven by other processes, and prepare to prove the rest."""
        cache, context = self.cache, self.context
        # A part begins with an empty database, and an application is told of one database alone.
        in_one = restored.count or context.options.settings.rows or context.project.url_env
        apart = partial(self._start_part, restored.beginning)
        scripts = self.history.proven[restored.known :]
        parts = stack.enter_context(
            closing(ParallelParts(scripts, 1 if in_one else self.jobs, apart))
        )
        progress = Progress(self.meanwhile)
        origin = tables = None
        if cache and restored.count:
            origin = partial(cache.put_back, context.database)
            # What came in between may have changed other tables.
            tables = cache.tables if restored.known == restored.count else None
        walk = context.walk(progress, origin, thorough=self.thorough)
        stack.enter_context(closing(walk))
        if cache and restored.count:
            walk.live.remember(cache.remembered)
        head = Head(context.backend, walk, tables, whole=not context.options.end)
        return NewPart(restored.known, parts, progress, walk, head)

    def _start_part(
        self, beginning: ProvenBeginning, first: int, end: int
    ) -> ChildProcess[PartFindings]:
        known, context = len(beginning.steps), self.context
        return ChildProcess(
            prove_part, context.project, context.options, beginning, known + first, known + end
        )

    def _catch_up(self, new: NewPart, restored: Restored) -> None:
        """Upgrade to where the walk begins to prove."""
        walk, scripts = new.walk, self.history.proven
        walk.take(scripts[: restored.count], restored.beginning.steps)
        walk.judge.counting |= restored.beginning.counting
        interrupted = restored.known > restored.count
        try:
            walk.advance([*self.history.before, *scripts[restored.count : restored.known]])
            if interrupted and restored.beginning.schema != digest_of(walk.snapshot):
                raise NotParallelError
            walk.advance(new.parts.scripts)
        except StepError as error:
            again = new.parts.scripts or interrupted
            raise (NotParallelError if again else error.no_start()) from error

    def _prove(self, new: NewPart, restored: Restored, stack: ExitStack) -> list[Step]:
        """Prove what is new; return what is said of every revision."""
        cache, context, walk = self.cache, self.context, new.walk
        scripts, parts = self.history.proven, new.parts.scripts
        if cache and not parts and not context.options.settings.rows:
            keeping = new.progress.keeping(
                cache, scripts, context.database, restored.beginning, always=False
            )
            stack.enter_context(keeping)
        done = new.elsewhere
        steps = walk.prove(scripts[done:], new.head.look, fill=done > 0)
        if not parts:
            return steps
        if context.database.roles or walk.judge.depends_on_rows:
            raise NotParallelError
        return [*steps[: new.first], *self._found_elsewhere(new), *steps[new.first :]]

    def _found_elsewhere(self, new: NewPart) -> list[Step]:
        """Wait for the parts; return their steps."""
        found = new.parts.found()
        for part in found:
            new.walk.judge.counting |= part.counting
            files_read.add(part.opened)
            if self.kept:
                self.kept.also(part.modules)
        return [step for part in found for step in part.steps]

    def _look_at_the_whole(self, run: Run, new: NewPart, restored: Restored) -> None:
        """Find out what no revision shows by itself."""
        upgraded = 0 if restored.count else len(self.history.before) + new.elsewhere
        self._from_nothing(run.steps, new.walk, upgraded)
        for step in run.steps:
            step.known = self.context.options.known.covers(step)
        if new.head.reached:
            skip, tables = new.walk.live.version_table, self.context.options.append_only
            run.append_only = try_tables(self.context.database, tables, skip=skip)
        run.head = new.walk.snapshot if new.head.reached else None

    def _from_nothing(self, found: Sequence[Step], walk: Walk, upgraded: int) -> None:
        """Upgrade a new database without rows as far as a revision may count on some.

        So many of them were upgraded to without rows already.
        """
        scripts, counting = self.history.all, walk.judge.counting
        last = max((at for at, s in enumerate(scripts) if s.revision in counting), default=-1)
        if last < upgraded or any(step.upgrade != OK for step in found):
            return
        database = self.context.database
        before = database.copy()
        try:
            self.context.begin_anew()
            project = self.context.project
            fails = fails_on_empty_database(project, database.url, scripts[: last + 1])
            database.replace_by(before)
        finally:
            before.drop()
        steps = {step.revision: step for step in found}
        if fails and fails[0].revision in steps:
            walk.judge.failed_on_empty_database(steps[fails[0].revision], fails[1])

    def _keep(self, run: Run, new: NewPart, restored: Restored) -> None:
        """Keep the database after the last revision up to which all passes."""
        cache, scripts, database = self.cache, self.history.proven, self.context.database
        good = _prefix_that_passes(run.steps)
        # A role is not in the database that would be kept.
        if cache is None or good <= restored.count or database.roles:
            return
        with suppress(StepError):  # Some revisions that are proven fail without rows.
            new.walk.go_back_to(scripts[:good])
            tables = new.head.tables or None if good == len(scripts) else None
            read = new.walk.live.remembered()
            cache.keep(scripts[:good], run.steps[:good], database, tables, read)


def _prefix_that_passes(steps: Sequence[Step]) -> int:
    """Return how many steps are proven, or known not to be, before the first that is neither."""
    return next((at for at, step in enumerate(steps) if not step.passes), len(steps))
