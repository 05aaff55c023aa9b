"""`calista db verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista.cli.progress import Progress, say
from calista.db.bootstrap import open_database
from calista.db.verify import problems
from calista.harmless import on_one_line

if TYPE_CHECKING:
    import argparse

    from calista.settings import Settings


def run(_args: argparse.Namespace, settings: Settings) -> int:
    """Print what differs from what the revisions make; 1 if anything does."""
    with open_database(settings, Progress()) as connection:
        found = list(problems(connection))
    for problem in found:
        print(on_one_line(str(problem)))
    if not found:
        say("the schema is as its revisions make it")
    return 1 if found else 0
