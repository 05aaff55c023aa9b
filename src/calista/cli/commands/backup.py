"""`calista db backup` and `calista db restore`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista.cli.progress import Progress, say
from calista.db import backups, gate
from calista.db.database import Database
from calista.db.lock import upgrade_lock
from calista.db.restore import restore as restore_backup

if TYPE_CHECKING:
    import argparse

    from calista.settings import Settings


def make(_args: argparse.Namespace, settings: Settings) -> int:
    """Make a backup and print its path alone on stdout."""
    database = Database.of(settings)
    database.assert_there()
    with upgrade_lock(database, "backup", waiting=Progress().waiting) as assert_held:
        # Under the lock: an upgrade that we waited for has moved the revision.
        with database.connect() as connection:
            standing = gate.look(connection)
        made = backups.make(database, standing, assert_held)
    print(made.path)
    return 0


def restore(args: argparse.Namespace, settings: Settings) -> int:
    """Put a backup in the database's place."""
    database = Database.of(settings)
    before, standing = restore_backup(
        database,
        args.file,
        Progress(),
        from_other=args.from_other,
        accept_differences=args.accept_differences,
    )
    if before is not None:
        say(f"what was there before is in {before.path}")
    say(f"restored {args.file}: the database is at {', '.join(standing.current) or 'no revision'}")
    if standing.state in (gate.State.AHEAD, gate.State.UNKNOWN, gate.State.DIVERGED):
        say("this version of CALISTA does not know that revision: use the one that made the backup")
    if standing.upgradable:
        say("run `calista db upgrade` to bring it to this version's revision")
    return 0
