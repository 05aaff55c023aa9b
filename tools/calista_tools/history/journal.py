"""How do files in several folders change at once? By a journal, which the next command finishes.

Folders that have nothing in common but the project cannot change places in one step. So all that
is to be written is on disk before the first file changes: a kill before that leaves the old state,
a kill after it leaves a mixture that `finish` turns into the new one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.history.lockfile import replace_file

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Beside the folder of the migrations, while files are changed.
HOLDER = ".calista-staging"
_NAME = "journal.json"


def write(changes: Mapping[Path, bytes | None], holder: Path) -> None:
    """Note in the holder what is to be written and removed.

    Raises:
        OSError: It cannot be written.
        ToolError: It cannot be put in place.
    """
    import json

    files: dict[str, str | None] = {}
    for number, (path, content) in enumerate(changes.items()):
        # Relative: a project may have been moved before somebody looks at it again.
        name = os.path.relpath(path, holder)
        files[name] = None if content is None else f"{number}.new"
        if content is not None:
            with (holder / f"{number}.new").open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
    noted = {"holder": holder.lstat().st_ino, "files": files}
    replace_file(holder / _NAME, json.dumps(noted).encode())


def finish(holder: Path) -> None:
    """Do what the journal says, however much of it has been done; without one do nothing.

    Raises:
        OSError: A file cannot be read or removed.
        ToolError: A file cannot be written, or the journal came from elsewhere.
    """
    import json

    try:
        noted = json.loads((holder / _NAME).read_bytes())
    except FileNotFoundError:
        return
    # A journal that came with a checkout would write anywhere; nobody knows this number beforehand.
    if noted.get("holder") != holder.lstat().st_ino:
        raise ToolError(f"{holder}: was not made here", "look at it, and remove it")
    for name, kept in noted["files"].items():
        path = Path(os.path.normpath(holder / name))
        if kept is None:
            path.unlink(missing_ok=True)
            if path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, (holder / kept).read_bytes())
