"""What do safety and the gate cost, beside ``alembic upgrade head`` and after a long history?

python -m benchmarks runtime [--runs 15] [--revisions 1000]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.measure import Command, measure, program, report
from calista.db import revisions


def main(argv: Sequence[str]) -> int:
    """Measure both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks runtime")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--revisions", type=int, default=1000)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        upgrades(Path(folder), options.runs)
        gate(Path(folder), 2, options.runs)
        gate(Path(folder), options.revisions, options.runs)
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


def gate(folder: Path, count: int, runs: int, calls: int = 500) -> None:
    """Measure the gate in fresh processes, as an installed package with ``count`` revisions has it."""
    package = folder / f"package-{count}"
    (package / "migrations" / "versions").mkdir(parents=True)
    ids = [f"{number:012x}" for number in range(1, count + 1)]
    rows = [
        [item, ids[index - 1 : index] if index else [], "a revision"]
        for index, item in enumerate(ids)
    ]
    (package / "migrations" / revisions.HEAD_FILE).write_text(f"{ids[-1]}\n")
    (package / "migrations" / revisions.REVISIONS_FILE).write_text(json.dumps(rows))
    command = [sys.executable, "-m", "benchmarks.gate_calls", str(package), str(calls)]
    taken: dict[str, list[dict[str, float]]] = {"gate": [], "query": []}
    for _ in range(runs):
        for what, found in taken.items():
            done = subprocess.run([*command, what], capture_output=True, check=True, text=True)
            found.append(json.loads(done.stdout))
    for when in ("first", "later"):
        cpu = {what: median(one[when] for one in found) for what, found in taken.items()}
        print(
            f"{count} revisions, open connection, {when} call: gate {cpu['gate']:.3f} ms of CPU,"
            f" its query alone {cpu['query']:.3f} ms (medians of {runs} processes)"
        )
