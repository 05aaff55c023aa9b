"""Proves a project's history on one backend, from scratch database to report."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from calista_tools.backends import SqliteFolder, open_server
from calista_tools.errors import ToolError
from calista_tools.roundtrip.live import Live, PostgresLive, SqliteLive
from calista_tools.roundtrip.prepare import prepare
from calista_tools.roundtrip.result import Run
from calista_tools.roundtrip.settings import Settings
from calista_tools.roundtrip.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from calista_tools.backends import PostgresServer, ScratchDatabase
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
    before, proven = project.order(options.start, options.end)
    with ExitStack() as stack:
        place: SqliteFolder | PostgresServer
        if options.backend == "sqlite":
            place = stack.enter_context(SqliteFolder(_sqlite_driver(project)))
        else:
            place = stack.enter_context(open_server(options.url))
        run = Run(options.backend, place.server_version)
        database = place.create()
        if options.settings.prepare:
            prepare(options.settings.prepare, database.url)
        walk = Walk(project, database, _live(database), progress)
        stack.enter_context(closing(walk))
        walk.advance(before)
        run.steps = walk.prove(proven)
    run.seconds = time.perf_counter() - started
    return run


def _live(database: ScratchDatabase) -> Live:
    if database.url.get_backend_name() == "sqlite":
        return SqliteLive()
    return PostgresLive(database.url)


def _sqlite_driver(project: Project) -> str:
    if not project.is_async:
        return "sqlite"
    from importlib.util import find_spec

    if find_spec("aiosqlite") is None:
        raise ToolError(
            "env.py makes an asynchronous engine, and aiosqlite is not installed",
            "pip install aiosqlite",
            exit_code=2,
        )
    return "sqlite+aiosqlite"
