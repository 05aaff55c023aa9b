"""How is the input read so that nobody in the database waits for it? A piece first, then stored."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from calista.errors import CalistaError
from calista.events.jsonl import EventError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO, BinaryIO

    #: A line and its number, from 1.
    Line = tuple[int, bytes]

#: Bytes that are kept in memory of what is read, and of what is answered; the rest goes to disk.
IN_MEMORY = 1 << 20
#: Bytes of the longest line: PostgreSQL's JSONB takes no more than four times as much.
LONGEST = 1 << 26


def pieces(file: BinaryIO, size: int | None) -> Iterator[Iterator[Line]]:
    """Yield the lines of an input in pieces of so many; all of them at once if None.

    Empty lines are counted, and left out. A piece of a pipe or a terminal is read to its end
    before it is handed out: who has begun a transaction waits for nobody's input.

    Raises:
        EventError: A line is longer than any event.
        CalistaError: The input cannot be read, or not be kept.
    """
    lines, waits = _lines(file), not _is_regular(file)
    while (first := next(lines, None)) is not None:
        rest = lines if size is None else islice(lines, size - 1)
        if not waits:
            yield _chain(first, rest)
            for _ in rest:  # what nobody wanted of this piece is no part of the next
                pass
        elif size == 1:
            yield iter([first])
        else:
            with spool() as kept:
                with keeping("input"):
                    for number, line in _chain(first, rest):
                        kept.write(
                            b"%d %b" % (number, line if line.endswith(b"\n") else line + b"\n")
                        )
                kept.seek(0)
                yield map(_numbered, kept)


def _chain(first: Line, rest: Iterable[Line]) -> Iterator[Line]:
    yield first
    yield from rest


def _numbered(kept: bytes) -> Line:
    number, _, line = kept.partition(b" ")
    return int(number), line


def _lines(file: BinaryIO) -> Iterator[Line]:
    number = 0
    while line := _read(file):
        number += 1
        if len(line) > LONGEST:
            raise EventError(number, f"longer than {LONGEST >> 20} MiB")
        if line.strip():
            yield number, line


def _read(file: BinaryIO) -> bytes:
    try:
        return file.readline(LONGEST + 1)
    except OSError as error:
        raise CalistaError(f"the input cannot be read: {error.strerror or error}") from error


def _is_regular(file: BinaryIO) -> bool:
    """Whether reading never waits for somebody to write."""
    try:
        return stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    except OSError:  # no file of the system's: `io.UnsupportedOperation`
        return False


def spool() -> tempfile.SpooledTemporaryFile[bytes]:
    """Return a file that is in memory while it is small."""
    return tempfile.SpooledTemporaryFile(IN_MEMORY)


@contextmanager
def keeping(what: str) -> Iterator[None]:
    """Say what to do if a `spool` finds no room for the input or the answer."""
    try:
        yield
    except OSError as error:
        raise CalistaError(
            f"the {what} cannot be kept in {tempfile.gettempdir()} until the events are stored: "
            f"{error.strerror or error}",
            "make room there, or name another folder: TMPDIR",
        ) from error


def keep(line: bytes, output: IO[bytes]) -> None:
    """Keep a line of the answer."""
    try:
        output.write(line)
    except OSError:
        with keeping("answer"):
            raise
