"""What the README tells people to type is what CI and these tests run."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from calista_tools.tasks import collection

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAIN, TESTS = re.findall(r"^```sh\n(.*?)\n```$", README, re.DOTALL | re.MULTILINE)[:2]


def test_each_command_is_one_complete_line() -> None:
    for command in (MAIN, TESTS):
        assert "\n" not in command
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install")


def test_ci_runs_the_readmes_test_command() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == TESTS
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_every_task_is_in_the_readme() -> None:
    tasks = set(collection().task_names)
    listed = set(re.findall(r"`([a-z-]+)[^`]*`", _table("## Tasks")))
    assert tasks <= listed, f"missing: {tasks - listed}"


def test_every_session_is_in_the_readme() -> None:
    sessions = re.findall(
        r"^@nox\.session.*\ndef (\w+)", (ROOT / "noxfile.py").read_text(), re.MULTILINE
    )
    assert set(sessions) == set(re.findall(r"`(\w+)`(?=[,| ])", _table("## Sessions")))


def test_links_lead_somewhere() -> None:
    for page in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "SECURITY.md",
        *(ROOT / "docs").rglob("*.md"),
    ]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def _table(heading: str) -> str:
    section = README.partition(heading)[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    return "\n".join(row.split("|")[1] + "|" for row in rows)


@pytest.mark.slow
def test_the_main_command_works_in_a_fresh_clone(tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "--quiet", ROOT, tmp_path / "clone"], check=True)
    # A bare machine: no PostgreSQL on PATH, no environment of ours.
    bare = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("VIRTUAL_ENV", "CALISTA", "PYTHON", "PYTEST"))
    }
    for _ in range(2):  # and again in the same clone
        done = subprocess.run(
            MAIN,
            shell=True,
            cwd=tmp_path / "clone",
            env=bare,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "All checks passed!" in done.stdout
        assert re.search(
            r"^postgresql \(PostgreSQL .*\): \d+ revisions, \d+ proven", done.stdout, re.MULTILINE
        )
    status = subprocess.run(
        ["git", "status", "--short"],
        cwd=tmp_path / "clone",
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(
        r"(\?\? migrations/versions/\d{8}_\d{4}_create_observation_note\.py\n){2}", status.stdout
    )
