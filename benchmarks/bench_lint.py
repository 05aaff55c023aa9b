"""How long does a long history take to be linted? Against a bare ``ast.parse`` and `alembic-guard`.

Cold, warm, with one file changed, and how time and memory grow with the history.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.generated_history import write_project
from benchmarks.measure import Command, Result, measure, program, report

START, BARE = "python -c pass", "bare ast.parse"
PARSE = """\
import ast, os, sys
for name in os.listdir(sys.argv[1]):
    if name.endswith(".py"):
        with open(os.path.join(sys.argv[1], name), "rb") as file:
            ast.parse(file.read())
"""


def main(argv: Sequence[str]) -> int:
    """Measure with ``--revisions``, then ten times as many where ``--growth`` is given."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks lint")
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--revisions", type=int, default=1000)
    parser.add_argument("--growth", action="store_true", help="ten times as many, too")
    parser.add_argument("--no-peer", action="store_true", help="leave alembic-guard out")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        guard = None if options.no_peer else install_guard(Path(folder, "guard"))
        sizes = [options.revisions, *([options.revisions * 10] if options.growth else [])]
        for size in sizes:
            project = Path(folder, f"history{size}")
            write_project(project, size)
            compare(size, project, guard, options.runs if size == sizes[0] else 3)
    return 0


def compare(size: int, project: Path, guard: str | None, runs: int) -> None:
    """Measure the contenders on one history and print the table."""
    versions = project / "migrations" / "versions"
    files = sorted(versions.glob("*.py"))
    cache = project.with_name(f"cache{size}")
    lint = program("calista-lint")
    forget = partial(shutil.rmtree, cache, ignore_errors=True)

    def command(name: str, *flags: str, before: object = None) -> Command:
        first = before if callable(before) else None
        environment = {"CALISTA_CACHE_DIR": str(cache)}
        return Command(name=name, argv=[lint, *flags], cwd=project, before=first, env=environment)

    commands = [
        Command(name=START, argv=[sys.executable, "-c", "pass"]),
        Command(name=BARE, argv=[sys.executable, "-c", PARSE, versions]),
        command("calista-lint --no-cache", "--no-cache"),
        command("cold, cache written", before=forget),
        command("nothing changed"),
        command("the newest changed", before=partial(change, files[-1])),
        command("one in the middle changed", before=partial(change, files[size // 2])),
    ]
    if guard is not None:
        peer = [guard, str(versions)]
        commands.append(Command(name="alembic-guard", argv=peer, cwd=project, exit_codes=(0, 1)))
    results = measure(commands, runs=runs)
    print(report(f"{size} revisions", results, against=BARE))
    print("\n".join(wanted(results)), flush=True)


#: What each kind of run may take: times the bare parse, or milliseconds above the bare start.
LIMITS = {
    "calista-lint --no-cache": "at most 3 times the bare parse, better 2",
    "cold, cache written": "at most 3 times the bare parse, better 2",
    "nothing changed": "at most 100 ms above the bare start",
    "the newest changed": "at most 150 ms above the bare start",
    "one in the middle changed": "at most 150 ms above the bare start",
    "alembic-guard": "more than calista-lint takes",
}


def wanted(results: Sequence[Result]) -> list[str]:
    """Return a line for each kind of run: what it took, and what it may take."""
    medians = {result.name: result.median for result in results}
    lines = []
    for name, limit in LIMITS.items():
        if name not in medians:
            continue
        if "start" in limit:
            took = f"{(medians[name] - medians[START]) * 1000:+.0f} ms"
        else:
            took = f"{medians[name] / medians[BARE]:.2f} times"
        lines.append(f"{name}: {took} ({limit})")
    return lines


def change(path: Path) -> None:
    """Change a file in a way that changes nothing in the schema."""
    with path.open("a", encoding="utf-8") as file:
        file.write("# changed\n")


def install_guard(folder: Path) -> str:
    """Install the peer in an environment of its own and return its program."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "alembic-guard"], check=True)
    return str(python.with_name("alembic-guard" + python.suffix))
