"""What does an event look like as a line of JSON, coming in and going out?"""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

from calista.db.documents import decode, encode
from calista.errors import CalistaError
from calista.events.ulid import is_ulid
from calista.harmless import harmless_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Row

#: Keys of a line, and how long their text may be.
REQUIRED = {"stream_id": 200, "stream_type": 100, "event_type": 120}
OPTIONAL = ("payload", "metadata", "version", "event_id")
_BIGGEST = 2**31 - 1


class EventError(CalistaError):
    """A line is no event."""


def read_events(lines: Iterable[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each event with the number of its line; empty lines are passed over.

    Raises:
        EventError: A line is no event; the message says which line, and why.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield number, _parse(line)
            except ValueError as error:
                raise EventError(
                    f"line {number}: {error}; no event was stored",
                    'a line is like {"stream_id": "night-1", "stream_type": "observation", '
                    '"event_type": "started", "payload": {}}',
                ) from None


def _parse(line: bytes) -> dict[str, Any]:
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start + 1} is not UTF-8") from None
    try:
        event = decode(text)
    except json.JSONDecodeError as error:  # its own words count this line as another first one
        raise ValueError(f"{error.msg} at column {error.pos + 1}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(event, dict):
        raise ValueError("not a JSON object")
    for key in event:
        if key not in REQUIRED and key not in OPTIONAL:
            from difflib import get_close_matches

            known = [*REQUIRED, *OPTIONAL]
            near = get_close_matches(key, known, n=1)
            which = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise ValueError(f"unknown key {key!r}; {which}")
    for key, longest in REQUIRED.items():
        value = event.get(key)
        if not isinstance(value, str) or not value or len(value) > longest:
            raise ValueError(f"{key!r} must be a text of 1 to {longest} characters")
    version = event.get("version")
    if version is not None and (type(version) is not int or not 1 <= version <= _BIGGEST):
        raise ValueError("'version' must be a whole number from 1")
    event_id = event.get("event_id")
    if event_id is not None and not (isinstance(event_id, str) and is_ulid(event_id)):
        raise ValueError("'event_id' must be a ULID of 26 characters")
    for key in ("payload", "metadata"):
        if type(event.get(key)) in (int, float):
            # SQLite would store 1 for 1.0, and lose digits of a long one: a column of JSON has
            # its "numeric affinity". https://www.sqlite.org/datatype3.html#type_affinity
            raise ValueError(f"{key!r} must not be a number; put it into an object")
    if event.get("payload") is None:
        event["payload"] = {}
    if "\\u" in text:
        _assert_storable(encode(event))
    return event


def _assert_storable(written: str) -> None:
    """Refuse what only an escape in the line can have brought in."""
    try:
        written.encode()
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair cannot be stored") from None
    if "\\u0000" in written:
        # Neither PostgreSQL's text nor its JSONB can hold it.
        raise ValueError("the character U+0000 cannot be stored")


def to_line(row: Row[Any]) -> bytes:
    """Return a stored event as a line of JSON in UTF-8, with its time as RFC 3339 in UTC."""
    values = dict(row._mapping)
    at = values["recorded_at"]
    # SQLite stores UTC and gives it back without saying so.
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    # Always six digits: texts of one length sort as their times do.
    values["recorded_at"] = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return harmless_json(encode(values)).encode() + b"\n"
