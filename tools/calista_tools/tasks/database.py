"""The tasks that move a development database; users' databases have ``calista db``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.task import task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from invoke.context import Context

URL = "the database; default: CALISTA_DB_URL, or what env.py finds by itself"


@task(
    positional=["revision"],
    iterable=["revision"],
    help={"revision": "how far: a revision, +1; default: all heads", "url": URL},
)
def upgrade(_: Context, revision: Sequence[str], url: str | None = None) -> None:
    """Upgrade a development database."""
    from calista_tools.environment.databases import move

    move("upgrade", revision, default="heads", url=url)


@task(
    positional=["revision"],
    iterable=["revision"],
    help={"revision": "how far: a revision or base; default: one step down", "url": URL},
)
def downgrade(_: Context, revision: Sequence[str], url: str | None = None) -> None:
    """Downgrade a development database."""
    from calista_tools.environment.databases import move

    move("downgrade", revision, default="-1", url=url)


@task(help={"url": URL})
def current(_: Context, url: str | None = None) -> None:
    """Show the revision that a development database is at."""
    from calista_tools.environment.databases import show_current

    show_current(url)


@task(
    positional=["revision"],
    iterable=["revision"],
    help={
        "revision": "a revision id or the unique beginning of one; default: the head",
        "dialect": "sqlite or postgresql; default: each that the project supports",
        "downgrade": "the SQL that undoes it",
    },
)
def sql(
    _: Context, revision: Sequence[str], dialect: str | None = None, downgrade: bool = False
) -> None:
    """Print the SQL of a revision, for one dialect or each."""
    from calista_tools.environment.databases import show_sql

    show_sql(revision, dialect=dialect, downgrade=downgrade)
