from collections.abc import Callable
from pathlib import Path

import pytest

from calista_tools.lint.cli import main

#: Exit code, stdout, stderr of `calista-lint` with these arguments.
Run = Callable[..., tuple[int, str, str]]

STRICT = '[tool.calista]\npolicy = "calista"\n'
FIRST = """\
revision = "a1"
down_revision = None


def upgrade():
    pass
"""
SECOND = """\
import sqlalchemy as sa
from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.create_table("tag", sa.Column("name", sa.Text(), nullable=False))


def downgrade():
    op.drop_table("tag")
"""


@pytest.fixture
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of caches, nothing in it."""
    folder = tmp_path_factory.mktemp("caches")
    monkeypatch.setenv("CALISTA_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> Path:
    """A folder with a clean history of two revisions and the strict policy, as the working folder."""
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "migrations" / "env.py").touch()
    (tmp_path / "pyproject.toml").write_text(STRICT)
    (versions / "20250826_1030_create_stream.py").write_text(FIRST)
    (versions / "20250826_1031_create_tag.py").write_text(SECOND)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def calista_lint(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def unpublished(project: Path) -> Path:
    """The same project, of which a lock file says that all is new; no metadata says otherwise."""
    (project / "migrations" / "history.lock").touch()
    (project / "migrations" / "env.py").unlink()
    return project
