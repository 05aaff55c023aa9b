"""The history tasks through both doors."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.generated_history import write_project
from calista_tools.history import Revision, read_file, read_history

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


@pytest.fixture
def forked(tmp_path: Path) -> Path:
    """A project of two heads, on SQLite alone."""
    write_project(tmp_path, 12, seed=1, branches=1, merge_last=False)
    tasks = "from calista_tools.tasks import collection\n\nnamespace = collection()\n"
    (tmp_path / "tasks.py").write_text(tasks)
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace(', "postgresql"]', "]"))
    return tmp_path


def heads(project: Path) -> tuple[str, ...]:
    return read_history(project / "migrations" / "versions", thorough=True).heads


def test_rebase(door: list[str], forked: Path) -> None:
    versions = forked / "migrations" / "versions"
    before = {path.name: path.read_bytes() for path in versions.glob("*.py")}
    program = "invoke" if "invoke" in door else "calista-migrations"

    locked = run(door, forked, "lock")
    assert (locked.returncode, locked.stdout) == (1, "")
    assert locked.stderr.startswith("error: the history has several heads: ")
    assert f"hint: `{program} rebase` makes them one, or `{program} merge` " in locked.stderr

    shown = run(door, forked, "rebase", "--dry-run")
    assert (shown.returncode, shown.stdout.startswith("diff --git ")) == (0, True)
    assert {path.name: path.read_bytes() for path in versions.glob("*.py")} == before

    done = run(door, forked, "rebase")
    assert done.returncode == 0
    assert all(" -> " in line or " now follows " in line for line in done.stdout.splitlines())
    (head,) = heads(forked)
    assert done.stderr.splitlines()[-1] == f"head is {head}"

    again = run(door, forked, "rebase")
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr == "there is one head already; nothing moved\n"
    shown = run(door, forked, "rebase", "--dry-run")
    assert (shown.returncode, shown.stdout) == (0, "")
    assert shown.stderr == "there is one head already; nothing to move\n"

    assert run(door, forked, "lock").returncode == 0
    text = (forked / "migrations" / "history.lock").read_text()
    assert f"#   {program} lock --check\n" in text
    assert f"#   {program} merge -m MESSAGE\n" in text


def test_merge(door: list[str], forked: Path) -> None:
    both = heads(forked)

    done = run(door, forked, "merge", "-m", "join the two")

    assert (done.returncode, done.stderr) == (0, "")
    path = forked / done.stdout.strip()
    assert path.name.endswith("_join_the_two.py")
    history = read_history(path.parent, thorough=True)
    assert set(history.revisions[history.heads[0]].down_revisions) == set(both)
    again = run(door, forked, "merge", "-m", "join them again")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith("error: there is nothing to merge: the only head is ")


def test_squash_and_undo(door: list[str], forked: Path) -> None:
    assert run(door, forked, "rebase").returncode == 0
    migrations = forked / "migrations"
    data = [writes_rows(path) for path in sorted(migrations.glob("versions/*.py"))[1:3]]
    assert run(door, forked, "lock").returncode == 0
    before = contents(migrations)
    chain = read_history(migrations / "versions").line
    assert chain is not None
    through = chain[4].revision

    wrong = run(door, forked, "squash", "-m", "one baseline")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == "error: squash needs --through REV and -m MESSAGE\n"

    refused = run(door, forked, "squash", "-m", "one baseline", "--through", through)
    assert (refused.returncode, refused.stdout) == (1, "")
    hint = f"hint: look at each, then: --acknowledge {data[0]} --acknowledge {data[1]}\n"
    assert refused.stderr.endswith(hint)
    named = ["--acknowledge", data[0], f"-a={data[1]}"]
    done = run(door, forked, "squash", "-m", "one baseline", "--through", through, *named)
    assert done.returncode == 0, done.stderr
    made = forked / done.stdout.strip()
    assert made.name.endswith("_one_baseline.py")
    assert len(read_history(made.parent, thorough=True).revisions) == len(chain) - 4
    assert run(door, forked, "lock", "--check").returncode == 0

    undone = run(door, forked, "squash", "--undo")
    assert (undone.returncode, undone.stdout) == (0, "")
    assert undone.stderr == "5 revisions are back\n"
    assert contents(migrations) == before


def writes_rows(path: Path) -> str:
    """Have a revision's upgrade write rows, too; return its id."""
    step = """    op.execute("UPDATE alembic_version SET version_num = version_num")\n"""
    path.write_text(path.read_text().replace("\n\n\ndef downgrade", f"\n{step}\n\ndef downgrade"))
    revision = read_file(path)
    assert isinstance(revision, Revision)
    return revision.revision


@pytest.mark.parametrize("task", ["history", "lock", "rebase"])
def test_no_migrations_here(door: list[str], tmp_path: Path, task: str) -> None:
    tasks = "from calista_tools.tasks import collection\n\nnamespace = collection()\n"
    (tmp_path / "tasks.py").write_text(tasks)

    done = run(door, tmp_path, task)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: there is no folder {tmp_path / 'migrations'}\nhint: ")


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder, without what Python compiled."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }
