"""How are several backends proven at once? Each in a process of its own.

Alembic's context and an env.py's globals are one to a process. Where processes can be forked, they
have the project read already.
"""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection

    from calista_tools.roundtrip.engine import Options
    from calista_tools.roundtrip.project import Project
    from calista_tools.roundtrip.result import Run, Step

    Progress = Callable[[Step], None]


def prove_apart(
    project: Project, wanted: Sequence[Options], progress: Progress, *, at_once: bool
) -> Iterator[Run]:
    """Prove on each backend, all at once or one after the other; yield in their order.

    Raises:
        ToolError: One of them could not be run; the others are ended.
        KeyboardInterrupt: Here or in one of them; all have cleaned up.
    """
    started: list[tuple[Any, Connection]] = []
    try:
        if at_once:
            started.extend(_start(project, options, progress) for options in wanted)
        for at, options in enumerate(wanted):
            if not at_once:
                started.append(_start(project, options, progress))
            yield _outcome(options.backend, started[at][1])
            started[at][0].join()
    finally:
        for process, receiver in started:
            receiver.close()
            process.terminate()
        for process, _ in started:
            # It may have databases to drop.
            process.join()


def interrupt_once(number: int, frame: object) -> None:
    """Raise KeyboardInterrupt; what cleans up after it is not to be interrupted again."""
    _interrupt_no_more()
    raise KeyboardInterrupt


def _interrupt_no_more() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        # Not SIG_IGN: Python prints an error for a signal that has come already.
        signal.signal(number, lambda *_: None)


def _start(project: Project, options: Options, progress: Progress) -> tuple[Any, Connection]:
    from multiprocessing import get_context

    method = "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"
    context: Any = get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    # A project that was read does not travel; one that was forked need not.
    given = project if method == "fork" else project.ini
    process = context.Process(target=_prove, args=(given, options, progress, sender), daemon=True)
    process.start()
    sender.close()
    with suppress(EOFError):
        receiver.recv()  # it knows what to do when it is interrupted
    return process, receiver


def _outcome(backend: str, receiver: Connection) -> Run:
    try:
        found: Any = receiver.recv()
    except EOFError:
        raise ToolError(
            f"the process that proved on {backend} has ended", "run it with --jobs 1", exit_code=2
        ) from None
    if isinstance(found, BaseException):
        raise found
    run: Run = found
    return run


def _prove(project: Any, options: Options, progress: Progress, sender: Connection) -> None:
    """Prove on one backend, in a process that does nothing else."""
    with suppress(KeyboardInterrupt, BrokenPipeError):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, interrupt_once)
        sender.send(None)
        sender.send(_outcome_of(project, options, progress))
    _interrupt_no_more()


def _outcome_of(project: Any, options: Options, progress: Progress) -> Run | BaseException:
    from calista_tools.roundtrip.engine import prove
    from calista_tools.roundtrip.project import Project

    try:
        if not isinstance(project, Project):
            project = Project.of(project, options.settings)
        return prove(project, options, progress)
    except (ToolError, KeyboardInterrupt) as error:
        return error
    except BaseException as error:
        error.add_note(traceback.format_exc())
        return error
