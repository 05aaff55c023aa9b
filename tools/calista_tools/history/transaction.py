"""How do several files change at once? All of them or none, even if the machine is switched off.

A journal would leave a mixture on disk until the next command reads it, and Alembic or git may be
the next to look. So the folder that holds all the files is rebuilt beside itself (unchanged files
are hard links) and the two folders change places in one system call. Where the system has no such
call (Windows; some network and container mounts), two renames follow one another instead, and a
kill between them leaves the folder under `.calista-staging/`, from where `recover` brings it back.
Files outside of the home folder are written by way of `journal`.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.files import caches
from calista_tools.files.whole_file import sync_folder
from calista_tools.history import journal
from calista_tools.history.journal import HOLDER
from calista_tools.history.lockfile import replace_file

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXCHANGE_LINUX = 2  # RENAME_EXCHANGE of linux/fs.h
_SWAP_MACOS = 2  # RENAME_SWAP of sys/stdio.h
_HERE = -100  # AT_FDCWD


def apply(changes: Mapping[Path, bytes | None], home: Path) -> None:
    """Write and remove files, all or nothing.

    Args:
        changes: The new content by path; None removes the file.
        home: The folder of the migrations. It is replaced as a whole where several of its files
            change and none elsewhere.

    Raises:
        ToolError: Nothing was changed, with the reason.
    """
    if not changes:
        return
    if len(changes) == 1:
        ((path, content),) = changes.items()
        if content is not None:
            replace_file(path, content)
        else:
            path.unlink()
        return
    recover(home)
    holder = home.parent / HOLDER
    try:
        holder.mkdir(0o700)
    except OSError as error:
        raise ToolError(f"{holder}: cannot be made: {error.strerror}") from error
    try:
        (holder / ".gitignore").write_text("*\n")
        (holder / "owner").write_text(f"{os.getpid()}\n")
        if _movable(changes, home):
            staged = _stage(changes, home, holder)
            if not _exchange(staged, home):
                _rename_twice(staged, home, holder)
        else:
            journal.write(changes, holder)
    except (OSError, ToolError) as error:
        if home.is_dir():
            shutil.rmtree(holder, ignore_errors=True)
        reason = error.message if isinstance(error, ToolError) else error.strerror or str(error)
        raise ToolError(f"{home}: nothing was changed: {reason}") from error
    _finish(holder)


def _movable(changes: Mapping[Path, bytes | None], home: Path) -> bool:
    """Whether the home folder itself holds all the files, and nobody stands in it.

    A shell that stood there would be left in the old folder, which is removed.
    """
    real = home.resolve()
    if home.is_symlink() or Path.cwd().is_relative_to(real):
        return False
    parents = {path.parent for path in changes}
    return all(
        parent.is_relative_to(home) and parent.resolve() == real / parent.relative_to(home)
        for parent in parents
    )


def _finish(holder: Path) -> None:
    """Write what the journal holds, and remove the holder, with the old folder where it is."""
    try:
        journal.finish(holder)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ToolError(
            f"{holder}: cannot be finished: {reason}", "the next command will try again"
        ) from error
    shutil.rmtree(holder, ignore_errors=True)


def recover(folder: Path) -> None:
    """Clear away what a killed run left beside a folder, and finish what was cut in two.

    Raises:
        ToolError: Another run is at work on the folder, or what is there came from elsewhere.
    """
    holder = folder.parent / HOLDER
    if not os.path.lexists(holder):
        return
    try:
        caches.private_folder(str(holder))
    except OSError as error:  # what comes with a checkout is a link, or open to others
        raise ToolError(
            f"{holder}: was not made by a command of yours", "look at it, and remove it"
        ) from error
    if _alive(holder / "owner"):
        raise ToolError(f"{folder}: another command is changing this folder", "wait for it")
    staged = holder / "new" / folder.name
    if not folder.exists() and staged.is_dir():
        staged.rename(folder)
    _finish(holder)


def _stage(changes: Mapping[Path, bytes | None], folder: Path, holder: Path) -> Path:
    """Build the folder as it will be, in the holder."""
    staged = holder / "new" / folder.name
    shutil.copytree(folder, staged, symlinks=True, copy_function=_link)
    for path, content in changes.items():
        target = staged / path.relative_to(folder)
        # Never through the hard link: the file has to stay what it is in the old folder.
        target.unlink(missing_ok=True)
        if content is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, target)
        elif not any(target.parent.iterdir()) and target.parent != staged:
            target.parent.rmdir()
    for parent, _, _ in os.walk(staged):
        sync_folder(parent)
    return staged


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(source, target, follow_symlinks=False)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; False where the system cannot."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
    if sys.platform == "linux" and hasattr(libc, "renameat2"):
        arguments = (_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE_LINUX)
        failed = libc.renameat2(*arguments)  # type: ignore[union-attr]
    elif sys.platform == "darwin" and hasattr(libc, "renamex_np"):
        failed = libc.renamex_np(os.fsencode(one), os.fsencode(other), _SWAP_MACOS)  # type: ignore[union-attr]
    else:
        return False
    if not failed:
        sync_folder(str(other.parent))
    return not failed


def _rename_twice(staged: Path, folder: Path, holder: Path) -> None:
    old = holder / "old"
    folder.rename(old)
    try:
        staged.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    sync_folder(str(folder.parent))


def _alive(owner: Path) -> bool:
    """Whether the process that wrote its number still runs."""
    try:
        number = int(owner.read_text())
    except (OSError, ValueError):
        return False
    if number == os.getpid() or os.name == "nt":
        return False
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
