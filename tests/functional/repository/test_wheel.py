"""The wheel works outside of this repository, in a project that has never heard of CALISTA."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL

from benchmarks.generated_history import write_project
from tests.servers import client_programs

ROOT = Path(__file__).parents[3]
SCRIPTS = "Scripts" if sys.platform == "win32" else "bin"

pytestmark = pytest.mark.slow

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this repository."""
    folder = tmp_path_factory.mktemp("wheel")
    build: list[str | Path] = [sys.executable, "-m", "pip", "--quiet", "wheel", "--no-deps"]
    subprocess.run([*build, "--wheel-dir", folder, ROOT], check=True)
    (path,) = folder.glob("*.whl")
    return path


def install(what: str, folder: Path) -> Path:
    """Make a virtual environment with nothing but this; returns the folder of its programs."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / SCRIPTS / "python"
    subprocess.run([python, "-m", "pip", "--quiet", "install", what], check=True)
    return folder / SCRIPTS


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with nothing but the wheel and its extra ``tools``."""
    return install(f"{wheel}[tools]", tmp_path_factory.mktemp("tools"))


@pytest.fixture(scope="module")
def run_time(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with nothing but the wheel: what the owner of a database installs."""
    return install(str(wheel), tmp_path_factory.mktemp("run-time"))


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


def test_without_the_extra_the_tasks_say_what_to_install(run_time: Path) -> None:
    done = subprocess.run(
        [run_time / "calista-migrations", "--list"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: invoke and jinja2 not installed\nhint: pip install 'calista[tools]'\n"
    )


def test_the_migrations_travel_with_the_run_time(run: Run, tmp_path: Path) -> None:
    done = run("calista", "db", "heads")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0]


EVENT = '{"stream_id": "night-1", "stream_type": "observation", "event_type": "started"}\n'


def test_the_run_time_needs_neither_tools_nor_checkout(
    run_time: Path, tmp_path: Path, database_url: URL
) -> None:
    bare = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    bare |= {
        "CALISTA_DB_URL": database_url.render_as_string(hide_password=False),
        "CALISTA_BACKUP_DIR": str(tmp_path / "backups"),
        "CALISTA_PG_BIN": str(client_programs()),
    }

    def calista(*arguments: str, code: int = 0, stdin: str = "") -> str:
        done = subprocess.run(
            [run_time / "calista", *arguments],
            cwd=tmp_path,
            env=bare,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    head = calista("db", "heads").strip()
    assert calista("db", "history").startswith(f"{head}  ")
    calista("db", "check", code=3)
    calista("events", "list", code=3)
    assert "CREATE TABLE event_store" in calista("db", "upgrade", "--sql")
    calista("db", "upgrade", code=1)
    calista("db", "upgrade", "--yes")
    calista("db", "check")
    assert calista("db", "current") == f"{head} (head)\n"
    status = json.loads(calista("db", "status", "--json"))
    assert (status["state"], status["pending"]) == ("current", [])
    assert status["last_backup"]["revision"] == "empty"
    stored = calista("events", "append", stdin=EVENT)
    backup = calista("db", "backup").strip()
    calista("events", "append", stdin=EVENT)
    calista("db", "restore", backup)
    assert calista("events", "list") == stored
    assert calista("events", "verify") == ""
    assert calista("db", "verify") == ""
