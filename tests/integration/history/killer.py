"""Runs one command again and again, each time killed a step later, and looks at what is left.

A step is a system call that Python announces (``sys.addaudithook``: open, rename, link, mkdir,
remove …) and each call into the C library: between two of them nothing on disk can change.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

_STEPS = ("open", "os.", "shutil.", "ctypes.dlsym", "ctypes.call_function", "pathlib.")


def contents(root: Path) -> dict[str, bytes]:
    """Return what a project consists of; not the holder, which git ignores."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
        and ".calista-staging" not in path.parts
        and "__pycache__" not in path.parts
        and not path.name.endswith(".tmp")
    }


def kill_everywhere(
    original: Path,
    scratch: Path,
    run: Callable[[Path], None],
    *,
    look: Callable[[Path], None] | None = None,
) -> tuple[int, list[str]]:
    """Kill ``run`` at each of its steps, in a fresh copy of a project each time.

    Args:
        original: The project.
        scratch: An empty folder for its copies.
        run: The command, given the folder of a copy.
        look: A command that only reads, and which is run after each kill where the files lie in
            several folders: then it is the next command that finishes what was begun.

    Returns:
        How many kills there were, and what was wrong after each; "" entries are left out.
    """
    old = contents(original)
    whole = scratch / "whole"
    shutil.copytree(original, whole)
    if _child(run, whole, None) != 0:
        return 0, ["the command fails without being killed"]
    new = contents(whole)
    if new == old:
        return 0, ["the command changes nothing"]
    wrong: list[str] = []
    kills = 0
    while True:
        copy = scratch / f"copy{kills}"
        shutil.copytree(original, copy)
        ended = _child(run, copy, kills + 1)
        if ended == 0:
            return kills, wrong
        kills += 1
        if look is not None and _child(look, copy, None) != 0:
            wrong.append(f"kill {kills}: the command that looks fails")
        left = contents(copy)
        if ended != -signal.SIGKILL:
            wrong.append(f"kill {kills}: ended with {ended}")
        elif left not in (old, new):
            differ = sorted(set(left) ^ set(old)) or [k for k in old if left.get(k) != old[k]]
            wrong.append(f"kill {kills}: neither old nor new: {differ[:4]}")
        elif _child(run, copy, None) != 0 or contents(copy) != new:
            wrong.append(f"kill {kills}: the next run does not finish the work")
        elif list(copy.rglob(".calista-staging")):
            wrong.append(f"kill {kills}: the next run left the staging folder")
        shutil.rmtree(copy)


def _child(run: Callable[[Path], None], folder: Path, kill_at: int | None) -> int:
    """Run in a forked process; return its exit status, negative for a signal."""
    pid = os.fork()
    if pid == 0:
        os.chdir(folder)
        # What a kill leaves half written is not to be written by Python's own caches.
        sys.dont_write_bytecode = True
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        if kill_at is not None:
            _kill_at(kill_at)
        try:
            run(folder)
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _only_reads(event: str, arguments: tuple[object, ...]) -> bool:
    """Whether a step leaves the disk as it was: a kill there is the same as at the next one."""
    if event != "open":
        return event in ("os.listdir", "os.scandir")
    flags = arguments[2]
    return isinstance(flags, int) and not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)


def _kill_at(number: int) -> None:
    left = number

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event.startswith(_STEPS) and not _only_reads(event, arguments):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
