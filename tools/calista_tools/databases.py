"""How is a development database moved, and what SQL would that be? By the project's own env.py."""

from __future__ import annotations

import sys
from io import StringIO
from typing import TYPE_CHECKING, Any

from calista_tools import config as configuration
from calista_tools.config import DIALECTS
from calista_tools.environment import alembic_config, development_url, running
from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    from calista_tools.config import Config


def move(command: str, revisions: Sequence[str], *, default: str, url: str | None) -> None:
    """Run ``upgrade`` or ``downgrade`` of Alembic.

    Raises:
        ToolError: More than one target, no database, or what env.py or the database says.
    """
    from alembic import command as commands

    config, url = configuration.load(), development_url(url)
    settings = alembic_config(config, url, stdout=sys.stderr)
    target = _only(revisions) or default
    with running(config, url):
        getattr(commands, command)(settings, target)


def show_current(url: str | None) -> None:
    """Print the revision that a database is at.

    Raises:
        ToolError: No database, or what env.py or the database says.
    """
    from alembic import command

    config, url = configuration.load(), development_url(url)
    settings = alembic_config(config, url)
    with running(config, url):
        command.current(settings)


def show_sql(revisions: Sequence[str], *, dialect: str | None, downgrade: bool) -> None:
    """Print the SQL of one revision, for one dialect or each of the project's.

    Raises:
        ToolError: An unknown dialect or revision, or a revision that has to read the database.
    """
    config = configuration.load()
    if dialect is not None and dialect not in DIALECTS:
        raise ToolError(f"unknown dialect {dialect!r}", f"one of: {', '.join(DIALECTS)}")
    target = _only(revisions) or "head"
    for name in (dialect,) if dialect else config.dialects:
        text = revision_sql(config, target, name, downgrade=downgrade)
        print(text if dialect else f"-- {name}\n{text}", end="", flush=True)


def revision_sql(config: Config, target: str, dialect: str, *, downgrade: bool = False) -> str:
    """Return the SQL of one revision, as ``--sql`` writes it.

    Raises:
        ToolError: There is no such revision, or it has to read the database.
    """
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationStep, RevisionStep
    from alembic.script import ScriptDirectory

    written = StringIO()
    settings = alembic_config(config, url := f"{dialect}://")
    settings.output_buffer = written
    with running(config, url):
        directory = ScriptDirectory.from_config(settings)
        revision = _revision(directory, target)
        make = (
            MigrationStep.downgrade_from_script if downgrade else MigrationStep.upgrade_from_script
        )
        step: RevisionStep = make(directory.revision_map, revision)

        def one_step(_heads: Any, _context: MigrationContext) -> list[RevisionStep]:
            return [step]

        start = revision.revision if downgrade else revision.down_revision
        with EnvironmentContext(
            settings, directory, fn=one_step, as_sql=True, starting_rev=start, dont_mutate=True
        ):
            directory.run_env()
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
