"""May others put files where backups lie? Then nothing in that folder can be trusted."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

from calista.db.backups.files import BackupError

if TYPE_CHECKING:
    from pathlib import Path

_ADVICE = "or choose another folder with --backup-dir; the database was not touched"


def is_safe(file: Path) -> bool:
    """Whether nobody else can change a file, or put another one in its place."""
    try:
        prepare(file.absolute().parent)
        found = file.lstat()
    except (OSError, BackupError):
        return False
    if sys.platform == "win32":
        return stat.S_ISREG(found.st_mode)
    ours = found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return ours and stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def prepare(folder: Path) -> None:
    """Make the folder if it is missing, and refuse one that is not ours alone to write to.

    Windows answers the question by access control lists, which are left to whoever set them.

    Raises:
        BackupError: Others may write to it, or put another one in its place.
        OSError: It cannot be made.
    """
    if folder.is_symlink():
        raise BackupError(
            f"the folder for backups is a link, which others may turn elsewhere: {folder}",
            f"name the folder itself: --backup-dir {os.path.realpath(folder)}",
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if sys.platform == "win32":
        return
    found = folder.stat(follow_symlinks=False)
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(20, "Not a directory", str(folder))
    if found.st_uid != os.geteuid():
        raise BackupError(
            f"the folder for backups belongs to another user: {folder}",
            f"make it yours (chown), {_ADVICE}",
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise BackupError(
            f"others may write to the folder for backups, and put files of theirs there: {folder}",
            f"chmod go-w {folder}, {_ADVICE}",
        )
    for above in folder.absolute().parents:
        mode = above.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise BackupError(
                f"others may put another folder in the place of {folder}:"
                f" everybody may write to {above}",
                f"chmod o-w {above}, {_ADVICE}",
            )
