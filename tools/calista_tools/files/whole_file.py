"""How is a file written so that it is the old one or the new one, whatever happens meanwhile?"""

from __future__ import annotations

import errno
import os

_NEW = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def write_whole(
    path: str, content: bytes, *, mode: int | None = None, on_disk: bool = False
) -> None:
    """Write a file: all of it or nothing, whoever else writes it at the same time.

    It is written beside its place, under a name that nobody can have prepared a link at.

    Args:
        path: Where; a file that is there is replaced.
        content: What it will hold.
        mode: Its permissions, where they are not a new file's.
        on_disk: Whether it shall survive a power cut, too.

    Raises:
        OSError: It cannot be written.
    """
    temporary = write_beside(path, content, mode=mode, on_disk=on_disk)
    try:
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        _remove(temporary)
        raise


def write_beside(
    path: str, content: bytes, *, mode: int | None = None, on_disk: bool = False
) -> str:
    """Write what a file shall hold beside its place, and return where: nothing is left of a failure.

    Raises:
        OSError: It cannot be written.
    """
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name[:200]}.{os.urandom(8).hex()}.tmp")  # noqa: PTH118
    try:
        with os.fdopen(
            os.open(temporary, _NEW, 0o666 if mode is None else mode & 0o777), "wb"
        ) as file:
            file.write(content)
            if on_disk:
                file.flush()
                os.fsync(file.fileno())
        if mode is not None:
            os.chmod(temporary, mode)  # noqa: PTH101
    except BaseException:
        _remove(temporary)
        raise
    return temporary


def _remove(temporary: str) -> None:
    try:  # noqa: SIM105 - contextlib takes as long to import as all of this module
        os.unlink(temporary)  # noqa: PTH108
    except OSError:
        pass  # it may never have been made


def sync_folder(folder: str) -> None:
    """Make new names in a folder survive a power cut, where folders can be synced.

    Raises:
        OSError: It cannot be opened, or the disk fails.
    """
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
