"""Proves a project's history on one backend, from scratch database to report."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from calista_tools.backends import SqliteFolder, open_server
from calista_tools.backends.keep import PostgresKeeping, SqliteKeeping
from calista_tools.errors import ToolError
from calista_tools.roundtrip.cache import Cache
from calista_tools.roundtrip.from_nothing import fails_from_nothing
from calista_tools.roundtrip.head import Head
from calista_tools.roundtrip.judge import Judge
from calista_tools.roundtrip.live_postgresql import PostgresLive
from calista_tools.roundtrip.live_sqlite import SqliteLive
from calista_tools.roundtrip.prepare import prepare
from calista_tools.roundtrip.result import OK, Run
from calista_tools.roundtrip.rows import read_given
from calista_tools.roundtrip.settings import Settings
from calista_tools.roundtrip.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alembic.script import Script

    from calista_tools.backends import PostgresServer, ScratchDatabase
    from calista_tools.roundtrip.live import Live
    from calista_tools.roundtrip.project import Project
    from calista_tools.roundtrip.result import Step


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is proven, and where.

    Attributes:
        backend: ``sqlite`` or ``postgresql``.
        url: A PostgreSQL server to make scratch databases in; None for one of ours.
        start: The revision after which proofs begin; those up to it are only upgraded to.
        end: The last revision; all heads if None.
    """

    backend: str
    url: str | None = None
    start: str | None = None
    end: str | None = None
    cache: bool = True
    settings: Settings = field(default_factory=Settings)


def prove(
    project: Project, options: Options, progress: Callable[[Step], None] = lambda step: None
) -> Run:
    """Prove a project's history on one backend.

    Raises:
        ToolError: It could not be run at all.
    """
    started = time.perf_counter()
    with ExitStack() as stack:
        place: SqliteFolder | PostgresServer
        if options.backend == "sqlite":
            place = stack.enter_context(SqliteFolder(project.sqlite_driver))
        else:
            if project.loaded:
                _revisions(project, options)  # before a server is waited for
            place = stack.enter_context(open_server(options.url))
        database = place.create()
        # An application that revisions import may connect, for good, to what it finds then.
        project.load(database.url)
        before, proven = _revisions(project, options)
        run = Run(options.backend, place.server_version)
        cache = _cache(project, options, place, run.server)
        proof = _Proof(project, options, place, database, cache, progress)
        if not proof.run(run, before, proven):
            # Something changed the catalogs in a way that nothing told of.
            run.notes.append("every object was read after every step")
            database.replace_by(None)
            proof.run(run, before, proven, thorough=True)
    run.seconds = time.perf_counter() - started
    return run


def _revisions(project: Project, options: Options) -> tuple[list[Script], list[Script]]:
    """Return what is only upgraded to, and what is proven.

    Raises:
        ToolError: Nothing is.
    """
    before, proven = project.order(options.start, options.end)
    if not proven:
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
    progress: Callable[[Step], None]

    def run(
        self,
        run: Run,
        before: Sequence[Script],
        proven: Sequence[Script],
        *,
        thorough: bool = False,
    ) -> bool:
        """Prove everything once; tell whether all changes were noticed when they were made."""
        settings = self.options.settings
        database = self.database
        if settings.prepare:
            prepare(settings.prepare, database.url)
        cache = self.cache if not before else None
        count, cached = cache.restore(proven, database) if cache and not thorough else (0, [])
        known = {script.revision for script in self.project.scripts}
        judge = Judge(read_given(settings.rows, known), settings)
        live = _live(database)
        live.thorough = thorough
        if cache and count:
            live.remember(cache.remembered)
        origin: Callable[[], None] | None = None
        if cache and count:
            origin = partial(cache.put_back, database)
        elif not settings.prepare:
            origin = partial(database.replace_by, None)
        walk = Walk(self.project, database, live, self.progress, judge, origin=origin)
        head = Head(
            self.place, walk, cache.tables if cache and count else None, whole=not self.options.end
        )
        with closing(walk):
            walk.advance(before)
            walk.take(proven[:count], cached)
            run.steps = walk.prove(proven[count:], head.look)
            head.report(run, settings.drift)
            if walk.overlooked and not thorough:
                return False
            self._from_nothing(walk, judge, [*before, *proven])
            run.head = walk.snapshot if head.reached else None
            good = _proven_prefix(run.steps)
            # A role is not in the database that would be kept.
            if cache and good > count and not database.roles:
                walk.go_back_to(proven[:good])
                tables = head.tables or None if good == len(proven) else None
                cache.keep(proven[:good], run.steps[:good], database, tables, live.remembered())
        return True

    def _from_nothing(self, walk: Walk, judge: Judge, scripts: Sequence[Script]) -> None:
        """Upgrade a new database without rows as far as a revision may count on some."""
        steps = {step.revision: step for step in walk.steps}
        counting = judge.counting
        last = max((at for at, s in enumerate(scripts) if s.revision in counting), default=None)
        if last is None or any(step.upgrade != OK for step in walk.steps):
            return
        # Not another database: see `prove`.
        database = self.database
        kept = database.copy()
        database.replace_by(None)
        if self.options.settings.prepare:
            prepare(self.options.settings.prepare, database.url)
        found = fails_from_nothing(self.project, database.url, scripts[: last + 1])
        database.replace_by(kept)
        kept.drop()
        if found and found[0].revision in steps:
            judge.failed_from_nothing(steps[found[0].revision], found[1])
            self.progress(steps[found[0].revision])


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


def _proven_prefix(steps: Sequence[Step]) -> int:
    """Return how many steps are proven before the first that is not."""
    return next((at for at, step in enumerate(steps) if not step.proven), len(steps))


def _live(database: ScratchDatabase) -> Live:
    if database.url.get_backend_name() == "sqlite":
        return SqliteLive()
    return PostgresLive(database.url)
