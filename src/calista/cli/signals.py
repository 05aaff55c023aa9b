"""What if somebody ends the command? SIGTERM and SIGHUP clean up first, as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

#: `docker stop` sends the first, a terminal that is closed the second (not on Windows).
_NAMES = ("SIGTERM", "SIGHUP")


class Terminated(BaseException):
    """The process was asked to end; ``number`` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """Raise `Terminated` where a signal would end the process; leaves handlers of others alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    ours = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def held_back() -> Iterator[None]:
    """Let what must not be left half done come to its end before a signal ends the process.

    Only a second one ends it at once: whoever waits for our answer may never read it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    usual: dict[int, Any] = {}

    def hold(number: int, frame: FrameType | None) -> None:
        if came:
            usual[number](number, frame)
        came.append(number)

    for name in ("SIGINT", *_NAMES):
        number = getattr(signal, name, None)
        if number is not None and callable(signal.getsignal(number)):
            usual[number] = signal.signal(number, hold)
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
    if came:
        usual[came[0]](came[0], None)


def _end(number: int, _frame: FrameType | None) -> None:
    # A second one would only disturb the cleaning up.
    signal.signal(number, signal.SIG_IGN)
    raise Terminated(number)
