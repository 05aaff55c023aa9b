"""The wheels work outside of this repository, in a project that has never heard of CALISTA."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import zipfile
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
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels of both distributions, built from this repository, by name."""
    folder = tmp_path_factory.mktemp("wheels")
    build: list[str | Path] = [sys.executable, "-m", "pip", "--quiet", "wheel", "--no-deps"]
    for source in (ROOT, ROOT / "src"):
        subprocess.run([*build, "--wheel-dir", folder, source], check=True)
    return {path.name.partition("-")[0]: path for path in folder.glob("*.whl")}


def install(what: str, folder: Path) -> Path:
    """Make a virtual environment with nothing but this; returns the folder of its programs."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / SCRIPTS / "python"
    subprocess.run([python, "-m", "pip", "--quiet", "install", what], check=True)
    return folder / SCRIPTS


def installed(programs: Path) -> set[str]:
    """Return the names of the distributions in an environment, without what venv puts there."""
    code = "from importlib.metadata import distributions as d; print(*(x.name for x in d()))"
    done = subprocess.run(
        [programs / "python", "-I", "-c", code], capture_output=True, text=True, check=True
    )
    return {name.lower() for name in done.stdout.split()} - {"pip", "setuptools"}


@pytest.fixture(scope="module")
def lint_alone(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with nothing but the toolkit's wheel: what a hook gets."""
    return install(str(wheels["calista_migrations"]), tmp_path_factory.mktemp("lint"))


@pytest.fixture(scope="module")
def environment(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with nothing but the toolkit and its extra ``tasks``."""
    wheel = wheels["calista_migrations"]
    return install(f"{wheel}[tasks]", tmp_path_factory.mktemp("tasks"))


@pytest.fixture(scope="module")
def run_time(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with nothing but the application: what the owner of a database installs."""
    return install(str(wheels["calista_eventstore"]), tmp_path_factory.mktemp("run-time"))


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


def test_every_program_starts(run: Run, environment: Path) -> None:
    for program in ("calista-migrations", "calista-lint", "calista-roundtrip"):
        done = run(program, "--version")
        assert done.returncode == 0, done.stderr
        assert "0.1.0" in done.stdout
    assert not (environment / "calista").exists()


def test_who_lints_gets_neither_application_nor_driver(
    lint_alone: Path, environment: Path, run_time: Path
) -> None:
    assert installed(lint_alone) == {"calista-migrations"}
    assert not installed(environment) & {"calista-eventstore", "psycopg", "psycopg2"}
    assert "calista-migrations" not in installed(run_time)


def test_a_hooks_environment_is_small(lint_alone: Path) -> None:
    (site,) = lint_alone.parent.glob("**/site-packages")
    own = [path for path in site.glob("calista*/**/*") if path.is_file()]
    assert sum(path.stat().st_size for path in own) < 10_000_000


def test_the_lint_alone_lints(lint_alone: Path, tmp_path: Path) -> None:
    write_project(tmp_path, 5)
    lint = [str(lint_alone / "calista-lint"), "--no-cache"]
    done = subprocess.run(lint, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "All checks passed!\n", "")


def test_the_hint_is_what_is_missing(lint_alone: Path) -> None:
    """Pip needs no index to know what an extra of an installed distribution holds."""
    done = subprocess.run(
        [lint_alone / "calista-migrations", "--list"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    hint = done.stderr.splitlines()[-1].removeprefix("hint: ")
    command = [str(lint_alone / "python"), "-m", *shlex.split(hint), "--quiet", "--dry-run"]
    dry = subprocess.run(command, capture_output=True, text=True, check=False)
    assert dry.returncode == 0, dry.stderr


def test_both_distributions_live_in_one_environment(
    wheels: dict[str, Path], environment: Path, tmp_path: Path
) -> None:
    programs = install(str(wheels["calista_migrations"]), tmp_path / "both")
    wheel = str(wheels["calista_eventstore"])
    subprocess.run([programs / "python", "-m", "pip", "-q", "install", wheel], check=True)
    for program in ("calista", "calista-lint"):
        subprocess.run([programs / program, "--version"], check=True, capture_output=True)


@pytest.mark.parametrize("name", ["calista_migrations", "calista_eventstore"])
def test_the_metadata_holds_no_path_of_this_machine(name: str, wheels: dict[str, Path]) -> None:
    with zipfile.ZipFile(wheels[name]) as archive:
        for path in archive.namelist():
            assert str(ROOT).encode() not in archive.read(path), path
            assert b" @ " not in archive.read(path) or not path.endswith("/METADATA"), path


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
