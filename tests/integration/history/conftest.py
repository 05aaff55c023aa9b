"""Scratch projects whose revisions have ids of one letter."""

import os
import subprocess
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from calista_tools.config import load
from calista_tools.history import History
from calista_tools.history.project_history import read_project

SOURCE = '''"""{name}

Revision ID: {name}
Revises: {revises}
Create Date: 2024-01-01 {hour}:{minute}:00+00:00
"""
from alembic import op
import sqlalchemy as sa

revision = "{name}"
down_revision = {parents!r}


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    pass
'''
ENV = """
import sqlalchemy as sa
from alembic import context

engine = sa.create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


class Project:
    """A scratch project, with git or without."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.versions = root / "migrations" / "versions"
        self.versions.mkdir(parents=True)
        (root / "pyproject.toml").write_text("[tool.calista]\n")
        (root / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
        (root / "migrations" / "env.py").write_text(ENV)
        (root / ".gitignore").write_text("__pycache__/\n*.db\n")

    def add(self, time: str, name: str, *parents: str, table: str | None = None) -> Path:
        """Write a revision dated 2024-01-01 at ``time``, which creates a table."""
        down = parents if len(parents) > 1 else parents[0] if parents else None
        made = f'op.create_table("{table or name}", sa.Column("id", sa.Integer()))'
        path = self.versions / f"20240101_{time}_{name}.py"
        path.write_text(
            SOURCE.format(
                name=name,
                revises=", ".join(parents),
                parents=down,
                hour=time[:2],
                minute=time[2:],
                upgrade="pass" if table == "" else made,
            )
        )
        return path

    def git(self, *arguments: str, check: bool = True) -> str:
        """Run git and return its output."""
        done = subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@x", *arguments],
            cwd=self.root,
            env={**os.environ, "GIT_EDITOR": "true"},
            capture_output=True,
            text=True,
            check=check,
        )
        return done.stdout

    def commit(self, message: str) -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", message)

    def history(self) -> History:
        """Read it."""
        return read_project(load(self.root), thorough=True)

    def names(self) -> list[str]:
        """Return the revision files' names."""
        return sorted(path.name for path in self.versions.glob("*.py"))

    def contents(self) -> dict[str, bytes]:
        """Return every file under ``migrations/``."""
        files = sorted(path for path in self.versions.parent.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files if path.suffix != ".pyc"}

    def upgrades(self) -> None:
        """Let Alembic go from nothing to the head."""
        config = Config(str(self.root / "alembic.ini"))
        config.set_main_option("sqlalchemy.url", f"sqlite:///{self.root / 'test.db'}")
        command.upgrade(config, "head")

    def assert_line(self, expected: str) -> None:
        """Assert that the history is one line of these ids, in the order of the files."""
        line = self.history().line
        assert line is not None
        assert "".join(revision.revision for revision in line) == expected
        assert [r.path.name for r in line] == self.names()
        self.upgrades()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Revisions a, b with two unpublished branches on b: c, d (older) and x, y."""
    made = Project(tmp_path)
    monkeypatch.chdir(tmp_path)
    made.add("0000", "a")
    made.add("0001", "b", "a")
    return made


@pytest.fixture
def repository(project: Project) -> Project:
    """Main has c, d on b; the branch ``feature`` has x, y, which are older."""
    project.git("init", "--quiet", "--initial-branch", "main")
    project.commit("start")
    project.git("switch", "--quiet", "-c", "feature")
    project.add("0002", "x", "b")
    project.commit("x")
    project.add("0003", "y", "x")
    project.commit("y")
    project.git("switch", "--quiet", "main")
    project.add("0004", "c", "b")
    project.add("0006", "d", "c")
    project.commit("c d")
    return project
