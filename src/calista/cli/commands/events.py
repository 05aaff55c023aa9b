"""`calista events list` and `verify`: what is stored, as JSON Lines, and what is wrong with it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calista.cli.progress import Progress, say
from calista.db.bootstrap import open_database
from calista.errors import CalistaError
from calista.events import jsonl, shape, store
from calista.events.verify import problems
from calista.harmless import on_one_line

if TYPE_CHECKING:
    import argparse

    from calista.settings import Settings


def print_events(args: argparse.Namespace, settings: Settings) -> int:
    """Print events, oldest first."""
    with open_database(settings, Progress()) as connection:
        shape.assert_usable(connection)
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
        except (ValueError, TypeError) as error:
            raise CalistaError(
                f"an event cannot be read: {error}", "`calista events verify` says which one"
            ) from error
    return 0


def verify(_args: argparse.Namespace, settings: Settings) -> int:
    """Print what is wrong with the stored events; 1 if anything is."""
    found = 0
    with open_database(settings, Progress()) as connection:
        shape.assert_usable(connection)
        for problem in problems(connection):
            print(on_one_line(str(problem)))
            found += 1
    words = "1 problem found" if found == 1 else f"{found} problems found"
    say(words if found else "all events are in order")
    return 1 if found else 0
