"""Where does the file of a new revision lie, and what is it called?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calista_tools.errors import ConfigError, ToolError
from calista_tools.history.filename import file_name, templated_name
from calista_tools.history.locations import version_folders, version_roots
from calista_tools.name_tokens import check_file_template

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.history import Revision


def root_of(config: Config, parents: Iterable[Revision] = ()) -> Path:
    """Return the versions folder of a child: among several locations a branch stays in its own."""
    roots = version_roots(config)
    for parent in parents:
        found = containing(roots, parent.path)
        if found is not None:
            return found
    return roots[0]


def containing(roots: Iterable[Path], path: Path) -> Path | None:
    """Return the versions folder that a file lies in or below; the innermost of several."""
    inside = [root for root in roots if root in path.parents]
    return max(inside, key=lambda root: len(root.parts), default=None)


def revision_path(config: Config, root: Path, created: datetime, slug: str, revision: str) -> Path:
    """Return the path of a revision's file below a versions folder.

    Raises:
        ToolError: The project's pattern of file names cannot be filled in, or leads elsewhere.
    """
    template = config.file_template
    if template is None:
        return root / file_name(created, slug)
    try:
        check_file_template(template, "file_template")
        return root / templated_name(template, created, slug, revision)
    except ConfigError as error:
        raise ToolError(error.message, error.hint) from error
    except ValueError as error:
        raise ToolError(f"file_template = {error}") from error


def warn_if_unseen(config: Config, path: Path) -> None:
    """Say that Alembic, and so everybody, will not find a file in a folder below the versions."""
    folders = version_folders(config)
    if path.parent in folders or any(path.parent.samefile(folder) for folder in folders):
        return
    print(
        f"warning: Alembic does not look into {path.parent}:"
        " set `recursive_version_locations = true` in its configuration",
        file=sys.stderr,
    )
