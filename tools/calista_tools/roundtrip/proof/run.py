"""Proves a project's history on one backend, from scratch database to report."""

from __future__ import annotations

import gc
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from calista_tools.backends import SqliteFolder, open_server
from calista_tools.backends.keep import PostgresKeeping, SqliteKeeping
from calista_tools.environment.roundtrip_settings import Settings
from calista_tools.errors import ToolError
from calista_tools.roundtrip.live.live_postgresql import PostgresLive
from calista_tools.roundtrip.live.live_sqlite import SqliteLive
from calista_tools.roundtrip.live.sent_statements import StepError
from calista_tools.roundtrip.project import opened
from calista_tools.roundtrip.project.prepare import prepare
from calista_tools.roundtrip.proof.apart import Apart
from calista_tools.roundtrip.proof.append_only_proof import try_tables
from calista_tools.roundtrip.proof.from_nothing import fails_from_nothing
from calista_tools.roundtrip.proof.head_findings import Head
from calista_tools.roundtrip.proof.interrupted_run import Progress, digest_of
from calista_tools.roundtrip.proof.judge import Judge
from calista_tools.roundtrip.proof.known_failures import Known
from calista_tools.roundtrip.proof.pieces import Found, Pieces, PiecesError, stands_alone
from calista_tools.roundtrip.proof.proof_cache import Begun, Cache, own_modules
from calista_tools.roundtrip.proof.result import OK, Run
from calista_tools.roundtrip.proof.step_runner import StepRunner
from calista_tools.roundtrip.proof.walk import Walk
from calista_tools.roundtrip.rows import read_given

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from alembic.script import Script

    from calista_tools.backends import PostgresServer, ScratchDatabase
    from calista_tools.roundtrip.live.live_database import Live
    from calista_tools.roundtrip.project.proven_project import Project
    from calista_tools.roundtrip.proof.result import Step


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is proven, and where.

    Attributes:
        backend: ``sqlite`` or ``postgresql``.
        url: A PostgreSQL server to make scratch databases in; None for one of ours.
        start: The revision after which proofs begin; those up to it are only upgraded to.
        end: The last revision; all heads if None.
        may_be_empty: Whether nothing may come after ``start``: head alone is looked at then.
        jobs: How many processes may prove pieces of a long history at once.
        append_only: Tables whose rows are never changed: tried at head.
        known: The failures that fail nothing.
    """

    backend: str
    url: str | None = None
    start: str | None = None
    end: str | None = None
    may_be_empty: bool = False
    cache: bool = True
    jobs: int = 1
    append_only: Sequence[str] = ()
    settings: Settings = field(default_factory=Settings)
    known: Known = field(default_factory=Known)


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
        stack.enter_context(_seldom_collecting())
        place = _place(project, options, stack)
        database = place.create()
        # An application that revisions import may connect, for good, to what it finds then.
        project.load(database.url)
        before, proven = _revisions(project, options)
        run = Run(options.backend, place.server_version)
        cache = _cache(project, options, place, run.server)
        proof = _Proof(project, options, place, database, cache, meanwhile)
        try:
            noticed = proof.run(run, before, proven, options.jobs)
        except PiecesError:
            database.replace_by(None)
            if cache:
                cache.forget_begun()
            noticed = proof.run(run, before, proven)
        if not noticed:
            # Something changed the catalogs in a way that nothing told of.
            run = Run(options.backend, place.server_version)
            run.notes.append("every object was read after every step")
            database.replace_by(None)
            proof.run(run, before, proven, thorough=True)
    if project.runs_again:
        run.notes.append(
            f"{project.env} runs migrations more than once, as for several tenants:"
            " only its first run is proven"
        )
    run.seconds = time.perf_counter() - started
    return run


def _prove_piece(project: Project, options: Options, begun: Begun, first: int, end: int) -> Found:
    """Prove a part of what was to be proven, on a database of its own.

    What the first piece proves is kept, for all may be interrupted.
    """
    with ExitStack() as stack:
        stack.enter_context(_seldom_collecting())
        place = _place(project, options, stack)
        before, proven = _revisions(project, options)
        cache = None
        if not before and first == len(begun.steps):
            cache = _cache(project, options, place, place.server_version)
        proof = _Proof(project, options, place, place.create(), cache)
        if options.settings.prepare:
            prepare(options.settings.prepare, proof.database.url)
        progress = Progress(lambda step: None, begun.steps)
        walk = stack.enter_context(closing(proof.walk(progress)))
        walk.advance([*before, *proven[:first]])
        if cache:
            keeping = progress.keeping(cache, proven, proof.database, begun, always=True)
            stack.enter_context(keeping)
        walk.prove(proven[first:end], lambda context: None, fill=first > 0)
        if not walk.looked:
            walk.look(lambda context: None)
        return Found(
            steps=walk.steps,
            alone=stands_alone(walk.steps)
            and not (walk.overlooked or proof.database.roles or walk.judge.depends_on_rows),
            counting=walk.judge.counting,
            opened=opened.files(),
            modules=own_modules(project),
        )


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Look for garbage seldom: most of what a walk makes is either kept or gone at once."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


def _place(project: Project, options: Options, stack: ExitStack) -> SqliteFolder | PostgresServer:
    if options.backend == "sqlite":
        return stack.enter_context(SqliteFolder(project.sqlite_driver))
    if project.loaded:
        _revisions(project, options)  # before a server is waited for
    return stack.enter_context(open_server(options.url))


def _revisions(project: Project, options: Options) -> tuple[list[Script], list[Script]]:
    """Return what is only upgraded to, and what is proven.

    Raises:
        ToolError: Nothing is.
    """
    before, proven = project.order(options.start, options.end)
    if not proven and not (options.may_be_empty and before):
        raise ToolError(
            f"no revision comes after {options.start or 'base'} and up to {options.end or 'heads'}",
            "name them in the order of the history: --from OLDER --to NEWER",
            exit_code=2,
        )
    return before, proven


@dataclass(frozen=True)
class _Proof:
    """What one backend's runs have in common."""

    project: Project
    options: Options
    place: SqliteFolder | PostgresServer
    database: ScratchDatabase
    cache: Cache | None
    meanwhile: Callable[[Step], None] = lambda step: None

    def run(
        self,
        run: Run,
        before: Sequence[Script],
        proven: Sequence[Script],
        jobs: int = 1,
        *,
        thorough: bool = False,
    ) -> bool:
        """Prove everything once; tell whether all changes were noticed when they were made.

        Raises:
            PiecesError: It cannot be proven by several processes.
        """
        settings = self.options.settings
        database = self.database
        if settings.prepare:
            prepare(settings.prepare, database.url)
        cache = self.cache if not before else None
        count, cached = cache.restore(proven, database) if cache and not thorough else (0, [])
        origin = partial(cache.put_back, database) if cache and count else None
        begun = Begun(cached)
        if cache and not thorough and not settings.rows:
            begun = cache.begun(proven, count) or begun
        known = len(begun.steps)
        # A piece begins with an empty database, and an application is told of one database alone.
        jobs = 1 if count or settings.rows or self.project.url_env else jobs
        with ExitStack() as stack:
            apart = partial(self._apart, begun)
            pieces = stack.enter_context(closing(Pieces(proven[known:], jobs, apart)))
            progress = Progress(self.meanwhile)
            walk = self.walk(progress, origin, thorough=thorough)
            stack.enter_context(closing(walk))
            if cache and count:
                walk.live.remember(cache.remembered)
            # What came in between may have changed other tables.
            tables = cache.tables if cache and known == count else None
            head = Head(self.place, walk, tables, whole=not self.options.end)
            walk.take(proven[:count], begun.steps)
            walk.judge.counting |= begun.counting
            try:
                walk.advance([*before, *proven[count:known]])
                if known > count and begun.schema != digest_of(walk.snapshot):
                    raise PiecesError
                walk.advance(pieces.scripts)
            except StepError as error:
                again = pieces.scripts or known > count
                raise (PiecesError if again else error.no_start()) from error
            done = known + len(pieces.scripts)
            if cache and not pieces.scripts and not settings.rows:
                keeping = progress.keeping(cache, proven, database, begun, always=False)
                stack.enter_context(keeping)
            run.steps = walk.prove(proven[done:], head.look, fill=done > 0)
            if pieces.scripts:
                if database.roles or walk.judge.depends_on_rows:
                    raise PiecesError
                run.steps = self._with(pieces, run.steps, walk.judge, known)
            head.report(run, settings.drift)
            if walk.overlooked and not thorough:
                return False
            upgraded = 0 if count else len(before) + done
            self._from_nothing(run.steps, walk.judge, [*before, *proven], upgraded)
            for step in run.steps:
                step.known = self.options.known.covers(step)
            if head.reached:
                version = walk.live.version_table
                run.append_only = try_tables(database, self.options.append_only, skip=version)
            run.head = walk.snapshot if head.reached else None
            good = _prefix_that_passes(run.steps)
            # A role is not in the database that would be kept.
            if cache and good > count and not database.roles:
                with suppress(StepError):  # Some revisions that are proven fail without rows.
                    walk.go_back_to(proven[:good])
                    tables = head.tables or None if good == len(proven) else None
                    read = walk.live.remembered()
                    cache.keep(proven[:good], run.steps[:good], database, tables, read)
        return True

    def walk(
        self,
        progress: Progress,
        origin: Callable[[], None] | None = None,
        *,
        thorough: bool = False,
    ) -> Walk:
        """Return a walk that begins with the database as it is."""
        settings, database = self.options.settings, self.database
        known = {script.revision for script in self.project.scripts}
        judge = Judge(read_given(settings.rows, known), settings, self.options.known)
        live = _live(database)
        live.thorough = thorough
        beginning = self.begin_anew if origin else None
        if origin is None and not settings.prepare:
            origin = partial(database.replace_by, None)
        runner = StepRunner(self.project, database, live)
        progress.walk = Walk(runner, judge, progress, origin=origin, beginning=beginning)
        return progress.walk

    def begin_anew(self) -> None:
        """Make the database what the first revision expects."""
        self.database.replace_by(None)
        if self.options.settings.prepare:
            prepare(self.options.settings.prepare, self.database.url)

    def _apart(self, begun: Begun, first: int, end: int) -> Apart[Found]:
        known = len(begun.steps)
        return Apart(_prove_piece, self.project, self.options, begun, known + first, known + end)

    def _with(self, pieces: Pieces, steps: list[Step], judge: Judge, known: int) -> list[Step]:
        """Put the steps of all pieces between those that were known and the last ones."""
        found = pieces.found()
        for piece in found:
            judge.counting |= piece.counting
            opened.add(piece.opened)
            if self.cache:
                self.cache.also(piece.modules)
        return [*steps[:known], *(step for one in found for step in one.steps), *steps[known:]]

    def _from_nothing(
        self, found: Sequence[Step], judge: Judge, scripts: Sequence[Script], upgraded: int
    ) -> None:
        """Upgrade a new database without rows as far as a revision may count on some.

        So many of them were upgraded to without rows already.
        """
        steps = {step.revision: step for step in found}
        counting = judge.counting
        last = max((at for at, s in enumerate(scripts) if s.revision in counting), default=-1)
        if last < upgraded or any(step.upgrade != OK for step in found):
            return
        # Not another database: see `prove`.
        database = self.database
        kept = database.copy()
        try:
            self.begin_anew()
            fails = fails_from_nothing(self.project, database.url, scripts[: last + 1])
            database.replace_by(kept)
        finally:
            kept.drop()
        if fails and fails[0].revision in steps:
            judge.failed_from_nothing(steps[fails[0].revision], fails[1])


def _cache(
    project: Project, options: Options, place: SqliteFolder | PostgresServer, server: str
) -> Cache | None:
    """Return the cache, or None where it is not wanted or nothing may be kept."""
    if not options.cache:
        return None
    try:
        if isinstance(place, SqliteFolder):
            return Cache(project, SqliteKeeping(), options.settings, server)
        return (
            Cache(project, PostgresKeeping(place), options.settings, server)
            if place.keeps
            else None
        )
    except (OSError, ToolError):
        return None  # No folder to write to: everything is proven again, every time.


def _prefix_that_passes(steps: Sequence[Step]) -> int:
    """Return how many steps are proven, or known not to be, before the first that is neither."""
    return next((at for at, step in enumerate(steps) if not step.passes), len(steps))


def _live(database: ScratchDatabase) -> Live:
    if database.url.get_backend_name() == "sqlite":
        return SqliteLive()
    return PostgresLive(database.url)
