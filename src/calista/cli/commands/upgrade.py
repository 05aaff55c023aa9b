"""`calista db upgrade`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calista.cli.progress import Progress, say, show_pending
from calista.db import gate
from calista.db.database import Database
from calista.db.upgrade import standing_of, upgrade, write_sql
from calista.errors import CalistaError

if TYPE_CHECKING:
    import argparse

    from calista.settings import Settings


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Show what will run, ask, and bring the database to head."""
    database = Database.of(settings)
    standing = standing_of(database)
    if standing.state is gate.State.CURRENT:
        say(f"{database.shown} is at {standing.head}: nothing to do")
        return 0
    if not standing.upgradable:
        raise gate.SchemaAheadError(standing)
    if args.sql:
        write_sql(database, standing, sys.stdout)
        return 0
    say(database.shown)
    show_pending(standing.pending)
    if not args.yes:
        _ask()
    outcome = upgrade(database, Progress(), backup=not args.no_backup)
    if outcome.applied:
        say(f"upgraded to {outcome.standing.head}")
    else:
        say(f"another upgrade has brought it to {outcome.standing.head} meanwhile")
    return 0


def _ask() -> None:
    print("apply them? [y/N] ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline().strip().lower()
    if answer not in ("y", "yes"):
        if not sys.stdin.isatty():
            say("")
        raise CalistaError("not upgraded: nobody said yes", "`--yes` upgrades without asking")
