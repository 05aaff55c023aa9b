"""Do a million events fit? Time and peak memory of `calista events`, on SQLite and PostgreSQL.

python -m benchmarks events [--events 1000000] [--backend sqlite]

Each command runs once on a tenth of the events and once on all of them: memory that grows with
their number is not streaming.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from benchmarks.measure import Command, measure, program
from calista_tools.backends import open_server

STREAMS = 1000


def main(argv: Sequence[str]) -> int:
    """Measure append, list and verify."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks events")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--backend", choices=["sqlite", "postgresql"], action="append")
    options = parser.parse_args(argv)
    for backend in options.backend or ["sqlite", "postgresql"]:
        print(f"{backend}: seconds (events per second), peak MB")
        for count in (options.events // 10, options.events):
            with tempfile.TemporaryDirectory() as folder, database(backend, Path(folder)) as url:
                commands(Path(folder), url, count)
    return 0


@contextmanager
def database(backend: str, folder: Path) -> Iterator[URL]:
    """Offer an empty database."""
    if backend == "sqlite":
        yield URL.create("sqlite", database=str(folder / "bench.db"))
        return
    with open_server() as server:
        made = server.create()
        yield made.url
        made.drop()


def commands(folder: Path, url: URL, count: int) -> None:
    """Run the commands on ``count`` events and print what they took."""
    source = folder / "events.jsonl"
    with source.open("w", encoding="utf-8") as file:
        file.writelines(lines(count))
    calista = program("calista")
    env = {"CALISTA_DB_URL": url.render_as_string(hide_password=False)}
    upgrade = [calista, "db", "upgrade", "--yes", "--no-backup"]
    subprocess.run(upgrade, env=os.environ | env, check=True, capture_output=True)
    for name, words in {"append": [str(source)], "list": [], "verify": []}.items():
        argv = [calista, "events", name, *words]
        command = Command(name=f"events {name}", argv=argv, env=env)
        (result,) = measure([command], runs=1, warmup=0)
        print(
            f"  {count:9,} {result.name:14} {result.median:7.1f} ({count / result.median:7.0f}/s)"
            f" {result.peak_bytes / 1e6:6.0f} MB",
            flush=True,
        )


def lines(count: int) -> Iterator[str]:
    """Yield events of many streams, of some 200 bytes each."""
    for number in range(count):
        event = {
            "stream_id": f"night-{number % STREAMS}",
            "stream_type": "observation",
            "event_type": "exposed",
            "payload": {"number": number, "filter": "V", "seconds": 30.5, "note": "x" * 80},
        }
        yield json.dumps(event) + "\n"
