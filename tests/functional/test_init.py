"""``init`` takes the tools up in a project: shown first, whole or not at all, and undone by git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from calista_tools.adoption.init_command import run
from calista_tools.errors import ToolError
from calista_tools.lint.cli import main as lint
from calista_tools.roundtrip.roundtrip_cli import main as roundtrip
from tests.integration.conftest import write_project

#: The second is not taken back, and its index is the project's own.
HISTORY = {
    "a1": ('op.create_table("note", sa.Column("id", sa.Integer, primary_key=True))',
           'op.drop_table("note")'),
    "a2": ('op.add_column("note", sa.Column("n", sa.Integer))', ""),
}  # fmt: skip


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *words], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "project"
    ini = write_project(made, HISTORY)
    ini.write_text(f"{ini.read_text()}sqlalchemy.url = sqlite:///own.db\n")
    (made / ".gitignore").write_text("__pycache__\n")
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def in_git(folder: Path) -> Path:
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "all")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {".git", "__pycache__"} & set(path.parts)
    }


def test_everything_is_taken_up_and_undone_by_git(
    in_git: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (in_git / ".github").mkdir()
    before = files(in_git)
    run(yes=True, dry_run=False)
    said = capsys.readouterr().out
    assert "published there: up to a2" in said
    assert "1 of 2 revisions proven, 1 failed" in said
    assert len(said.partition("\n\n")[2].splitlines()) <= 10
    written = files(in_git)
    assert written.keys() - before.keys() >= {
        "pyproject.toml",
        ".pre-commit-config.yaml",
        ".github/workflows/migrations.yml",
        "migrations/history.lock",
        "migrations/roundtrip-baseline.json",
    }
    assert lint([]) == 0
    assert roundtrip(["--strict"]) == 0
    run(yes=True, dry_run=False)
    assert files(in_git) == written
    git(in_git, "checkout", "-q", ".")
    git(in_git, "clean", "-qfd")
    assert files(in_git) == before


def test_a_dry_run_and_nobody_to_ask_write_nothing(
    in_git: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(in_git)
    run(yes=False, dry_run=True)
    assert "+ pyproject.toml" in capsys.readouterr().out
    with pytest.raises(ToolError, match="no terminal"):
        run(yes=False, dry_run=False)
    assert "+ pyproject.toml" in capsys.readouterr().out
    assert files(in_git) == before


def test_what_is_not_committed_is_not_mixed_up_with_it(in_git: Path) -> None:
    (in_git / "pyproject.toml").write_text('[project]\nname = "own"\n')
    before = files(in_git)
    with pytest.raises(ToolError, match="not committed"):
        run(yes=True, dry_run=False)
    assert files(in_git) == before


def test_without_git(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(yes=True, dry_run=False)
    assert "not written: without git" in capsys.readouterr().out
    assert "migrations/history.lock" not in files(folder)
    assert ".pre-commit-config.yaml" not in files(folder)
    assert roundtrip(["--strict"]) == 0


def test_what_fails_leaves_nothing_behind(in_git: Path) -> None:
    (in_git / "migrations" / "roundtrip-baseline.json").mkdir()  # cannot be written
    before = files(in_git)
    with pytest.raises(ToolError, match="baseline was not written"):
        run(yes=True, dry_run=False)
    assert files(in_git) == before


@pytest.mark.parametrize(
    ("before", "written"),
    [
        (
            "repos:\n- repo: local\n  hooks: []\n",
            "\n- repo: local\n  hooks:\n    - id: calista-lint",
        ),
        (
            "repos:\n  - repo: local\n    hooks: []\n",
            "\n  - repo: local\n    hooks:\n      - id: cal",
        ),
        ("repos: []\nfail_fast: true\n", ""),
    ],
)
def test_hooks_that_are_there_stay(in_git: Path, before: str, written: str) -> None:
    path = in_git / ".pre-commit-config.yaml"
    path.write_text(before)
    git(in_git, "add", ".")
    git(in_git, "commit", "-qm", "hooks")
    run(yes=True, dry_run=False)
    assert path.read_text().startswith(before)
    assert written in path.read_text()
    assert "http" not in path.read_text()


def test_gitlab_gets_a_job(in_git: Path) -> None:
    path = in_git / ".gitlab-ci.yml"
    path.write_text("test:\n  script: [pytest]\n")
    git(in_git, "add", ".")
    git(in_git, "commit", "-qm", "ci")
    run(yes=True, dry_run=False)
    assert path.read_text().startswith("test:\n  script: [pytest]\n\nmigrations:\n")


def test_a_revision_that_is_new_is_not_published(in_git: Path) -> None:
    source = (in_git / "migrations" / "versions" / "a2.py").read_text()
    new = source.replace('"a2"', '"a3"').replace("'a1'", "'a2'").replace('"""a2', '"""a3')
    (in_git / "migrations" / "versions" / "a3.py").write_text(new)
    run(yes=True, dry_run=False)
    text = (in_git / "migrations" / "history.lock").read_text()
    assert "a2.py" in text
    assert "a3.py" not in text


def test_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ToolError, match="no Alembic project"):
        run(yes=True, dry_run=False)
