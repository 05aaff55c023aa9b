"""What does a proof work with? The project, a scratch database of the backend, and what was kept."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from calista_tools.backends import SqliteFolder, open_server
from calista_tools.backends.kept_databases import KeptPostgres, KeptSqlite
from calista_tools.environment.roundtrip_settings import Settings
from calista_tools.errors import ToolError
from calista_tools.roundtrip.live.live_postgresql import LivePostgres
from calista_tools.roundtrip.live.live_sqlite import LiveSqlite
from calista_tools.roundtrip.project.prepare import prepare
from calista_tools.roundtrip.proof.judge import Judge
from calista_tools.roundtrip.proof.known_failures import Known
from calista_tools.roundtrip.proof.proof_cache import Cache
from calista_tools.roundtrip.proof.step_runner import StepRunner
from calista_tools.roundtrip.proof.walk import Walk
from calista_tools.roundtrip.rows import read_given

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import ExitStack

    from alembic.script import Script

    from calista_tools.backends import PostgresServer, ScratchDatabase
    from calista_tools.roundtrip.live.live_database import LiveDatabase
    from calista_tools.roundtrip.project.proven_project import Project
    from calista_tools.roundtrip.proof.interrupted_run import Progress


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


@dataclass(frozen=True)
class History:
    """The revisions of a run, parents first.

    Attributes:
        before: What is only upgraded to.
        proven: What is proven after that.
    """

    before: Sequence[Script]
    proven: Sequence[Script]

    @classmethod
    def of(cls, project: Project, options: Options) -> History:
        """Return what the options ask for.

        Raises:
            ToolError: That is nothing.
        """
        before, proven = project.order(options.start, options.end)
        if not proven and not (options.may_be_empty and before):
            raise ToolError(
                f"no revision comes after {options.start or 'base'}"
                f" and up to {options.end or 'heads'}",
                "name them in the order of the history: --from OLDER --to NEWER",
                exit_code=2,
            )
        return cls(before, proven)

    @property
    def all(self) -> list[Script]:
        """All of them."""
        return [*self.before, *self.proven]


@dataclass(frozen=True)
class ProofContext:
    """What all proofs on one backend work with.

    Attributes:
        backend: Makes scratch databases.
        database: Where revisions are proven. There is no other one: an application that revisions
            import may connect, for good, to what it finds then.
    """

    project: Project
    options: Options
    backend: SqliteFolder | PostgresServer
    database: ScratchDatabase

    @classmethod
    def enter(cls, project: Project, options: Options, stack: ExitStack) -> ProofContext:
        """Make a scratch database, which goes away with the stack."""
        stack.enter_context(_seldom_collecting())
        backend = _backend(project, options, stack)
        return cls(project, options, backend, backend.create())

    def cache(self) -> Cache | None:
        """Return the cache, or None where it is not wanted or nothing may be kept."""
        if not self.options.cache:
            return None
        backend, settings = self.backend, self.options.settings
        try:
            if isinstance(backend, SqliteFolder):
                return Cache(self.project, KeptSqlite(), settings, backend.server_version)
            if backend.keeps:
                return Cache(self.project, KeptPostgres(backend), settings, backend.server_version)
        except (OSError, ToolError):
            pass  # No folder to write to: everything is proven again, every time.
        return None

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

    def prepare(self) -> None:
        """Make what the first revision expects, in the database that is empty."""
        if self.options.settings.prepare:
            prepare(self.options.settings.prepare, self.database.url)

    def begin_anew(self) -> None:
        """Make the database what the first revision expects."""
        self.database.replace_by(None)
        self.prepare()


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


def _backend(project: Project, options: Options, stack: ExitStack) -> SqliteFolder | PostgresServer:
    if options.backend == "sqlite":
        return stack.enter_context(SqliteFolder(project.sqlite_driver))
    if project.loaded:
        History.of(project, options)  # before a server is waited for
    return stack.enter_context(open_server(options.url))


def _live(database: ScratchDatabase) -> LiveDatabase:
    if database.url.get_backend_name() == "sqlite":
        return LiveSqlite()
    return LivePostgres(database.url)
