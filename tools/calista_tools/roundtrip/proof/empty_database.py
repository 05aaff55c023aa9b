"""Can a new database be upgraded? Its tables are empty, and some revisions count on rows.

Revisions are proven on tables with rows of ours; whether one can do without them is only a question
where it asks for rows, or makes something of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.roundtrip.live.live_database import commit_outer
from calista_tools.roundtrip.project.run_env import (
    env_failed,
    kept_to_itself,
    never_run,
    run_env,
)
from calista_tools.roundtrip.proof.alembic_step import AlembicStep
from calista_tools.roundtrip.proof.interrupt import raise_if_interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic.runtime.migration import MigrationContext, RevisionStep
    from alembic.script import Script
    from sqlalchemy import URL

    from calista_tools.roundtrip.project.proven_project import Project

#: What reads rows into the revision's own code, and what is NULL or an error without rows; whether
#: there are any is no such question.
_ASKS = re.compile(
    r"\s*(?:SELECT|WITH)\b.*\bFROM\b|.*\b(?:min|max|sum|avg)\s*\(|.*\bSTRICT\b"
    r"|.*(?<!\bEXISTS)(?<!\bEXISTS )(?<!\bIN)(?<!\bIN )\(\s*SELECT\b",
    re.IGNORECASE | re.DOTALL,
)
#: Questions about the schema, as reflection asks them.
_CATALOGS = re.compile(r"\b(?:pg_\w+|information_schema|sqlite_\w+|PRAGMA)\b", re.IGNORECASE)


def counts_on_rows(statements: Sequence[str], version_table: str) -> bool:
    """Tell whether any of a revision's statements may fail on empty tables."""
    return any(
        _ASKS.match(statement)
        and not _CATALOGS.search(statement)
        and version_table.rpartition(".")[2] not in statement
        for statement in statements
    )


def fails_on_empty_database(
    project: Project, url: URL, scripts: Sequence[Script]
) -> tuple[Script, BaseException] | None:
    """Upgrade a new database without rows of ours; return the revision that fails, and how.

    Raises:
        ToolError: ``env.py`` fails by itself.
    """
    begun: list[Script] = []
    raised: list[BaseException] = []
    ended = False

    def steps(_: tuple[str, ...], context: MigrationContext) -> Iterator[RevisionStep]:
        nonlocal ended
        commit_outer(context)
        for script in scripts:
            raise_if_interrupted()
            begun.append(script)
            yield AlembicStep(project, script, upgrade=True, raised=raised.append)
            if context.connection is not None and context.connection.in_transaction():
                commit_outer(context)
        ended = True

    try:
        run_env(project, url, steps)
    except (Exception, SystemExit) as error:
        raise_if_interrupted()
        if isinstance(error, ToolError):
            raise
        if ended or not begun:
            raise env_failed(project, error) from error
        raised.append(error)
    if ended:
        return None
    raise_if_interrupted()
    if not begun:
        raise never_run(project)
    # An env.py may keep to itself what the revision raised, or make something else of it.
    return begun[-1], next(iter(raised), kept_to_itself())
