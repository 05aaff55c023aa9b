"""How does a file appear whole or not at all, and never over another one?"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.files.whole_file import sync_folder, write_beside

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What file systems without hard links say (FAT, some network and container mounts).
_NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK}


def place(source: str, path: Path) -> None:
    """Write a new file: staged beside its place, on disk, then given its name in one step.

    Folders that are missing are made, and gone again where the file does not appear.

    Raises:
        FileExistsError: There is a file of this name; it is untouched.
        ToolError: The folder cannot be written to.
    """
    made: list[Path] = []
    try:
        _make_folders(path.parent, made)
        staged = Path(write_beside(str(path), source.encode(), on_disk=True))
        try:
            _give_name(staged, path)
        finally:
            staged.unlink(missing_ok=True)
        for folder in (path.parent, *(folder.parent for folder in made)):
            sync_folder(str(folder))
    except BaseException as error:
        remove_empty(made)
        if isinstance(error, FileExistsError) or not isinstance(error, OSError):
            raise
        reason = error.strerror or str(error)
        raise ToolError(f"{path}: cannot be written: {reason}") from error


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove the folders that are empty, in this order."""
    for folder in folders:
        with suppress(OSError):  # somebody has put a file into it
            folder.rmdir()


def _make_folders(folder: Path, made: list[Path]) -> None:
    """Make a folder and those above it, and note which there were not: the innermost first."""
    if folder.is_dir():
        return
    _make_folders(folder.parent, made)
    try:
        folder.mkdir()
    except FileExistsError as error:
        if folder.is_dir():
            return
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from error
    made.insert(0, folder)


def _give_name(staged: Path, path: Path) -> None:
    """Link, because renaming replaces what is there; except on Windows, where it refuses to."""
    if os.name == "nt":
        staged.rename(path)
        return
    try:
        os.link(staged, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Without links a name can only be reserved, empty, before the rename.
        path.open("xb").close()
        staged.replace(path)
