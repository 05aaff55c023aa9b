"""How is a backup put back, so that nothing is lost if it goes wrong, and nothing strange comes in?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista.db import backups, gate, revisions, verify
from calista.db.backups import BackupError, files, identity
from calista.db.lock import upgrade_lock

if TYPE_CHECKING:
    from pathlib import Path

    from calista.db.backups import Backup
    from calista.db.backups.contents import Contents
    from calista.db.database import Database
    from calista.db.gate import Standing
    from calista.db.upgrade import Watcher

_TOLD = 3


def restore(
    database: Database,
    source: Path,
    watcher: Watcher,
    *,
    from_other: bool = False,
    accept_differences: bool = False,
) -> tuple[Backup | None, Standing]:
    """Check the backup, back up what is there, and put the backup in its place.

    Args:
        database: What is replaced.
        source: The backup.
        watcher: Is told what goes on.
        from_other: Whether it may be a backup of another database.
        accept_differences: Whether its schema may be another than its revision makes.

    Returns:
        The backup of what was there (None if there was nothing), and how the database stands now.

    Raises:
        BackupError: The file is not whole or not what it should be, or something failed; the
            database is as it was.
    """
    database.assert_writable()
    database.assert_usable()
    with (
        upgrade_lock(database, "restore", waiting=watcher.waiting) as assert_held,
        backups.opened(database, source) as copy,
    ):
        contents = backups.examine(database, copy, source)
        same = _is_of(database, contents, source)
        if not same and not from_other:
            raise BackupError(
                f"{source} is a backup of another database, as far as anybody can tell;"
                " the database was not touched",
                "to put it in this one's place all the same: --from-other",
            )
        if not accept_differences:
            _assert_as_made(database, contents, source, sure=bool(same))
        before = None
        if database.exists:
            with database.connect() as connection:
                standing = gate.look(connection)
            # Nothing is pruned here: the file to restore may be the oldest one.
            before = backups.make(database, standing, assert_held, prune=False)
            watcher.backed_up(before)
        backups.restore(database, copy, assert_held)
        with database.connect() as connection:
            return before, gate.look(connection)


def _is_of(database: Database, contents: Contents, source: Path) -> bool:
    """Whether a backup is one of this database; of a database without rows every one may be."""
    if not database.exists:
        return True
    mine = identity.of(database)
    same = contents.marks.same_as(mine)
    if same is None:
        # One from before the first upgrade holds nothing to tell it by but its name.
        return not mine.any or files.has_label(source, database.label)
    return same


def _assert_as_made(database: Database, contents: Contents, source: Path, *, sure: bool) -> None:
    """Compare the schema in a backup with what its revision makes.

    Raises:
        BackupError: It is another, or its revision is none that this version knows.
    """
    known = revisions.known()
    strange = list(contents.strange)
    where = ", ".join(contents.current) or "no revision"
    if any(item not in known for item in contents.current) or len(contents.current) > 1:
        # That of a newer CALISTA; `calista db restore` says so afterwards.
        if sure and contents.marks.any and not strange:
            return
        if not strange:
            raise BackupError(
                f"{source} is at {where}, which this version of CALISTA does not know,"
                " and cannot be checked; the database was not touched",
                "restore it with the version of CALISTA that made it",
            )
    elif contents.schema is not None:
        strange += _differences(database, contents)
    if strange:
        told = "; ".join(" ".join(line.split()) for line in strange[:_TOLD])
        more = f"; and {len(strange) - _TOLD} more" if len(strange) > _TOLD else ""
        raise BackupError(
            f"{source} holds another schema than {where} makes: {told}{more};"
            " the database was not touched",
            "if you know why, and want it as it is: --accept-differences",
        )


def _differences(database: Database, contents: Contents) -> list[str]:
    assert contents.schema is not None
    wanted = {}
    if ("table", "alembic_version") in contents.schema or contents.current:
        revision = contents.current[0] if contents.current else None
        wanted = verify.expected_for(database, revision)
    return list(verify.differences(contents.schema, wanted, shared=database.is_sqlite))
