"""How is the database brought to head, so that nothing can hurt it?

One process at a time, backed up first, each revision and its stamp one transaction: after a
crash, a race or a full disk the database is at a whole revision, and the next upgrade goes on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from sqlalchemy.exc import DBAPIError, OperationalError, PendingRollbackError

from calista.db import backups, gate, migrations, revisions, same_file
from calista.db.engine import words_of
from calista.db.lock import upgrade_lock
from calista.db.upgrade_log import Recorder
from calista.errors import CalistaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic.runtime.migration import MigrationContext, MigrationInfo

    from calista.db.backups import Backup
    from calista.db.database import Database
    from calista.db.gate import Standing

#: Seconds that one attempt waits for a table on PostgreSQL. Short, since every statement of the
#: application that comes later waits behind it.
STATEMENT_PATIENCE = 2.0
_LOCK_NOT_AVAILABLE = "55P03"


class Watcher(Protocol):
    """Who is told what goes on."""

    def waiting(self) -> None:
        """Another process holds the lock."""

    def backed_up(self, backup: Backup | None) -> None:
        """There is a whole backup now, or None was wanted."""

    def begins(self, revision: str, summary: str) -> None:
        """A revision begins."""

    def applied(self, revision: str, seconds: float) -> None:
        """A revision is about to be committed."""

    def retries(self, revision: str) -> None:
        """A revision waited too long for a table and will be tried again."""


class UpgradeFailedError(CalistaError):
    """A revision could not be applied; the database is at the revision before it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an upgrade did.

    Attributes:
        applied: The revisions, in order; empty if there was nothing (left) to do.
    """

    applied: tuple[str, ...]
    standing: Standing
    backup: Backup | None


def standing_of(database: Database) -> Standing:
    """Look at a database that may not be there yet.

    Raises:
        CalistaError: It could not be reached, or never will be by this URL.
    """
    if not database.exists:
        database.assert_usable()
        return gate.Standing(gate.State.EMPTY, (), revisions.head())
    with database.connect() as connection:
        return gate.look(connection)


def write_sql(database: Database, standing: Standing, output: TextIO) -> None:
    """Write the SQL of an upgrade from where the database is, for people who run it by hand."""
    from alembic.config import Config

    start = standing.current[0] if standing.current else None
    config = Config(output_buffer=output)
    with migrations.towards_head(config=config, as_sql=True, starting_rev=start) as context:
        migrations.script(context, database.url.get_backend_name())


def upgrade(database: Database, watcher: Watcher, *, backup: bool = True) -> Outcome:
    """Bring the database to head.

    Raises:
        SchemaAheadError: The database is not on the line of this version of CALISTA.
        LockTimeoutError: Another upgrade took too long.
        LockLostError: The server has ended the session that held the lock.
        BackupError: There is no whole backup; nothing was started.
        UpgradeFailedError: A revision failed, and was undone.
    """
    database.assert_writable()
    with upgrade_lock(database, waiting=watcher.waiting) as assert_held:
        # Under the lock, since another process may have done it all by now.
        fresh = not database.exists
        with database.connect(create=True) as connection:
            standing = gate.look(connection)
        if standing.state is gate.State.CURRENT:
            return Outcome((), standing, None)
        if not standing.upgradable:
            raise gate.SchemaAheadError(standing)
        try:
            made = backups.make(database, standing, assert_held) if backup else None
        except CalistaError:
            if fresh and database.path.stat().st_size == 0:
                database.path.unlink()
            raise
        watcher.backed_up(made)
        run = _Run(database, watcher, assert_held, made)
        run.to_head()
        standing = standing_of(database)
        if database.is_sqlite and standing.state is not gate.State.CURRENT:
            raise same_file.FileReplacedError(database.name)
        return Outcome(tuple(run.done), standing, made)


class _Run:
    """The revisions of one upgrade, through all attempts."""

    def __init__(
        self,
        database: Database,
        watcher: Watcher,
        assert_held: Callable[[], None],
        backup: Backup | None,
    ) -> None:
        self.database = database
        self.watcher = watcher
        self.assert_held = assert_held
        self.recorder = Recorder(backup.path.name if backup else None)
        self.done: list[str] = []
        self.now = ""

    def to_head(self) -> None:
        """Apply what is pending; a table in use is waited for again and again, but not for ever."""
        deadline = time.monotonic() + self.database.settings.lock_timeout
        pause = 0.1
        while True:
            try:
                self._attempt()
            except DBAPIError as error:
                in_use = getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE
                if not in_use or time.monotonic() > deadline:
                    raise self._failed(error) from error
                # A new connection each time: nothing of the failed attempt is left behind.
                self.watcher.retries(self.now)
                time.sleep(pause)
                pause = min(pause * 2, 2.0)
            except CalistaError:
                raise
            except Exception as error:
                raise self._failed(error) from error
            else:
                return

    def _attempt(self) -> None:
        with (
            migrations.towards_head(self._begins) as context,
            self.database.engine(create=True).connect() as connection,
        ):
            if connection.dialect.name == "postgresql":
                milliseconds = int(STATEMENT_PATIENCE * 1000)
                connection.exec_driver_sql(f"SET lock_timeout = {milliseconds}")
                connection.commit()
            migrations.migrate(context, connection, [self._applied])

    def _begins(self, step: Any, _context: MigrationContext) -> None:
        self.assert_held()
        self.now = step.revision.revision
        self.recorder.started = time.monotonic()
        self.watcher.begins(self.now, step.revision.doc or "")

    def _applied(self, *, ctx: MigrationContext, step: MigrationInfo, **_: object) -> None:
        """Record a revision in its own transaction; Alembic calls it before the commit."""
        assert ctx.connection is not None
        # The last moment to undo it: without the lock, another process may be at it as well.
        self.assert_held()
        revision = str(step.up_revision_id)
        seconds = self.recorder.record(ctx.connection, revision)
        self.done.append(revision)
        self.watcher.applied(revision, seconds)

    def _failed(self, error: Exception) -> UpgradeFailedError:
        """Say which revision failed, why, and where the database is now."""
        if isinstance(error, (DBAPIError, PendingRollbackError)):
            words = words_of(error, self.database.url)
        else:
            words = " ".join(str(error).split()) or type(error).__name__
        try:
            where = ", ".join(standing_of(self.database).current) or "no revision, as before"
        except CalistaError:
            where = "its last whole revision"
        subject = f"revision {self.now}" if self.now else "the upgrade"
        backup = self.recorder.backup_file
        locked = isinstance(error, OperationalError) and "locked" in words
        return UpgradeFailedError(
            f"{subject} failed and was undone: {words}; the database is at {where}",
            "close the program that uses the database and try again"
            if locked
            else "put right what it says and run `calista db upgrade` again"
            + (f"; the backup from before is {backup}" if backup else ""),
        )
