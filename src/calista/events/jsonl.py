"""What does an event look like as a line of JSON, coming in and going out?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import TYPE_CHECKING, NamedTuple

from calista.db.documents import decode, encode
from calista.errors import CalistaError
from calista.events.ulid import is_ulid
from calista.harmless import harmless_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Keys of a line, and how long their text may be.
REQUIRED = {"stream_id": 200, "stream_type": 100, "event_type": 120}
OPTIONAL = ("payload", "metadata", "version", "event_id")
_KEYS = {*REQUIRED, *OPTIONAL}
#: The last version that a stream can have.
BIGGEST = 2**31 - 1


class EventError(CalistaError):
    """A line is no event."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(
            f"line {line}: {why}",
            'a line is like {"stream_id": "night-1", "stream_type": "observation", '
            '"event_type": "started", "payload": {}}',
        )


class Event(NamedTuple):
    """An event to be stored.

    Attributes:
        line: Where it stands in the input.
        payload: JSON, as it is stored; so is ``metadata``, where there is any.
        version: The one that it must become; any if None.
        event_id: A new one is made if None.
    """

    line: int
    stream_id: str
    stream_type: str
    event_type: str
    payload: str = "{}"
    metadata: str | None = None
    version: int | None = None
    event_id: str | None = None


class Stored(NamedTuple):
    """An event as it is in the database, the documents as JSON."""

    global_seq: int
    stream_id: str
    stream_type: str
    version: int
    event_id: str
    event_type: str
    recorded_at: datetime | str | None
    payload: str
    metadata: str | None


def read_events(lines: Iterable[tuple[int, bytes]]) -> Iterator[Event]:
    """Yield the event of each line; a line comes with its number.

    Raises:
        EventError: A line is no event; the message says which line, and why.
    """
    for number, line in lines:
        try:
            event = _parse(number, line)
        except ValueError as error:
            raise EventError(number, str(error)) from None
        except RecursionError:
            raise EventError(number, "nested too deeply") from None
        yield event


def _parse(number: int, line: bytes) -> Event:
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start + 1} is not UTF-8") from None
    try:
        event = decode(text)
    except json.JSONDecodeError as error:  # its own words count this line as another first one
        raise ValueError(f"{error.msg} at column {error.pos + 1}") from None
    if not isinstance(event, dict):
        raise ValueError("not a JSON object")
    if not event.keys() <= _KEYS:
        raise ValueError(_unknown(next(key for key in event if key not in _KEYS)))
    for key, longest in REQUIRED.items():
        value = event.get(key)
        if type(value) is not str or not 0 < len(value) <= longest:
            raise ValueError(f"{key!r} must be a text of 1 to {longest} characters")
    if (version := event.get("version")) is not None and (
        type(version) is not int or not 1 <= version <= BIGGEST
    ):
        raise ValueError("'version' must be a whole number from 1")
    if (event_id := event.get("event_id")) is not None and not is_ulid(event_id):
        raise ValueError("'event_id' must be a ULID of 26 characters")
    if "\\u" in text:
        _assert_storable(encode(event))
    payload, metadata = event.get("payload"), event.get("metadata")
    return Event(
        number,
        event["stream_id"],
        event["stream_type"],
        event["event_type"],
        "{}" if payload is None else _document("payload", payload),
        None if metadata is None else _document("metadata", metadata),
        version,
        event_id,
    )


def _document(key: str, value: object) -> str:
    if type(value) in (int, float):
        # SQLite would store 1 for 1.0, and lose digits of a long one: a column of JSON has
        # its "numeric affinity". https://www.sqlite.org/datatype3.html#type_affinity
        raise ValueError(f"{key!r} must not be a number; put it into an object")
    return encode(value)


def _unknown(key: str) -> str:
    from difflib import get_close_matches

    known = [*REQUIRED, *OPTIONAL]
    near = get_close_matches(key, known, n=1)
    which = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
    return f"unknown key {key!r}; {which}"


def _assert_storable(written: str) -> None:
    """Refuse what only an escape in the line can have brought in."""
    try:
        written.encode()
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair cannot be stored") from None
    if "\\u0000" in written:
        # Neither PostgreSQL's text nor its JSONB can hold it.
        raise ValueError("the character U+0000 cannot be stored")


def to_line(event: Stored) -> bytes:
    """Return a stored event as a line of JSON in UTF-8, with its time as RFC 3339 in UTC.

    Raises:
        ValueError: It has no time that can be read.
        TypeError: A text of it is none.
    """
    # Put together by hand: its documents are JSON already.
    line = (
        f'{{"global_seq": {event[0]}, "stream_id": {quoted(event[1])},'
        f' "stream_type": {quoted(event[2])}, "version": {event[3]},'
        f' "event_id": {quoted(event[4])}, "event_type": {quoted(event[5])},'
        f' "recorded_at": "{time_of(event[6])}", "payload": {event[7]},'
        f' "metadata": {event[8] or "null"}}}'
    )
    return harmless_json(line).encode() + b"\n"


@lru_cache(maxsize=64)  # those stored by one transaction have the same
def time_of(value: datetime | str | None) -> str:
    """Return a time as RFC 3339 in UTC.

    Raises:
        ValueError: It is none.
    """
    if not value:
        raise ValueError("it has no time")
    at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    # SQLite stores UTC and gives it back without saying so.
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    # Always six digits: texts of one length sort as their times do.
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
