"""What `calista events append` does, by a driver alone: the least that the database asks for.

python -m benchmarks.bare_append WAY URL FILE

Reads JSON Lines, gives each event its version and an id, stores all of them in a transaction and
prints them as stored. No checks, no pieces; ``copy`` does not even answer.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

COLUMNS = "stream_id, stream_type, version, event_id, event_type, payload, metadata"
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def main(argv: list[str]) -> int:
    """Append the events of a file in one of the ways."""
    way, url, file = argv
    with open(file, "rb") as lines:  # noqa: PTH123 - as little as can be
        WAYS[way](url, lines)
    return 0


def new_id() -> str:
    """Return a ULID, the short way."""
    number = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10), "big")
    return "".join(_LETTERS[number >> shift & 31] for shift in range(125, -1, -5))


def rows(lines: Any, last_version: Any) -> Iterator[tuple[Any, ...]]:
    """Yield what is to be stored of each line."""
    ends: dict[str, int] = {}
    for line in lines:
        event = json.loads(line)
        stream = event["stream_id"]
        if stream not in ends:
            ends[stream] = last_version(stream) or 0
        ends[stream] += 1
        metadata = event.get("metadata")
        yield (
            stream,
            event["stream_type"],
            ends[stream],
            event.get("event_id") or new_id(),
            event["event_type"],
            json.dumps(event.get("payload", {})),
            None if metadata is None else json.dumps(metadata),
        )


def answer(number: int, row: tuple[Any, ...], at: str) -> None:
    """Print an event as stored."""
    names = COLUMNS.split(", ")
    event = {"global_seq": number, **dict(zip(names, row, strict=True)), "recorded_at": at}
    event["payload"] = json.loads(row[5])
    event["metadata"] = row[6] and json.loads(row[6])
    sys.stdout.write(json.dumps(event) + "\n")


def by_sqlite3(url: str, lines: Any) -> None:
    """One INSERT for each event."""
    import sqlite3

    connection = sqlite3.connect(urlsplit(url).path[1:], isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("BEGIN IMMEDIATE")
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    insert = f"INSERT INTO event_store ({COLUMNS}, recorded_at) VALUES (?,?,?,?,?,?,?,?)"
    insert += " RETURNING global_seq"

    def last_version(stream: str) -> Any:
        query = "SELECT max(version) FROM event_store WHERE stream_id = ?"
        return connection.execute(query, (stream,)).fetchone()[0]

    for row in rows(lines, last_version):
        answer(connection.execute(insert, (*row, at)).fetchone()[0], row, at)
    connection.execute("COMMIT")


def by_psycopg(url: str, lines: Any) -> None:
    """One INSERT for each event, 500 of them sent at a time."""
    with _connect(url) as connection, connection.cursor() as cursor:
        insert = f"INSERT INTO event_store ({COLUMNS}) VALUES (%s,%s,%s,%s,%s,%s,%s)"
        insert += " RETURNING global_seq, recorded_at"
        everything = rows(lines, _last_version(connection))
        while piece := list(islice(everything, 500)):
            cursor.executemany(insert, piece, returning=True)
            for row in piece:
                number, at = cursor.fetchone()
                answer(number, row, at.isoformat())
                cursor.nextset()


def by_copy(url: str, lines: Any) -> None:
    """COPY, the fastest way in; it says of nothing which number it has got."""
    with _connect(url) as connection, connection.cursor() as cursor:
        last_version = _last_version(connection, all_new=True)
        with cursor.copy(f"COPY event_store ({COLUMNS}) FROM STDIN") as copy:
            for row in rows(lines, last_version):
                copy.write_row(row)


def _connect(url: str) -> Any:
    import psycopg

    return psycopg.connect(url, options="-csearch_path=calista,public")


def _last_version(connection: Any, *, all_new: bool = False) -> Any:
    query = "SELECT max(version) FROM event_store WHERE stream_id = %s"
    return lambda stream: None if all_new else connection.execute(query, (stream,)).fetchone()[0]


WAYS = {"sqlite3": by_sqlite3, "psycopg": by_psycopg, "copy": by_copy}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
