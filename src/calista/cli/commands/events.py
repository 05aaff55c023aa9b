"""`calista events append`, `list` and `verify`: JSON Lines in and out."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from calista.cli.progress import Progress, say
from calista.db.bootstrap import open_database
from calista.errors import CalistaError
from calista.events import jsonl, store
from calista.events.verify import problems
from calista.harmless import on_one_line

if TYPE_CHECKING:
    import argparse
    from contextlib import AbstractContextManager
    from typing import IO, BinaryIO

    from calista.settings import Settings

#: What is kept in memory of the output until the events are stored for good.
_IN_MEMORY = 1 << 20


def add(args: argparse.Namespace, settings: Settings) -> int:
    """Store events, all or none, and print them as stored."""
    count = 0
    with (
        _source(args.file) as lines,
        open_database(settings, Progress()) as connection,
        # Nothing is printed that may yet be undone.
        tempfile.SpooledTemporaryFile(_IN_MEMORY) as output,
    ):
        if connection.dialect.name == "sqlite":
            # Reads before it writes: a later BEGIN would find its snapshot outdated.
            connection = connection.execution_options(calista_begin="IMMEDIATE")
        with connection.begin():
            for row in store.append(connection, jsonl.read_events(lines)):
                _keep(jsonl.to_line(row), output)
                count += 1
        # Before the answer, which may not arrive: stored they are all the same.
        say(f"{count} {'event' if count == 1 else 'events'} stored")
        output.seek(0)
        shutil.copyfileobj(output, sys.stdout.buffer)
    return 0


def _keep(line: bytes, output: IO[bytes]) -> None:
    try:
        output.write(line)
    except OSError as error:
        raise CalistaError(
            f"the answer cannot be kept in {tempfile.gettempdir()} until the events are stored: "
            f"{error.strerror or error}; no event was stored",
            "make room there, or name another folder: TMPDIR",
        ) from error


def print_events(args: argparse.Namespace, settings: Settings) -> int:
    """Print events, oldest first."""
    with open_database(settings, Progress()) as connection:
        rows = store.read(
            connection,
            stream=args.stream,
            event_type=args.type,
            after=args.after,
            limit=args.limit,
        )
        try:
            for row in rows:
                sys.stdout.buffer.write(jsonl.to_line(row))
        except ValueError as error:
            raise CalistaError(
                f"an event cannot be read: {error}", "`calista events verify` says which one"
            ) from error
    return 0


def verify(_args: argparse.Namespace, settings: Settings) -> int:
    """Print what is wrong with the stored events; 1 if anything is."""
    found = 0
    with open_database(settings, Progress()) as connection:
        for problem in problems(connection):
            print(on_one_line(str(problem)))
            found += 1
    words = "1 problem found" if found == 1 else f"{found} problems found"
    say(words if found else "all events are in order")
    return 1 if found else 0


def _source(name: str) -> AbstractContextManager[BinaryIO]:
    if name == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise CalistaError(f"{name} cannot be read: {error.strerror or error}") from error
