"""What is this project's history? Its folders, its revisions, and which of them are published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from calista_tools.config import Config
    from calista_tools.history.graph import History


def read_project(config: Config, *, thorough: bool = False) -> History:
    """Read the revisions of a project and what its lock file says is published.

    What a killed command left unfinished is finished first.

    Args:
        config: The project's settings.
        thorough: Parse every file to its end; see `reader.read_source`.

    Raises:
        ToolError: There are no migrations, the lock file is there and cannot be read, or a command
            is changing the files.
    """
    from calista_tools.history.journal import HOLDER
    from calista_tools.history.locations import version_folders
    from calista_tools.history.lockfile import read_lock
    from calista_tools.history.reader import read_history

    if (config.script_location.parent / HOLDER).is_dir():
        from calista_tools.history.transaction import recover

        recover(config.script_location)
    if not config.script_location.is_dir():
        raise ToolError(
            f"there is no folder {config.script_location}",
            "run this in the project, or set `script_location` in its pyproject.toml or alembic.ini",
        )
    history = read_history(
        version_folders(config), thorough=thorough, external=config.external_revisions
    )
    history.published = read_lock(config.lock_file).published
    return history
