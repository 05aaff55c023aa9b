"""The history tasks through both doors."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.generated_history import write_project

DOORS = {
    "invoke": [sys.executable, "-m", "invoke"],
    "calista-migrations": [
        sys.executable,
        "-c",
        "from calista_tools.program import main; main()",
    ],
}


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> list[str]:
    """How the tasks are reached."""
    return DOORS[request.param]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of five revisions."""
    write_project(tmp_path, 5)
    tasks = "from calista_tools.tasks import collection\n\nnamespace = collection()\n"
    (tmp_path / "tasks.py").write_text(tasks)
    return tmp_path


def run(door: list[str], project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*door, *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def test_lock_and_check(door: list[str], project: Path) -> None:
    done = run(door, project, "lock")
    assert (done.returncode, len(done.stdout.splitlines()), done.stderr) == (0, 5, "")

    again = run(door, project, "lock")
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr == "nothing new to publish\n"

    checked = run(door, project, "lock", "--check")
    assert (checked.returncode, checked.stdout) == (0, "")
    assert checked.stderr == "5 published revisions are as they were\n"

    path = sorted((project / "migrations" / "versions").glob("*.py"))[2]
    path.write_text(path.read_text() + "\nX = 1\n")
    broken = run(door, project, "lock", "--check")
    assert broken.returncode == 1
    relative = path.relative_to(project)
    assert broken.stdout.startswith(f"{relative}:1: CAL402 published revision ")
    assert broken.stderr == (
        "error: 1 published revision was changed\n"
        "hint: published revisions never change; see above\n"
    )


def test_history(door: list[str], project: Path) -> None:
    done = run(door, project, "history")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].endswith("(head)")

    assert run(door, project, "history", "--format", "json").stdout.startswith("[\n")
    wrong = run(door, project, "history", "--format", "svg")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("error: there is no format `svg`\nhint: ")
