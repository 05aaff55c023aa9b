"""`calista events append`: JSON Lines in, each acknowledged once it is stored for good."""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from calista.cli.progress import Progress, say
from calista.cli.signals import held_back
from calista.db import gate, same_file
from calista.db.bootstrap import open_database
from calista.db.database import Database
from calista.errors import CalistaError
from calista.events import jsonl, shape, source, statements, store

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import IO, BinaryIO

    from sqlalchemy import Connection, RootTransaction

    from calista.events.source import Line
    from calista.settings import Settings


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Store events and print them as stored: all or none, or so many at a time."""
    every = args.commit_every
    appending = _Appending(Database.of(settings), every is not None, args.skip_known)
    with _source(args.file) as file, open_database(settings, Progress()) as connection:
        if connection.dialect.name == "sqlite":
            # Reads before it writes: a later BEGIN would find its snapshot outdated.
            connection = connection.execution_options(calista_begin="IMMEDIATE")
        with appending.telling():
            for piece in source.pieces(file, every):
                # Nothing is printed that may yet be undone.
                with source.spool() as answer:
                    appending.store(connection, piece, answer)
    say(appending.summary)
    return 0


@dataclass
class _Appending:
    """Stores pieces and knows what is stored so far."""

    database: Database
    in_pieces: bool
    skip_known: bool
    stored: int = 0
    known: int = 0

    @property
    def summary(self) -> str:
        words = f"{self.stored} {'event' if self.stored == 1 else 'events'} stored"
        return f"{words}, {self.known} known before" if self.known else words

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Say of whatever goes wrong how much is stored all the same."""
        try:
            with self.database.errors():
                yield
        except CalistaError as error:
            so_far = f"{self.summary} before it" if self.stored else "no event was stored"
            error.message = f"{error.message}; {so_far}"
            raise
        except BrokenPipeError as error:
            if not self.in_pieces:  # all are stored
                say(self.summary)
                raise
            words = f"nobody reads the answer, so no more events are appended; {self.summary}"
            raise CalistaError(
                words, "append the rest: `--skip-known` knows where it begins"
            ) from error
        except BaseException:
            if self.stored:
                say(self.summary)
            raise

    def store(self, connection: Connection, piece: Iterator[Line], answer: IO[bytes]) -> None:
        """Store a piece in a transaction of its own, and acknowledge it."""
        same_file.assert_there(connection)
        try:
            with connection.begin() as transaction:
                # An upgrade may have come since, or whatever people do to tables by hand.
                gate.require_current(connection)
                shape.assert_usable(connection)
                stored, known, last = self._append(connection, piece, answer)
                # What is stored is acknowledged, and nothing else is stored.
                with held_back():
                    _commit(transaction)
                    _assert_kept(connection, last)
                    self.stored += stored
                    self.known += known
                    answer.seek(0)
                    shutil.copyfileobj(answer, sys.stdout.buffer)
                    sys.stdout.buffer.flush()
        except DBAPIError:
            same_file.assert_there(connection)  # else SQLite speaks of a "readonly database"
            raise

    def _append(
        self, connection: Connection, piece: Iterator[Line], answer: IO[bytes]
    ) -> tuple[int, int, str]:
        stored = known = 0
        last = ""
        events = store.append(connection, jsonl.read_events(piece), skip_known=self.skip_known)
        for event in events:
            if event is None:
                known += 1
                continue
            source.keep(jsonl.to_line(event), answer)
            stored += 1
            last = event.event_id
        return stored, known, last


def _commit(transaction: RootTransaction) -> None:
    try:
        transaction.commit()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise CalistaError(
            "the connection was lost while events were being stored for good: whether the last "
            "ones are is not known",
            "append them again with `--skip-known`",
        ) from error


def _assert_kept(connection: Connection, event_id: str) -> None:
    """Raise if others do not see what SQLite took for stored."""
    if connection.dialect.name != "sqlite" or not event_id:
        return
    same_file.assert_there(connection)
    dbapi = connection.connection.dbapi_connection
    assert dbapi is not None
    cursor = dbapi.cursor()
    cursor.execute("PRAGMA journal_mode")
    mode = cursor.fetchone()
    cursor.close()
    if mode != ("wal",):
        return
    # A write-ahead log that was removed takes with it what is not yet in the file.
    try:
        with connection.engine.connect() as another:
            found = statements.known_on_sqlite(another, [event_id])
    except DBAPIError:
        found = {}
    if not found:
        raise same_file.FileReplacedError(same_file.name_of(connection), "write-ahead log")


def _source(name: str) -> AbstractContextManager[BinaryIO]:
    if name == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise CalistaError(f"{name} cannot be read: {error.strerror or error}") from error
