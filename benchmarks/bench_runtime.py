"""What do safety and the gate cost, beside ``alembic upgrade head`` and after a long history?

python -m benchmarks runtime [--runs 15] [--revisions 1000]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from unittest.mock import patch

import sqlalchemy as sa

from benchmarks.measure import Command, measure, program, report


def main(argv: Sequence[str]) -> int:
    """Measure both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks runtime")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--revisions", type=int, default=1000)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        upgrades(Path(folder), options.runs)
        gate(Path(folder), 2)
        gate(Path(folder), options.revisions)
    return 0


def upgrades(folder: Path, runs: int) -> None:
    """Compare upgrades of an empty SQLite file, and the commands that need no database."""
    database = folder / "bench.db"
    env = {
        "CALISTA_DB_URL": f"sqlite:///{database}",
        "CALISTA_BACKUP_DIR": str(folder / "backups"),
    }
    calista, alembic = program("calista"), program("alembic")

    def forget() -> None:
        for path in folder.glob("bench.db*"):
            path.unlink()

    arguments = {
        "alembic upgrade head": [alembic, "upgrade", "head"],
        "calista db upgrade": [calista, "db", "upgrade", "--yes"],
        "calista db upgrade --no-backup": [calista, "db", "upgrade", "--yes", "--no-backup"],
    }
    commands = [
        Command(name=name, argv=words, env=env, before=forget) for name, words in arguments.items()
    ]
    commands += [
        Command(name="calista --help", argv=[calista, "--help"]),
        Command(name="python -c pass", argv=[sys.executable, "-c", "pass"]),
    ]
    results = measure(commands, runs=runs)
    print(report("SQLite, from nothing to head", results, against="alembic upgrade head"))


def gate(folder: Path, count: int, calls: int = 500) -> None:
    """Measure the gate in this process, in a package with a history of ``count`` revisions."""
    from calista.db import gate, revisions

    package = folder / f"package-{count}"
    (package / "versions").mkdir(parents=True)
    ids = [f"{number:012x}" for number in range(1, count + 1)]
    rows = [
        [item, ids[index - 1 : index] if index else [], "a revision"]
        for index, item in enumerate(ids)
    ]
    (package / revisions.HEAD_FILE).write_text(f"{ids[-1]}\n")
    (package / revisions.REVISIONS_FILE).write_text(json.dumps(rows))
    with patch.object(revisions, "migrations_folder", lambda: package):
        engine = sa.create_engine(f"sqlite:///{folder / f'gate-{count}.db'}")
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE alembic_version (version_num varchar(32))")
            connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{ids[-1]}')")
            connection.commit()
            taken = []
            for _ in range(calls):
                start = time.process_time_ns()
                standing = gate.look(connection)
                taken.append(time.process_time_ns() - start)
            assert standing.state is gate.State.CURRENT
    print(
        f"gate on an open connection, {count} revisions: CPU median {median(taken) / 1e6:.3f} ms,"
        f" first call {taken[0] / 1e6:.3f} ms ({calls} calls)"
    )
