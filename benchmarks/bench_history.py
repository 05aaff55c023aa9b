"""How long does reading the revision graph take, against Alembic's ``ScriptDirectory``?

Three contenders a size, each a process of its own: our reader, Alembic with the revisions compiled
(``__pycache__`` as its last run left it) and Alembic with none of them compiled, as after a fresh
clone or checkout. The whole process is what a user waits for; the second table takes the
interpreter's start and the imports away and shows the reading alone.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.generated_history import write_project
from benchmarks.measure import Command, Result, measure, report

OURS = """
import sys
from pathlib import Path
from calista_tools.history import read_history
{rest}
"""
OUR_READING = "assert len(read_history(Path(sys.argv[1], 'migrations/versions')).heads) == 1"
ALEMBIC = """
import sys
from alembic.config import Config
from alembic.script import ScriptDirectory
{rest}
"""
ALEMBIC_READING = """
script = ScriptDirectory.from_config(Config(f"{sys.argv[1]}/alembic.ini"))
assert len(script.get_heads()) == 1
"""


def main(argv: Sequence[str]) -> int:
    """Measure histories of ``--sizes`` revisions."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks history")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000, 5000])
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        for size in options.sizes:
            project = Path(folder, str(size))
            write_project(project, size)
            compare(size, project, options.runs)
    return 0


def compare(size: int, project: Path, runs: int) -> None:
    """Measure one history and print both tables."""
    cache = project / "migrations" / "versions" / "__pycache__"
    forget = partial(shutil.rmtree, cache, ignore_errors=True)

    def command(name: str, program: str, rest: str, *, cold: bool = False) -> Command:
        argv = [sys.executable, "-c", program.format(rest=rest), str(project)]
        return Command(name=name, argv=argv, before=forget if cold else None)

    results = measure(
        [
            command("read_history", OURS, OUR_READING),
            command("ScriptDirectory, compiled", ALEMBIC, ALEMBIC_READING),
            command("read_history, imports only", OURS, ""),
            command("ScriptDirectory, imports only", ALEMBIC, ""),
        ],
        runs=runs,
    )
    results += measure(
        [command("ScriptDirectory, not compiled", ALEMBIC, ALEMBIC_READING, cold=True)],
        runs=max(3, runs // 3),
        warmup=0,
    )
    print(report(f"{size} revisions", results, against="ScriptDirectory, compiled"))
    print(alone(size, {result.name: result for result in results}), "\n")


def alone(size: int, by_name: dict[str, Result]) -> str:
    """Return what the reading alone takes: CPU time less that of the same imports.

    CPU time, not wall time: the difference of two waits says more of the machine's neighbours.
    """

    def cpu(name: str) -> float:
        return median(by_name[name].cpu)

    ours = cpu("read_history") - cpu("read_history, imports only")
    lines = [
        "reading alone (CPU):",
        f"  read_history                   {ours * 1e3:8.1f} ms, {ours / size * 1e6:.0f} µs each",
    ]
    for name in ("ScriptDirectory, compiled", "ScriptDirectory, not compiled"):
        theirs = cpu(name) - cpu("ScriptDirectory, imports only")
        lines.append(f"  {name:30} {theirs * 1e3:8.1f} ms, {theirs / ours:.1f} times ours")
    return "\n".join(lines)
