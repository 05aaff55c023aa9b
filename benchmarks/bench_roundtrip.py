"""How long does a round trip take, beside the bare migrations and beside pytest-alembic?

    python -m benchmarks roundtrip --revisions 100 [--peer] [--runs 3] [--backend postgresql]
    python -m benchmarks roundtrip --revisions 1000 --new

``--peer`` makes an environment with pytest-alembic (and pytest 9.1.0, which it needs) once, in
``.bench/``, and runs its built-in tests with ``downgrade_leaves_no_trace``. ``--new`` measures one
new revision on top of proven ones, on both backends in one command.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.generated_history import write_project
from benchmarks.measure import ROOT, Command, measure, program, report
from calista_tools.backends import PostgresServer, open_server
from calista_tools.history import read_history

PEER = ROOT / ".bench" / "pytest-alembic"
PEER_NEEDS = ("pytest==9.1.0", "pytest-alembic==0.13.1", "alembic", "sqlalchemy", "psycopg[binary]")
PYTEST_INI = """[pytest]
addopts = -p no:cacheprovider
pytest_alembic_tests_path = conftest.py
pytest_alembic_include_experimental =
    downgrade_leaves_no_trace
"""
CONFTEST = """
import pytest
import sqlalchemy

@pytest.fixture
def alembic_config():
    return {{"file": {ini!r}, "sqlalchemy.url": {url!r}}}

@pytest.fixture
def alembic_engine():
    return sqlalchemy.create_engine({url!r})
"""
NEW = '''"""one more"""
import sqlalchemy as sa
from alembic import op
revision = "{revision}"
down_revision = "{parent}"
def upgrade():
    op.create_table("{revision}", sa.Column("id", sa.Integer, primary_key=True))
def downgrade():
    op.drop_table("{revision}")
'''


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks roundtrip")
    parser.add_argument("--revisions", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--backend", action="append", choices=("sqlite", "postgresql"))
    parser.add_argument("--peer", action="store_true", help="pytest-alembic too: it takes minutes")
    parser.add_argument("--new", action="store_true", help="one new revision on proven ones")
    options = parser.parse_args(argv)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="calista-bench-")))
        server = stack.enter_context(open_server())
        project = folder / "project"
        write_project(project, options.revisions)
        if options.new:
            _new(project, options)
            return 0
        for backend in options.backend or ("sqlite", "postgresql"):
            commands = _ours(project, backend)
            if options.peer:
                commands.append(_peer(folder, project, backend, server))
            results = measure(commands, runs=options.runs, warmup=0 if options.peer else 1)
            print(report(f"{backend}, {options.revisions} revisions", results, against="bare walk"))
            ours, bare = results[0].median, results[1].median
            print(f"added to the migrations' own time: {(ours - bare) / bare:.0%}")
            if options.peer:
                print(f"pytest-alembic takes {results[2].median / ours:.1f} times as long")
    return 0


def _ours(project: Path, backend: str) -> list[Command]:
    ini = project / "alembic.ini"
    named: list[str | Path] = [
        "--config",
        ini,
        "--backend",
        backend,
        "--no-cache",
        "--output-format",
        "json",
    ]
    return [
        Command(name="calista-roundtrip", argv=[program("calista-roundtrip"), *named], cwd=project),
        Command(
            name="bare walk",
            argv=[sys.executable, "-m", "benchmarks.bare_walk", ini, backend],
            env={"PYTHONPATH": str(ROOT)},
            cwd=project,
        ),
    ]


def _peer(folder: Path, project: Path, backend: str, server: PostgresServer) -> Command:
    python = PEER / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not python.exists():
        venv.create(PEER, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PEER_NEEDS], check=True)
    tests = folder / f"peer-{backend}"
    tests.mkdir()
    database = folder / "peer.db"
    scratch = server.create()
    if backend == "sqlite":
        url = f"sqlite:///{database}"
    else:
        url = scratch.url.render_as_string(hide_password=False)
    (tests / "conftest.py").write_text(CONFTEST.format(ini=str(project / "alembic.ini"), url=url))
    (tests / "pytest.ini").write_text(PYTEST_INI)

    def clean() -> None:
        database.unlink(missing_ok=True)
        if backend == "postgresql":
            empty = server.create()
            scratch.replace_by(empty)
            empty.drop()

    return Command(
        name="pytest-alembic",
        argv=[python, "-m", "pytest", "-q", "--test-alembic"],
        cwd=tests,
        before=clean,
        # Its no-trace test ends at the first autocommit_block: its time is a lower bound.
        exit_codes=(0, 1),
    )


def _new(project: Path, options: argparse.Namespace) -> None:
    versions = project / "migrations" / "versions"
    command = [program("calista-roundtrip"), "--config", str(project / "alembic.ini")]
    subprocess.run([*command, "--output-format", "json"], check=True, stdout=subprocess.DEVNULL)

    def add() -> None:
        [parent] = read_history(versions).heads
        number = len(list(versions.glob("*.py")))
        source = NEW.format(revision=f"added_{number}", parent=parent)
        (versions / f"29990101_{number:04}_added.py").write_text(source, encoding="utf-8")

    proven = Command(
        name="one new revision, both backends",
        argv=[*command, "--output-format", "json"],
        cwd=project,
        before=add,
    )
    results = measure([proven], runs=options.runs)
    title = f"on top of {options.revisions} proven revisions"
    print(report(title, results, against=proven.name))
