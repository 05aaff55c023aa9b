"""How is a revision file made? From a message to one new file, whole and checked, or none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from calista_tools.authoring.draft import Draft, check_kind
from calista_tools.authoring.file_naming import root_of
from calista_tools.authoring.finished_file import check_whole, write_draft
from calista_tools.authoring.message import check_message
from calista_tools.authoring.parents import choose_parents, next_stamp
from calista_tools.environment.alembic_run import runs_always
from calista_tools.errors import ToolError
from calista_tools.history import read_history
from calista_tools.history.locations import version_folders
from calista_tools.history.slug import slugify

if TYPE_CHECKING:
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.history import History


def write_revisions(
    config: Config,
    message: str,
    *,
    kind: str = "schema",
    table: str | None = None,
    head: str | None = None,
    autogenerate: bool = False,
    allow_empty: bool = False,
    url: str | None = None,
) -> list[Path]:
    """Write one revision file, or as many as env.py's hooks make of it, and return their paths.

    Args:
        config: The project.
        message: What the revision does, as its author says it.
        kind: ``schema``, ``data`` or ``append-only``.
        table: The table to create (schema, append-only) or to fill (data).
        head: The revision to follow; None for the only head.
        autogenerate: Ask Alembic what differs between the metadata and the database.
        allow_empty: Write a file also where nothing differs.
        url: The database to compare with; None for the one that env.py takes by itself.

    Raises:
        ToolError: Anything that a user can act on; no file has been written.
    """
    check_message(message)
    slug = slugify(message)
    checked = check_kind(kind, table, autogenerate=autogenerate)
    folders = version_folders(config)
    for folder in folders:
        if not folder.is_dir():
            raise ToolError(
                f"{folder}: no such folder",
                "run this inside the project, or set `script_location` in [tool.calista]",
            )
    history = read_history(folders, external=config.external_revisions)
    if autogenerate or runs_always(config):
        # Here, not at the top: only this needs Alembic and SQLAlchemy.
        from calista_tools.authoring.wishes import Author

        author = Author(config, message, checked, table, autogenerate=autogenerate)
        return author.write(history, head, url, allow_empty=allow_empty)
    parents = choose_parents(history, head)
    for parent in parents:
        check_whole(parent)
    draft = Draft(
        message=message,
        revision=unused_id(history),
        created=next_stamp(parents),
        parents=tuple(parent.revision for parent in parents),
        kind=checked,
        table=table,
    )
    return [write_draft(config, draft, slug, root_of(config, parents))]


def unused_id(history: History) -> str:
    """Return a new revision id, as Alembic makes them: twelve hexadecimal digits."""
    while True:
        found = os.urandom(6).hex()
        if found not in history.revisions:
            return found
