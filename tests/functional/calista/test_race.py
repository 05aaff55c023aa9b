"""Many processes that all find the database behind: one upgrades it, none fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from calista.db import revisions
from calista.db.upgrade import upgrade


def race(place: Any, processes: int) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "calista", "--auto-upgrade", "events", "list"],
            env=os.environ | place.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    said = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0] * processes, said
    (backup,) = place.backups()
    log = place.rows("SELECT revision, backup_file FROM upgrade_log ORDER BY entry")
    assert log == [(revision, backup.name) for revision in revisions.known()]


def test_one_of_many_upgrades(place: Any) -> None:
    race(place, 5)


@pytest.mark.slow
@pytest.mark.parametrize("round", range(10))
def test_one_of_many_upgrades_again_and_again(place: Any, round: int) -> None:  # noqa: A002
    race(place, 16)


CONCURRENTLY = '''"""index versions"""

from alembic import op

revision = "aaaaaaaaaaaa"
down_revision = "{head}"


def upgrade():
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        with op.get_context().autocommit_block():
            op.execute("CREATE INDEX CONCURRENTLY ix_mine ON event_store (version)")
    else:
        op.execute("CREATE INDEX ix_mine ON event_store (version)")


def downgrade():
    op.execute("DROP INDEX ix_mine")
'''


def test_who_waits_for_the_lock_does_not_hold_up_concurrently(
    calista: Any, place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CREATE INDEX CONCURRENTLY waits for every statement under way, so none may wait for it."""
    folder = tmp_path / "migrations"
    shutil.copytree(revisions.migrations_folder(), folder)
    source = CONCURRENTLY.format(head=revisions.head())
    (folder / "versions" / "29991231_2359_index_versions.py").write_text(source)
    monkeypatch.setattr(revisions, "migrations_folder", lambda: folder)
    applied: list[tuple[str, ...]] = []

    class Watcher:
        def waiting(self) -> None:
            both.set()

        def backed_up(self, backup: object) -> None: ...
        def begins(self, revision: str, summary: str) -> None:
            if revision == "aaaaaaaaaaaa":
                other.start()
                assert both.wait(60)

        def applied(self, revision: str, seconds: float) -> None: ...
        def retries(self, revision: str) -> None: ...

    def upgrade_too() -> None:
        applied.append(upgrade(place.database, Watcher(), backup=False).applied)

    both, other = threading.Event(), threading.Thread(target=upgrade_too)
    outcome = upgrade(place.database, Watcher(), backup=False)
    other.join()
    assert outcome.applied == tuple(revisions.known())
    assert applied == [()]
    assert calista("db", "verify")[:2] == (0, "")
