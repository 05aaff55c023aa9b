"""How is a project's own ``env.py`` run with steps of ours?

Alembic iterates the steps lazily: while the generator that yields them is waiting to go on, the
step before has been committed and the database can be looked at.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

from calista_tools.backends import shown, synchronous
from calista_tools.environment.alembic_run import variables
from calista_tools.environment.application import application_context
from calista_tools.environment.asked_database import variable_of
from calista_tools.environment.url_variables import hint_of
from calista_tools.errors import ToolError
from calista_tools.roundtrip.live.sent_statements import words
from calista_tools.roundtrip.project.files_read import noted
from calista_tools.roundtrip.project.fresh_connections import fresh_connections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alembic.runtime.migration import MigrationContext, RevisionStep
    from sqlalchemy import URL, Connection

    from calista_tools.roundtrip.project.proven_project import Project

    Steps = Callable[[tuple[str, ...], MigrationContext], Iterator[RevisionStep]]


def run_env(project: Project, url: URL, steps: Steps) -> None:
    """Run ``env.py`` once against a database; whatever it raises comes through.

    The URL reaches it as ``sqlalchemy.url``, as ``-x url=``, as ``config.attributes["connection"]``
    and in the environment variables that the project names.

    Raises:
        ToolError: It connects to another database; nothing was run there.
    """
    from alembic.runtime.environment import EnvironmentContext
    from sqlalchemy.engine import make_url

    project.load(url)
    text = project.address(url)
    url = make_url(text)
    config = project.config(text)
    attributes = _Attributes(url)
    config.attributes = attributes
    called = False

    def only_first(heads: tuple[str, ...], context: MigrationContext) -> Iterator[RevisionStep]:
        nonlocal called
        if called:
            project.runs_again = True
            return iter(())
        called = True
        return steps(heads, context)

    environment = EnvironmentContext(config, project.script, fn=only_first, as_sql=False)
    configure = environment.configure

    def configure_per_migration(*args: Any, **options: Any) -> None:
        # Proven one by one, as revisions reach a database that is upgraded with every release.
        options["transaction_per_migration"] = True
        configure(*args, **options)
        if (connection := environment.get_context().connection) is not None:
            _assert_on(url, connection, project.env_source)

    environment.configure = configure_per_migration  # type: ignore[method-assign]
    with (
        variables(project.environment(text)),
        fresh_connections(),
        _quiet(),
        application_context(project.env_source, url),
        attributes,
        environment,
        noted(project.script._version_locations),
    ):
        project.script.run_env()


def env_failed(project: Project, error: BaseException) -> ToolError:
    """Return what is said of an ``env.py`` that fails by itself, before or after all steps."""
    said = words(error)
    return ToolError(f"{project.env} failed: {said}", hint_of(said, project.url_env), exit_code=2)


def never_run(project: Project) -> ToolError:
    """Return what is said of an ``env.py`` that never asked for a step."""
    return ToolError(
        f"{project.env} does not run migrations",
        "it must call context.run_migrations()",
        exit_code=2,
    )


def kept_to_itself() -> Exception:
    """Return what stands for the error of a step that only Alembic, and so ``env.py``, has met."""
    return RuntimeError("env.py ended the run and kept the error to itself")


def _assert_on(url: URL, connection: Connection, source: str) -> None:
    """Raise unless this is our scratch database: its revisions are about to be taken back."""
    free = not connection.in_transaction()
    ours = connection.dialect.name == url.get_backend_name()
    if ours and connection.dialect.name == "sqlite":
        (_, _, found), *_ = connection.exec_driver_sql("PRAGMA database_list").fetchall()
        ours = os.path.realpath(found or "") == os.path.realpath(url.database or "")
    elif ours:
        ours = connection.exec_driver_sql("SELECT current_database()").scalar() == url.database
    if free and hasattr(connection, "rollback"):  # SQLAlchemy 1.4 begins nothing by itself
        connection.rollback()
    if ours:
        return
    variable = variable_of(source) or "NAME"
    raise ToolError(
        f"env.py connects to {shown(connection.engine.url)} and not to the database that it was given; nothing was run",
        'let it use `config.get_main_option("sqlalchemy.url")`, or name the environment'
        f" variable that it reads: --url-env {variable}, `url-env` in [tool.calista.roundtrip]",
        exit_code=2,
    )


class _Attributes(dict[str, Any]):
    """``config.attributes`` whose connection is opened when ``env.py`` asks for it."""

    def __init__(self, url: URL) -> None:
        super().__init__()
        self._url = url
        self._connection: Connection | None = None

    def __enter__(self) -> _Attributes:
        return self

    def __exit__(self, *error: object) -> None:
        if self._connection is not None:
            engine = self._connection.engine
            self._connection.close()
            engine.dispose()

    def __contains__(self, key: object) -> bool:
        return key == "connection" or super().__contains__(key)

    def __getitem__(self, key: str) -> Any:
        if key == "connection" and not super().__contains__(key):
            return self._connect()
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return an attribute, as a dictionary does."""
        try:
            return self[key]
        except KeyError:
            return default

    def _connect(self) -> Connection:
        if self._connection is None or self._connection.closed:
            from sqlalchemy import create_engine
            from sqlalchemy.pool import NullPool

            engine = create_engine(synchronous(self._url), poolclass=NullPool)
            made = self._connection = engine.connect()
            # Some env.py expect an engine there; SQLAlchemy 1's connections had this too.
            made.connect = lambda: made  # type: ignore[attr-defined]
        return self._connection


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what ``env.py`` and revisions print, log and warn of out of the report."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    with warnings.catch_warnings(), redirect_stdout(sys.stderr):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            if logging.root.manager.disable == logging.WARNING:  # not silenced by an interrupt
                logging.disable(before)
