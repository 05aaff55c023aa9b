"""How long does a new revision take, against ``alembic revision``? Here and after 1,000 others.

The peer renders Alembic's own template: through our bridge it would do our work as well.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import alembic

from benchmarks.generated_history import write_project
from benchmarks.measure import ROOT, Command, measure, program, report

STOCK_TEMPLATE = Path(alembic.__file__).parent / "templates" / "generic" / "script.py.mako"
MESSAGE = "measured revision"


def main(argv: Sequence[str]) -> int:
    """Measure in this repository and in a generated one of ``--revisions``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks revision")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--revisions", type=int, default=1000)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder, "here")
        shutil.copytree(ROOT / "migrations", here / "migrations")
        for name in ("alembic.ini", "pyproject.toml", "tasks.py"):
            shutil.copy(ROOT / name, here)
        compare("in this repository", here, options.runs)
        long = Path(folder, "long")
        write_project(long, options.revisions)
        shutil.copy(ROOT / "tasks.py", long)
        compare(f"after {options.revisions} revisions", long, options.runs)
    return 0


def compare(title: str, project: Path, runs: int) -> None:
    """Measure the contenders in a project and print the table."""
    shutil.copy(STOCK_TEMPLATE, project / "migrations")
    ini = project / "alembic.ini"
    lines = [line for line in ini.read_text().splitlines() if "calista" not in line]
    ini.write_text("\n".join(line for line in lines if line != "[post_write_hooks]") + "\n")
    before = partial(forget, project / "migrations" / "versions")
    doors = {
        "alembic revision": program("alembic"),
        "invoke revision": program("invoke"),
        "calista-migrations revision": program("calista-migrations"),
    }
    commands = [
        Command(name=name, argv=[door, "revision", "-m", MESSAGE], cwd=project, before=before)
        for name, door in doors.items()
    ]
    idle = [Command(name="python -c pass", argv=[sys.executable, "-c", "pass"])]
    print(report(title, measure(commands + idle, runs=runs), against="alembic revision"))
    forget(project / "migrations" / "versions")


def forget(versions: Path) -> None:
    """Remove what a run wrote."""
    for path in versions.glob(f"*{MESSAGE.replace(' ', '_')}*"):
        path.unlink()
