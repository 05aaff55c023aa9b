"""The wheel works outside of this repository, in a project that has never heard of CALISTA."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.generated_history import write_project

ROOT = Path(__file__).parents[3]
SCRIPTS = "Scripts" if sys.platform == "win32" else "bin"

pytestmark = pytest.mark.slow

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with nothing but the wheel and its extra ``tools``."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "venv", folder / "env"], check=True)
    pip: list[str | Path] = [folder / "env" / SCRIPTS / "python", "-m", "pip", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], check=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*pip, "install", f"{wheel}[tools]"], check=True)
    return folder / "env" / SCRIPTS


@pytest.fixture
def run(environment: Path, tmp_path: Path) -> Run:
    """Run a program of the environment in a foreign project's subfolder."""
    write_project(tmp_path, 5)
    below = tmp_path / "src" / "package"
    below.mkdir(parents=True)
    bare = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}

    def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [environment / program, *arguments],
            cwd=below,
            env=bare,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_the_loop_in_a_foreign_project(run: Run, tmp_path: Path) -> None:
    written = run(
        "calista-migrations", "revision", "-m", "add a log", "-k", "append-only", "-t", "l"
    )
    assert written.returncode == 0, written.stderr
    path = Path(written.stdout.strip())
    assert path.parent == tmp_path / "migrations" / "versions"
    lint = run("calista-lint", str(path))
    assert (lint.returncode, lint.stdout) == (0, "All checks passed!\n")
    proof = run(
        "calista-roundtrip", "--config", str(tmp_path / "alembic.ini"), "--backend", "sqlite"
    )
    assert proof.returncode == 0, proof.stdout + proof.stderr
    assert "6 revisions, 6 proven" in proof.stdout


def test_every_program_starts(run: Run) -> None:
    for program in ("calista", "calista-migrations", "calista-lint"):
        done = run(program, "--version")
        assert done.returncode == 0, done.stderr
        assert "0.1.0" in done.stdout
    assert run("calista-roundtrip", "--help").returncode == 0


def test_the_migrations_travel_with_the_run_time(run: Run, tmp_path: Path) -> None:
    done = run("calista", "db", "heads")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0]
