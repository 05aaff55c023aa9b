"""How is a revision file made? From a message to one new file, whole and checked, or none."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from calista_tools.authoring.draft import Draft, check_kind
from calista_tools.authoring.file_check import check_source, parse_source
from calista_tools.authoring.file_naming import revision_path, root_of, warn_if_unseen
from calista_tools.authoring.message import check_message
from calista_tools.authoring.parents import choose_parents, next_stamp
from calista_tools.environment.alembic_run import runs_always
from calista_tools.errors import ToolError
from calista_tools.files.formatting import format_source
from calista_tools.files.placing import place
from calista_tools.history import Problem, read_file, read_history
from calista_tools.history.filename import MINUTE
from calista_tools.history.locations import version_folders
from calista_tools.history.slug import slugify

if TYPE_CHECKING:
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.history import History, Revision

#: How many minutes to look ahead for a name that is free.
MINUTES = 60


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


def write_draft(config: Config, draft: Draft, slug: str, root: Path) -> Path:
    """Write a draft below a versions folder under the first free name, from its own minute on.

    Raises:
        ToolError: It cannot be written, or would not be a revision that passes the lint.
    """
    while True:
        draft, path = unused_path(config, draft, slug, root)
        try:
            place(finished_source(config, draft, path), path)
        except FileExistsError:  # written by someone else since we looked
            continue
        warn_if_unseen(config, path)
        return path


def unused_path(config: Config, draft: Draft, slug: str, root: Path) -> tuple[Draft, Path]:
    """Return a path that no file has, and the draft dated to match.

    Raises:
        ToolError: Every name within an hour is taken, or the configured pattern gives none.
    """
    taken = set()
    for _ in range(MINUTES):
        path = revision_path(config, root, draft.created, slug, draft.revision)
        if not os.path.lexists(path):
            return draft, path
        taken.add(path)
        draft = replace(draft, created=draft.created + MINUTE)
    if len(taken) < MINUTES:
        raise ToolError(f"{path}: there is a file of this name", "say more in the message")
    raise ToolError(f"{path}: there is a file of this name for every minute of an hour")


def finished_source(config: Config, draft: Draft, path: Path) -> str:
    """Return the text of the file at ``path``: rendered, formatted, compiled and linted.

    Raises:
        ToolError: One of these fails.
    """
    draft = _importing(config, draft)
    source = draft.source(config)
    parse_source(source, path)  # says where it is wrong, which ruff does not
    source = format_source(source, path, sort_imports=draft.autogenerated is not None)
    check_source(config, draft, source, path)
    return source


def check_whole(parent: Revision) -> None:
    """Refuse to follow a revision that cannot run; of the others the header is enough.

    Raises:
        ToolError: The parent's file is not valid Python.
    """
    found = read_file(parent.path, thorough=True)
    if isinstance(found, Problem):
        raise ToolError(
            f"{found.path}:{found.line}: {found.message}", "repair the parent before its child"
        )


def unused_id(history: History) -> str:
    """Return a new revision id, as Alembic makes them: twelve hexadecimal digits."""
    while True:
        found = os.urandom(6).hex()
        if found not in history.revisions:
            return found


def _importing(config: Config, draft: Draft) -> Draft:
    """Return the draft with the imports that its generated code needs."""
    if draft.autogenerated is None:
        return draft
    # Here, not at the top: it may ask SQLAlchemy.
    from calista_tools.authoring.imports import with_imports

    code = with_imports(
        draft.autogenerated,
        draft.types,
        lambda code: replace(draft, autogenerated=code).source(config),
    )
    return replace(draft, autogenerated=code)
