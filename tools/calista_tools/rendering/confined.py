"""How does something foreign run without taking the machine? In a child that is given little."""

from __future__ import annotations

import json
import os
import signal
import warnings
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds of the processor, and bytes beyond what the parent has.
SECONDS = 5
MEMORY = 1 << 29


def confined(work: Callable[[], str], what: str) -> str:
    """Return what ``work`` returns, run in a copy of this process with limits.

    Where processes cannot be copied (Windows), it runs here, without limits.

    Raises:
        ToolError: What it raised, or it took more time or memory than it may.
    """
    if not hasattr(os, "fork"):
        return work()
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns of threads: the child runs `work` and ends, and takes no lock of theirs.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        _in_child(work, writing)
    os.close(writing)
    try:
        with os.fdopen(reading, encoding="ascii") as pipe:
            answer = pipe.read()
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        _, status = os.waitpid(child, 0)
    if not answer or status:
        slow = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
        limit = f"more than {SECONDS} seconds" if slow else "too much memory"
        raise ToolError(f"{what}: it needs {limit}")
    text, error = json.loads(answer)
    if error is not None:
        message, hint, exit_code = error
        raise ToolError(message, hint, exit_code=exit_code)
    return str(text)


def _in_child(work: Callable[[], str], writing: int) -> None:
    """Run ``work`` and write its answer; never return to the caller, who is the parent's."""
    status = 1
    try:
        _limit()
        try:
            answer = json.dumps([work(), None])
        except ToolError as error:
            answer = json.dumps([None, [error.message, error.hint, error.exit_code]])
        with os.fdopen(writing, "w", encoding="ascii") as pipe:
            pipe.write(answer)
        status = 0
    finally:
        os._exit(status)


def _limit() -> None:
    import resource
    from pathlib import Path

    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    statm = Path("/proc/self/statm")
    if statm.exists():  # elsewhere it is not told how much there is already
        has = int(statm.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (has + MEMORY, has + MEMORY))
