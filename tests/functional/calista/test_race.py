"""Many processes that all find the database behind: one upgrades it, none fails."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from calista.db import revisions


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
