"""An application that reads where its database is when a revision first imports it gets ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]
#: Connects for good to what it found in the environment, as applications do.
APPLICATION = """
import os

from sqlalchemy import create_engine

engine = create_engine(os.environ.get("STARS_URL", "sqlite:///own.db"))
"""
ENV = """
from alembic import context
from stars import engine

with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISIONS = {
    "a1": ('op.create_table("star", sa.Column("id", sa.Integer))', 'op.drop_table("star")'),
    # Not on the run's connection; and counting on rows, so that a new database is tried as well.
    "a2": (
        (
            "from stars import engine\nwith engine.connect() as own:\n"
            '    own.execute(sa.text("SELECT max(id) FROM star"))\n'
            'op.get_bind().execute(sa.text("SELECT max(id) FROM star"))'
        ),
        "",
    ),
    "a3": ('op.add_column("star", sa.Column("n", sa.Integer))', ""),
    "a4": ("from stars import engine\nassert engine", ""),
}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_each_backend_gets_its_own_database(jobs: str, project: Write) -> None:
    ini = project(REVISIONS, env=ENV)
    (ini.parent / "stars.py").write_text(APPLICATION, encoding="utf-8")
    for name in REVISIONS:
        path = ini.parent / "migrations" / "versions" / f"{name}.py"
        path.write_text("import stars\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    command = [sys.executable, "-m", "calista_tools.roundtrip.roundtrip_cli", "--config", str(ini)]
    command += ["--url-env", "STARS_URL", "--no-cache", "--jobs", jobs, "--output-format", "json"]
    command += ["--backend", "sqlite", "--backend", "postgresql"]
    done = subprocess.run(
        command,
        cwd=ini.parent,
        env={name: value for name, value in os.environ.items() if name != "STARS_URL"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    for run in json.loads(done.stdout):
        found = {step["revision"]: step["differences"] for step in run["steps"]}
        assert found == {"a1": [], "a2": [], "a3": ["+column star.n"], "a4": []}
        assert [step["error"] for step in run["steps"] if step["revision"] != "a3"] == [None] * 3
    assert not (ini.parent / "own.db").exists()
