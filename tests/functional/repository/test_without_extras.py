"""The programs of a plain `pip install`, where there is nothing but Python's standard library."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[3] / "tools"
REVISION = '''"""add a note

Revision ID: a1
Revises:
Create Date: 2025-08-26 10:30:00
"""

import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None


def upgrade() -> None:
    op.create_table("note", sa.Column("id", sa.Integer(), nullable=False))
    op.create_index("wrong", "note", ["id"])
    op.execute("MERGE INTO note USING other ON note.id = other.id WHEN MATCHED THEN DELETE")


def downgrade() -> None:
    op.drop_index("wrong", "note")
    op.drop_table("note")
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a revision; its folder of migrations has the library's name, as many do."""
    (tmp_path / "alembic" / "versions").mkdir(parents=True)
    (tmp_path / "alembic" / "env.py").write_text("from alembic import context\n")
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = alembic\n")
    (tmp_path / "alembic" / "versions" / "20250826_1030_add_a_note.py").write_text(REVISION)
    return tmp_path


def run(folder: Path, entry: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program with `-S`: no site-packages, so nothing that was ever installed."""
    module, name = entry.split(":")
    source = f"import sys; sys.path[:0] = [{str(TOOLS)!r}]; sys.argv[0] = 'program'\n"
    source += f"from {module} import {name} as main\nsys.exit(main())\n"
    return subprocess.run(
        [sys.executable, "-S", "-E", "-c", source, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


LINT = "calista_tools.lint.cli:program"


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--output-format", form] for form in ("full", "concise", "json", "github", "gitlab")),
        *(["--output-format", form] for form in ("sarif", "junit")),
        ["--statistics"],
        ["--no-cache", "--fix"],
    ],
    ids=" ".join,
)
def test_the_lint_lints(project: Path, arguments: list[str]) -> None:
    done = run(project, LINT, *arguments)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout


@pytest.mark.parametrize(
    "arguments",
    [["--names"], ["--infer-names"], ["--explain", "CAL103"], ["--list-rules"], ["--version"]],
    ids=" ".join,
)
def test_the_lint_tells(project: Path, arguments: list[str]) -> None:
    done = run(project, LINT, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_a_finding_says_what_it_says_with_everything_installed(project: Path) -> None:
    bare = run(project, LINT, "--no-cache", "--output-format", "json")
    code = "import sys; from calista_tools.lint.cli import main; sys.exit(main())"
    full = subprocess.run(
        [sys.executable, "-c", code, "--no-cache", "--output-format", "json"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(bare.stdout) == json.loads(full.stdout)


@pytest.mark.parametrize(
    ("entry", "arguments", "missing", "extra"),
    [
        (
            "calista_tools.roundtrip.roundtrip_cli:main",
            ["--backend", "sqlite"],
            "alembic and sqlalchemy",
            "roundtrip",
        ),
        (
            "calista_tools.start:main",
            ["--list"],
            "invoke, jinja2, alembic and sqlalchemy",
            "tasks",
        ),
    ],
)
def test_another_program_says_what_to_install(
    project: Path, entry: str, arguments: list[str], missing: str, extra: str
) -> None:
    done = run(project, entry, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {missing} not installed\nhint: pip install 'calista-migrations[{extra}]'\n"
    )
