"""``pytest --roundtrip`` in a project of its own, as a process."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest

CREATE = 'op.create_table("note", sa.Column("id", sa.Integer, primary_key=True))'
REVISION = '''"""{0}"""
import sqlalchemy as sa
from alembic import op
revision = "{0}"
down_revision = {1!r}
def upgrade():
    {2}
def downgrade():
    {3}
'''
ENV = """
from alembic import context
from sqlalchemy import create_engine
with create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    (tmp_path / "migrations" / "env.py").write_text(ENV)
    (versions / "one.py").write_text(REVISION.format("one", None, CREATE, 'op.drop_table("note")'))
    index = 'op.create_index("ix_note", "note", ["id"])'
    (versions / "two.py").write_text(REVISION.format("two", "one", index, "pass"))
    (tmp_path / "test_own.py").write_text("def test_own():\n    pass\n")
    registered = any(item.name == "calista-roundtrip" for item in entry_points(group="pytest11"))
    plugin = [] if registered else ["-p", "calista_tools.roundtrip.plugin"]

    def started(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", *plugin]
        return subprocess.run(
            [*command, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return started


def test_each_revision_is_a_test(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = run("--roundtrip", "--roundtrip-backend", "sqlite")
    assert done.returncode == 1
    assert re.search(r"sqlite\[one\] PASSED", done.stdout)
    assert re.search(r"sqlite\[two\] FAILED", done.stdout)
    assert "+index ix_note on note" in done.stdout
    assert "Traceback" not in done.stdout
    assert "1 failed, 2 passed" in done.stdout


def test_it_is_silent_when_not_asked_for(
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = run()
    assert done.returncode == 0
    assert "1 passed" in done.stdout
    assert "sqlite[" not in done.stdout


def test_a_project_that_is_none_is_one_line(
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = run("--roundtrip", "--roundtrip-config", "nowhere.ini")
    assert done.returncode == 4
    assert "nowhere.ini does not exist" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
