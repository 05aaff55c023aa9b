"""How is a backup put back, so that nothing is lost if it goes wrong?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista.db import backups, gate
from calista.db.lock import upgrade_lock

if TYPE_CHECKING:
    from pathlib import Path

    from calista.db.backups import Backup
    from calista.db.database import Database
    from calista.db.gate import Standing
    from calista.db.upgrade import Watcher


def restore(database: Database, source: Path, watcher: Watcher) -> tuple[Backup | None, Standing]:
    """Check the backup, back up what is there, and put the backup in its place.

    Returns:
        The backup of what was there (None if there was nothing), and how the database stands now.

    Raises:
        BackupError: The file is not whole, or something failed; the database is as it was.
    """
    database.assert_writable()
    database.assert_usable()
    backups.assert_whole(database, source)
    with upgrade_lock(database, "restore", waiting=watcher.waiting) as assert_held:
        before = None
        if database.exists:
            with database.connect() as connection:
                standing = gate.look(connection)
            # Nothing is pruned here: the file to restore may be the oldest one.
            before = backups.make(database, standing, assert_held, prune=False)
            watcher.backed_up(before)
        backups.restore(database, source)
        with database.connect() as connection:
            return before, gate.look(connection)
