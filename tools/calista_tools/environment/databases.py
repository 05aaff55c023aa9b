"""How is a development database moved, and what SQL would that be? By the project's own env.py."""

from __future__ import annotations

import sys
from io import StringIO
from typing import TYPE_CHECKING, Any

from calista_tools import config as configuration
from calista_tools.config import DIALECTS
from calista_tools.environment.alembic_run import (
    alembic_config,
    development_url,
    env_source,
    running,
    script_directory,
)
from calista_tools.environment.asked_database import assert_database, assert_dialect
from calista_tools.errors import ToolError
from calista_tools.harmless import harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TextIO

    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    from calista_tools.config import Config

#: A literal that holds a control character is another one where that is shown by its number.
_NOT_TO_RUN = (
    "note: this SQL holds control characters, which are shown by their numbers: it is to be read,"
    " not to be run"
)


def move(command: str, revisions: Sequence[str], *, default: str, url: str | None) -> None:
    """Run ``upgrade`` or ``downgrade`` of Alembic.

    Raises:
        ToolError: More than one target, no database, or what env.py or the database says.
    """
    target = _only(revisions) or default

    def steps(directory: ScriptDirectory, heads: Any) -> Any:
        # As `alembic.command` has it, which leaves no place to look at the connection first.
        return getattr(directory, f"_{command}_revs")(target, heads)

    words = [command, "--", target]
    _run(url, steps, words=words, stdout=sys.stderr, destination_rev=target)


def show_current(url: str | None) -> None:
    """Print the revision that a database is at.

    Raises:
        ToolError: No database, or what env.py or the database says.
    """

    def show(directory: ScriptDirectory, heads: Any) -> list[Any]:
        for script in directory.get_all_current(heads):
            print(script.cmd_format(verbose=False))
        return []

    _run(url, show, words=["current"], stdout=sys.stdout, dont_mutate=True)


def _run(
    flag: str | None,
    steps: Callable[[ScriptDirectory, Any], Any],
    *,
    words: Sequence[str],
    stdout: TextIO,
    **given: Any,
) -> None:
    """Run the project's ``env.py`` on a development database, if it is the one asked for.

    Raises:
        ToolError: No database, another one, or what env.py or the database says.
    """
    from alembic.runtime.environment import EnvironmentContext
    from sqlalchemy.engine import make_url

    config, url = configuration.load(), development_url(flag)
    settings = alembic_config(config, url, words=words, stdout=stdout)
    with running(config, url):
        directory = script_directory(config, settings)

        def asked(heads: Any, context: MigrationContext) -> Any:
            if url is not None:
                assert_database(context, make_url(url), env_source(config))
            return steps(directory, heads)

        with EnvironmentContext(settings, directory, fn=asked, **given):
            directory.run_env()


def show_sql(revisions: Sequence[str], *, dialect: str | None, downgrade: bool) -> None:
    """Print the SQL of one revision, for one dialect or each of the project's.

    Raises:
        ToolError: An unknown dialect or revision, or a revision that has to read the database.
    """
    config = configuration.load()
    if dialect is not None and dialect not in DIALECTS:
        raise ToolError(f"unknown dialect {dialect!r}", f"one of: {', '.join(DIALECTS)}")
    target = _only(revisions) or "head"
    wanted = (dialect,) if dialect else config.dialects
    texts = [revision_sql(config, target, name, downgrade=downgrade) for name in wanted]
    if any(harmless(text) != text for text in texts):
        print(_NOT_TO_RUN, file=sys.stderr)
    for name, text in zip(wanted, texts, strict=True):
        print(text if dialect else f"-- {name}\n{text}", end="", flush=True)


def revision_sql(config: Config, target: str, dialect: str, *, downgrade: bool = False) -> str:
    """Return the SQL of one revision, as ``--sql`` writes it.

    Raises:
        ToolError: There is no such revision, it has to read the database, or env.py is set to
            another dialect.
    """
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationStep, RevisionStep

    written, ran = StringIO(), False
    command = "downgrade" if downgrade else "upgrade"
    words = [command, "--sql", "--", target]
    settings = alembic_config(config, url := f"{dialect}://", words=words)
    settings.output_buffer = written
    with running(config, url):
        directory = script_directory(config, settings)
        revision = _revision(directory, target)
        make = (
            MigrationStep.downgrade_from_script if downgrade else MigrationStep.upgrade_from_script
        )
        step: RevisionStep = make(directory.revision_map, revision)

        def one_step(_heads: Any, context: MigrationContext) -> list[RevisionStep]:
            nonlocal ran
            ran = True
            assert_dialect(context, dialect, env_source(config))
            return [step]

        start = revision.revision if downgrade else revision.down_revision
        with EnvironmentContext(
            settings, directory, fn=one_step, as_sql=True, starting_rev=start, dont_mutate=True
        ):
            directory.run_env()
    if not ran:
        raise ToolError(
            "env.py does not run migrations with --sql",
            "it must call context.run_migrations() in offline mode, too",
        )
    return written.getvalue()


def _revision(directory: ScriptDirectory, target: str) -> Any:
    found = directory.get_revision(target)
    if found is None:
        raise ToolError(f"{target!r} is no revision")
    return found


def _only(revisions: Sequence[str]) -> str | None:
    if len(revisions) > 1:
        raise ToolError(f"one revision at a time, not {', '.join(revisions)}")
    return revisions[0] if revisions else None
