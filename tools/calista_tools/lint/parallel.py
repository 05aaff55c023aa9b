"""How do two processes share the work of one history, where each revision needs its ancestors?

Reading and following a file takes most of the time and needs nothing but the file; judging it
needs what its ancestors changed. So the history is cut into pieces, dealt out in turn: both
processes read a piece, tell each other what its revisions change, and judge their own one.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from calista_tools.startup.pickling import pickle

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")
#: Below this many files a second process costs more than it brings.
WORTHWHILE = 150
#: Files in a piece: as many syntax trees are in memory at once.
PIECE = 24


class PeerLostError(Exception):
    """The other process ended before its work was done."""


class Peer:
    """One of two processes; both run the same code and differ in ``number``."""

    def __init__(self, number: int, reading: BinaryIO, writing: BinaryIO) -> None:
        self.number = number
        self._reading = reading
        self._writing = writing

    def owns(self, place: int) -> bool:
        """Whether this process does the file at a place of the order."""
        return place // PIECE % 2 == self.number

    def exchange(self, value: object) -> Any:
        """Give a value to the other process and take its own."""
        if self.number == 0:
            self.send(value)
            return self.receive()
        taken = self.receive()
        self.send(value)
        return taken

    def send(self, value: object) -> None:
        """Give a value to the other process.

        Raises:
            PeerLostError: It is not there any more.
        """
        try:
            pickle.dump(value, self._writing, protocol=-1)
            self._writing.flush()
        except OSError as error:
            raise PeerLostError from error

    def receive(self) -> Any:
        """Take a value from the other process: our own child or parent, so unpickling is safe.

        Raises:
            PeerLostError: It is not there any more.
        """
        try:
            return pickle.load(self._reading)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise PeerLostError from error


def available() -> bool:
    """Whether a second process can be had and there is a processor for it."""
    if not hasattr(os, "fork"):
        return False
    # A fork copies this thread alone; another one might hold a lock for ever. Nobody has started
    # one without the module, which takes longer to import than to look for.
    threading = sys.modules.get("threading")
    return _processors() > 1 and (threading is None or threading.active_count() == 1)


def _processors() -> int:
    """Return how many processors this process may run on: in a container fewer than there are."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def together(work: Callable[[Peer], _T]) -> tuple[_T, _T]:
    """Run ``work`` in this process and in a copy of it; returns what both return.

    Raises:
        PeerLostError: The copy failed; nothing was done that needs to be undone.
    """
    from_parent, to_child = os.pipe()
    from_child, to_parent = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            os.close(to_child)
            os.close(from_child)
            with os.fdopen(from_parent, "rb") as reading, os.fdopen(to_parent, "wb") as writing:
                peer = Peer(1, reading, writing)
                peer.send(work(peer))
            code = 0
        finally:
            # Not sys.exit: the copy must not flush or clean up what belongs to its parent.
            os._exit(code)
    os.close(from_parent)
    os.close(to_parent)
    try:
        with os.fdopen(from_child, "rb") as reading, os.fdopen(to_child, "wb") as writing:
            peer = Peer(0, reading, writing)
            own = work(peer)
            return own, peer.receive()
    finally:
        os.waitpid(child, 0)
