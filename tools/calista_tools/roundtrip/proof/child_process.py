"""How is something proven in a process of its own, which never outlives us?

Alembic's context and an env.py's globals are one to a process: several backends, or pieces of a
history, are proven at once by as many processes. Where they can be forked, they have the project
read already.
"""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from calista_tools.errors import ToolError
from calista_tools.harmless import harmless_streams
from calista_tools.roundtrip.proof.interrupt import interrupt_no_more, listen

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection


Result = TypeVar("Result")


class ChildProcess(Generic[Result]):
    """A call that runs in another process.

    Args:
        function: What to call there.
        arguments: What with; where processes cannot be forked, they are pickled.
    """

    def __init__(self, function: Callable[..., Result], *arguments: Any) -> None:
        from multiprocessing import get_context

        forks = sys.platform == "linux" and threading.active_count() == 1
        context: Any = get_context("fork" if forks else "spawn")
        self._receiver, sender = context.Pipe(duplex=False)
        # A fork holds the other end as well, and would wait for itself to read if we were killed.
        other_end = self._receiver if forks else None
        self._process = context.Process(target=_call, args=(sender, other_end, function, arguments))
        sys.stdout.flush()
        self._process.start()
        sender.close()
        with suppress(EOFError):
            self._receiver.recv()  # it knows what to do when it is interrupted

    def result(self) -> Result:
        """Wait for what the function returns.

        Raises:
            BaseException: What it raised.
            ToolError: Its process has ended.
        """
        try:
            found: Any = self._receiver.recv()
        except EOFError:
            self._process.join()
            code = self._process.exitcode or 0
            by = f" by {signal.Signals(-code).name}" if code < 0 else ""
            raise ToolError(
                f"a process of ours was ended{by}", "run it with --jobs 1", exit_code=2
            ) from None
        if isinstance(found, BaseException):
            raise found
        result: Result = found
        return result

    def terminate(self) -> None:
        """Ask the process to end."""
        self._receiver.close()
        self._process.terminate()

    def close(self) -> None:
        """End the process and wait for it: it may have databases to drop."""
        self.terminate()
        self._process.join()


def _call(
    sender: Connection,
    other_end: Connection | None,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> None:
    if other_end is not None:
        other_end.close()
    with suppress(KeyboardInterrupt, BrokenPipeError):
        listen()
        sender.send(None)
        sender.send(_outcome(function, arguments))
    interrupt_no_more()


def _outcome(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    try:
        with harmless_streams():  # a process that was spawned has streams of its own
            return function(*arguments)
    except (ToolError, KeyboardInterrupt) as error:
        return error
    except BaseException as error:
        error.add_note(traceback.format_exc())
        return error
