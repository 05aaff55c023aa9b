"""How fast are events appended, beside the bare drivers? And do a million of them fit?

python -m benchmarks events [--appended 50000] [--runs 5] [--before CHECKOUT] [--events 1000000]

First `calista events append` beside drivers that do the same work (`benchmarks.bare_append`), each on
a new database, in turns. ``--before`` names a checkout of an earlier commit, whose `calista` takes
part. Then each command runs once on a tenth of ``--events`` and once on all of them: memory that
grows with their number is not streaming. 0 leaves a part out.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from benchmarks.measure import ROOT, Command, measure, program, report
from calista_tools.backends import open_server

STREAMS = 1000
BARE = {"sqlite": ["sqlite3"], "postgresql": ["psycopg", "copy"]}
OURS = "calista events append"


def main(argv: Sequence[str]) -> int:
    """Measure append beside the drivers, then append, list and verify on many events."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks events")
    parser.add_argument("--appended", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--before", type=Path, metavar="CHECKOUT")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--backend", choices=["sqlite", "postgresql"], action="append")
    options = parser.parse_args(argv)
    backends = options.backend or ["sqlite", "postgresql"]
    for backend in backends if options.appended else []:
        with tempfile.TemporaryDirectory() as folder:
            append(Path(folder), backend, options.appended, options.runs, options.before)
    for backend in backends if options.events else []:
        print(f"{backend}: seconds (events per second), peak MB")
        for count in (options.events // 10, options.events):
            with tempfile.TemporaryDirectory() as folder, database(backend, Path(folder)) as url:
                commands(Path(folder), url, count)
    return 0


def append(folder: Path, backend: str, count: int, runs: int, before: Path | None) -> None:
    """Append the same events by each contender, each time to a new database."""
    source = folder / "events.jsonl"
    with source.open("w", encoding="utf-8") as file:
        file.writelines(lines(count))
    with databases(backend, folder) as make:
        url, renew = make("now", ROOT)
        argv: list[str | Path] = [sys.executable, "-m", "calista", "events", "append", source]
        contenders = [Command(name=OURS, argv=argv, env=url, before=renew)]
        for way in BARE[backend]:
            words: list[str | Path] = ["-m", "benchmarks.bare_append", way, _plain(url), source]
            contenders.append(
                Command(name=f"bare {way}", argv=[sys.executable, *words], before=renew)
            )
        if before is not None:
            old, renew = make("before", before)
            contenders.append(Command(name=f"{OURS}, before", argv=argv, env=old, before=renew))
        results = measure(contenders, runs=runs)
    print(report(f"{backend}: {count:,} events", results, against=contenders[1].name), flush=True)


def _plain(environment: Mapping[str, str]) -> str:
    return environment["CALISTA_DB_URL"].replace("+psycopg", "")


Make = Callable[[str, Path], tuple[dict[str, str], Callable[[], None]]]


@contextmanager
def databases(backend: str, folder: Path) -> Iterator[Make]:
    """Offer what makes an upgraded database by the code of a checkout, and what renews it."""
    if backend == "sqlite":
        yield lambda name, checkout: _sqlite(folder / f"{name}.db", checkout)
        return
    with open_server() as server:

        def make(_name: str, checkout: Path) -> tuple[dict[str, str], Callable[[], None]]:
            template, used = server.create(), server.create()
            _upgrade(template.url, checkout)
            environment = _environment(used.url, checkout)
            return environment, lambda: server.recreate(
                str(used.url.database), str(template.url.database)
            )

        yield make


def _sqlite(path: Path, checkout: Path) -> tuple[dict[str, str], Callable[[], None]]:
    url, template = URL.create("sqlite", database=str(path)), path.with_suffix(".template")
    _upgrade(url, checkout)
    path.rename(template)

    def renew() -> None:
        for old in path.parent.glob(f"{path.name}*"):
            old.unlink()
        shutil.copy(template, path)

    return _environment(url, checkout), renew


def _environment(url: URL, checkout: Path) -> dict[str, str]:
    shown = url.render_as_string(hide_password=False)
    return {"CALISTA_DB_URL": shown, "PYTHONPATH": str(checkout.resolve() / "src")}


def _upgrade(url: URL, checkout: Path) -> None:
    words = [sys.executable, "-m", "calista", "db", "upgrade", "--yes", "--no-backup"]
    environment = os.environ | _environment(url, checkout)
    subprocess.run(words, env=environment, check=True, capture_output=True)


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
