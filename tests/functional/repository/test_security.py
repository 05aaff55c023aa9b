"""What SECURITY.md says of the commands: which of them run the project's code, and which do not."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.generated_history import write_project
from calista_tools.lint.cli import main as lint
from calista_tools.program import program
from calista_tools.roundtrip.roundtrip_cli import main as roundtrip
from calista_tools.tasks import collection

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = (Path(__file__).parents[3] / "SECURITY.md").read_text("utf-8")
ROWS = re.findall(r"^\| (`.*?) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
#: By the first cell of the row that is about them; what ``docs`` writes is this repository's own.
COMMANDS = {
    "lint": [["lint"]],
    "history": [
        ["history"],
        ["lock"],
        ["lock", "--check"],
        ["rebase"],
        ["merge", "-m", "join"],
    ],
    "revision": [["revision", "-m", "add note"]],
    "revision --autogenerate": [["revision", "-m", "add note", "--autogenerate"]],
    "sql": [["sql"], ["upgrade"], ["downgrade"], ["current"]],
    "calista-roundtrip": [["check"], ["review"], ["report"], ["init", "--yes"]],
}


def test_every_task_is_in_the_table() -> None:
    named = {word for cell, *_ in ROWS for word in re.findall(r"`(?:invoke )?([a-z-]+)", cell)}
    assert set(collection().task_names) <= named
    assert {"calista", "calista-lint", "calista-roundtrip"} <= named


@pytest.fixture
def marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What env.py and every revision leave behind where they are run, in the project's folder."""
    write_project(tmp_path, 3)
    made = tmp_path / "was-run"
    code = f"open({str(made)!r}, 'a').write('x')\n"
    own = tmp_path / "pyproject.toml"
    own.write_text(own.read_text().replace(', "postgresql"', ""))  # starting a server takes long
    migrations = tmp_path / "migrations"
    for path in (migrations / "env.py", *(migrations / "versions").glob("*.py")):
        path.write_text(f"{code}{path.read_text()}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALISTA_DB_URL", f"sqlite:///{tmp_path / 'test.db'}")
    return made


#: What was started since the test began.
started: set[str] = set()


def note(event: str, arguments: tuple[object, ...]) -> None:
    """Note a program that is started; called by Python itself."""
    if event == "subprocess.Popen":
        started.add(Path(str(arguments[0])).stem)


sys.addaudithook(note)


def cases() -> list[tuple[list[str], bool, set[str]]]:
    """Return each command, whether it runs the project's code and what it may start."""
    found: list[tuple[list[str], bool, set[str]]] = []
    for first, commands in COMMANDS.items():
        [(runs, starts)] = (
            row for cell, *row in ROWS if cell.startswith((f"`{first}`", f"`calista-{first}`"))
        )
        programs = set(re.findall(r"`(\w+)`", starts))
        programs |= {"initdb", "postgres", "pg_ctl"} if "PostgreSQL" in starts else set()
        found += [(command, not runs.startswith("no"), programs) for command in commands]
    return found


@pytest.mark.parametrize(("command", "runs", "programs"), cases())
def test_what_runs_is_what_the_table_says(
    command: list[str], runs: bool, programs: set[str], marker: Path
) -> None:
    started.clear()
    assert run(command) in (0, 1)  # 2: it did not even begin
    assert marker.exists() == runs
    assert started <= programs


def test_the_programs_too(marker: Path) -> None:
    lint(["--no-cache"])
    lint(["--fix"])
    lint(["--names"])
    assert not marker.exists()
    roundtrip(["--backend", "sqlite", "--no-cache", "--config", "alembic.ini"])
    assert marker.exists()


def run(command: Sequence[str]) -> object:
    """Run a task; returns its exit code, which is 1 where there was nothing to do."""
    try:
        program().run(["calista-migrations", *command])
    except SystemExit as end:
        return end.code
    return 0
