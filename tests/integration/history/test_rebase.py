"""Two heads become one, with git and without, and Alembic runs what comes out."""

import subprocess
import sys

import pytest

from calista_tools.errors import ToolError
from calista_tools.rework.commands import rebase, record
from tests.integration.history.conftest import Project


def branch(project: Project) -> None:
    project.add("0002", "c", "b")
    project.add("0003", "x", "b")
    project.add("0005", "d", "c")
    project.add("0006", "y", "x")


def test_the_later_branch_moves(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    branch(project)

    rebase()

    assert capsys.readouterr().out.splitlines() == [
        "migrations/versions/20240101_0003_x.py -> migrations/versions/20240101_0006_x.py",
        "migrations/versions/20240101_0006_y.py -> migrations/versions/20240101_0007_y.py",
    ]
    project.assert_line("abcdxy")
    text = (project.versions / "20240101_0006_x.py").read_text()
    assert "Revises: d\nCreate Date: 2024-01-01 00:06:00+00:00\n" in text
    assert not list(project.root.rglob(".calista-staging"))


def test_onto_decides(project: Project) -> None:
    branch(project)

    rebase("y")

    project.assert_line("abxycd")


def test_published_revisions_stay_byte_for_byte(project: Project) -> None:
    project.add("0003", "x", "b")
    project.add("0006", "y", "x")
    record()
    before = {path.name: path.read_bytes() for path in project.versions.glob("*.py")}
    project.add("0002", "c", "b")
    project.add("0005", "d", "c")

    rebase()

    project.assert_line("abxycd")
    after = {path.name: path.read_bytes() for path in project.versions.glob("*.py")}
    assert before.items() <= after.items()


def test_published_revisions_never_move(project: Project) -> None:
    project.add("0003", "x", "b")
    record()
    branch(project)
    before = project.names()

    with pytest.raises(ToolError, match=r"published revisions do not move.* x \("):
        rebase("d")

    assert project.names() == before


def test_two_published_branches_want_a_merge(project: Project) -> None:
    branch(project)
    project.add("0009", "m", "d", "y", table="")
    record()
    (project.versions / "20240101_0009_m.py").unlink()
    lock = project.root / "migrations" / "history.lock"
    lock.write_text("\n".join(line for line in lock.read_text().split("\n") if line[:2] != "m "))

    with pytest.raises(ToolError, match="several branches are published: d, y") as caught:
        rebase()

    assert "merge -m" in caught.value.hint


def test_branches_with_merges_and_three_heads(project: Project) -> None:
    project.add("0002", "c", "b")
    project.add("0003", "x", "b")
    project.add("0004", "y", "x")
    project.add("0005", "z", "x")
    project.add("0006", "m", "y", "z", table="")
    project.add("0007", "k", "a")

    rebase("c")

    history = project.history()
    assert history.heads == ("k",)
    assert history.parents["x"] == ("c",)
    assert history.parents["m"] == ("y", "z")
    assert history.parents["k"] == ("m",)
    project.upgrades()


def test_a_second_base_joins(project: Project) -> None:
    project.add("0005", "x")

    rebase("b")

    project.assert_line("abx")


def test_one_head_is_left_alone(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    rebase()

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "there is one head already; nothing moved\n"


def test_a_bad_date_is_mended(project: Project) -> None:
    project.add("0001", "x", "b")
    project.add("0000", "y", "x")

    rebase()

    project.assert_line("abxy")
    assert project.names()[2:] == ["20240101_0002_x.py", "20240101_0003_y.py"]


def test_a_taken_name_is_stepped_over(project: Project) -> None:
    branch(project)
    (project.versions / "20240101_0006_x.py").mkdir()

    rebase()

    assert "20240101_0007_x.py" in project.names()


def test_dry_run_shows_a_diff_that_git_applies(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    branch(project)
    project.git("init", "--quiet", "--initial-branch", "trunk")
    before = project.names()

    rebase(dry_run=True)

    diff = capsys.readouterr().out
    assert project.names() == before
    assert "-down_revision = 'b'\n+down_revision = 'd'\n" in diff
    subprocess.run(["git", "apply", "-"], input=diff, text=True, check=True, cwd=project.root)
    project.assert_line("abcdxy")


def test_says_that_both_touch_a_table(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.add("0002", "c", "b", table="t")
    project.add("0003", "x", "b", table="t")

    rebase(dry_run=True)

    assert capsys.readouterr().err == (
        "both branches touch table t: look at migrations/versions/20240101_0003_x.py"
        " and migrations/versions/20240101_0002_c.py\n"
    )


def test_a_dependency_on_what_would_move_is_refused(project: Project) -> None:
    branch(project)
    path = project.versions / "20240101_0002_c.py"
    path.write_text(path.read_text() + '\ndepends_on = "x"\n')

    with pytest.raises(ToolError, match="d depends on x, so x cannot come after it"):
        rebase("d")


def test_unreadable_file_stops_it(project: Project) -> None:
    branch(project)
    (project.versions / "z.py").write_text("<<<<<<< HEAD\n")

    with pytest.raises(ToolError, match=r"z.py:1: cannot be parsed"):
        rebase()


def test_after_a_merge_into_the_feature(repository: Project) -> None:
    repository.git("switch", "--quiet", "feature")
    repository.git("merge", "--quiet", "--no-edit", "main")

    rebase()

    repository.assert_line("abcdxy")
    assert "R" in repository.git("status", "--short")


@pytest.mark.parametrize("here", ["feature", "main"])
def test_in_the_middle_of_a_merge(repository: Project, here: str) -> None:
    other = {"feature": "main", "main": "feature"}[here]
    for name in ("main", "feature"):
        repository.git("switch", "--quiet", name)
        (repository.root / "notes.txt").write_text(name)
        repository.commit("notes")
    repository.git("switch", "--quiet", here)
    repository.git("merge", other, check=False)
    assert "UU notes.txt" in repository.git("status", "--short") or "AA notes.txt" in (
        repository.git("status", "--short")
    )

    rebase()

    repository.assert_line("abcdxy")
    (repository.root / "notes.txt").write_text("both")
    repository.git("add", "notes.txt")
    repository.git("commit", "--quiet", "--no-edit")
    assert repository.git("status", "--short") == ""


def test_in_the_middle_of_a_rebase(repository: Project) -> None:
    repository.git("switch", "--quiet", "feature")
    repository.git("rebase", "--exec", "false", "main", check=False)
    assert (repository.root / ".git" / "rebase-merge").is_dir()

    rebase()

    assert repository.history().heads == ("x",)
    repository.git("commit", "--quiet", "--amend", "--no-edit")
    repository.git("rebase", "--continue", check=False)
    rebase()
    repository.assert_line("abcdxy")


def test_untracked_revisions_move_on_the_main_branch(repository: Project) -> None:
    repository.add("0001", "u", "b")

    rebase()

    repository.assert_line("abcdu")
    assert repository.git("status", "--short").startswith("?? ")


def test_through_the_task(project: Project) -> None:
    branch(project)
    program = "from calista_tools.program import main; main()"

    done = subprocess.run(
        [sys.executable, "-c", program, "rebase", "--onto", "nothing"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: there is no revision `nothing`\n")
