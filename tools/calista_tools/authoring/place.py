"""How does a file appear whole or not at all, and never over another one?"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path

#: What file systems without hard links say (FAT, some network and container mounts).
_NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK}


def place(source: str, path: Path) -> None:
    """Write a new file: staged beside its place, on disk, then given its name in one step.

    Raises:
        FileExistsError: There is a file of this name; it is untouched.
        ToolError: The folder cannot be written to.
    """
    staged = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            with staged.open("xb") as file:
                file.write(source.encode())
                file.flush()
                os.fsync(file.fileno())
            _give_name(staged, path)
        finally:
            staged.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise ToolError(f"{path}: cannot be written: {reason}") from error


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


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut, where folders can be synced."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)
