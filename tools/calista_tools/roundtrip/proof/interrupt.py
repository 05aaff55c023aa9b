"""Was the command interrupted? Known for certain, whoever has kept the exception to himself.

SQLite's authorizer calls us in the middle of a statement and swallows what we raise there; so do
revisions and libraries that catch everything.
"""

from __future__ import annotations

import logging
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The last one, of a terminal that is closed, is not known everywhere.
_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)

_asked = False


def listen() -> None:
    """Take these signals for the wish to end, once: cleaning up takes its time."""
    global _asked
    _asked = False
    for number in _SIGNALS:
        # `nohup` has said that a closed terminal is none.
        if number in _SIGNALS[:2] or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


@contextmanager
def interruptible() -> Iterator[None]:
    """Listen meanwhile."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    logged = logging.root.manager.disable
    listen()
    try:
        yield
    finally:
        logging.disable(logged)
        for number, previous in before.items():
            signal.signal(number, previous)


def raise_if_interrupted() -> None:
    """Raise the KeyboardInterrupt that may have got lost.

    Raises:
        KeyboardInterrupt: The command was interrupted.
    """
    if _asked:
        raise KeyboardInterrupt


def interrupt_no_more() -> None:
    """Ignore the signals from now on."""
    for number in _SIGNALS:
        # Not SIG_IGN: Python prints an error for a signal that has come already.
        signal.signal(number, lambda *_: None)


def _interrupt(number: int, frame: object) -> None:
    global _asked
    _asked = True
    interrupt_no_more()
    # Connections that are closed in the middle of a statement complain, with a traceback.
    logging.disable(logging.CRITICAL)
    raise KeyboardInterrupt
