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
import os
from pathlib import Path
from alembic import context
from sqlalchemy import create_engine
with Path("ran.txt").open("a") as ran:
    print(os.getpid(), file=ran)
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


SQLITE = ("--roundtrip", "--roundtrip-backend", "sqlite")
Run = Callable[..., subprocess.CompletedProcess[str]]


def test_each_revision_is_a_test(run: Run) -> None:
    done = run(*SQLITE)
    assert done.returncode == 1
    assert re.findall(r"^(\S+) (PASSED|FAILED)", done.stdout, re.MULTILINE) == [
        ("test_own.py::test_own", "PASSED"),
        ("alembic.ini::sqlite[one]", "PASSED"),
        ("alembic.ini::sqlite[two]", "FAILED"),
    ]
    assert "Traceback" not in done.stdout
    assert "1 failed, 2 passed" in done.stdout
    # The first line of what is wrong is what the summary shows.
    assert "\nFAILED alembic.ini::sqlite[two] - upgrade again: OperationalError" in done.stdout
    assert "+index ix_note on note" in done.stdout
    assert f"\n{Path('migrations', 'versions', 'two.py')}:1: not proven\n" in done.stdout


def test_it_is_silent_when_not_asked_for(run: Run) -> None:
    for words in ([], ["--roundtrip-config", "nowhere.ini"], ["--roundtrip-backend", "sqlite"]):
        done = run(*words)
        assert done.returncode == 0
        assert "1 passed" in done.stdout
        assert "sqlite[" not in done.stdout


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["-k", "two"], ["sqlite[two]"]),
        (["-k", "one and sqlite"], ["sqlite[one]"]),
        (["alembic.ini::sqlite[two]"], ["sqlite[two]"]),
        (["alembic.ini"], ["sqlite[one]", "sqlite[two]"]),
        (["alembic.ini::sqlite[one]", "test_own.py"], ["test_own", "sqlite[one]"]),
        (["test_own.py"], ["test_own", "sqlite[one]", "sqlite[two]"]),
        ([".", "alembic.ini"], ["test_own", "sqlite[one]", "sqlite[two]"]),
        (["--deselect", "alembic.ini::sqlite[two]"], ["test_own", "sqlite[one]"]),
        (["--ignore", "test_own.py"], ["sqlite[one]", "sqlite[two]"]),
    ],
)
def test_it_is_chosen_from_as_any_test(words: list[str], names: list[str], run: Run) -> None:
    done = run(*SQLITE, "--collect-only", "-qq", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    done = run(*SQLITE, "--collect-only", "-qv", *words)
    assert re.findall(r"<(?:RoundTrip|Function) (\S+)>", done.stdout) == names
    assert re.search(rf"\b{len(names)}(/\d+)? tests? collected", done.stdout)


def test_what_failed_the_last_time_is_known(run: Run) -> None:
    cache = ("-p", "cacheprovider")
    run(*SQLITE, *cache)
    done = run(*SQLITE, *cache, "--last-failed")
    assert "rerun previous 1 failure" in done.stdout
    assert "1 failed" in done.stdout
    assert "passed" not in done.stdout.splitlines()[-1]


def test_several_processes_prove_a_backend_once(run: Run, tmp_path: Path) -> None:
    done = run("--roundtrip", "-n", "3")
    assert "2 failed, 3 passed" in done.stdout
    ran = (tmp_path / "ran.txt").read_text(encoding="utf-8").split()
    assert len(set(ran)) <= 2
    assert len(ran) >= 4


def test_a_project_that_is_none_is_one_line(run: Run, tmp_path: Path) -> None:
    done = run("--roundtrip", "--roundtrip-config", "nowhere.ini")
    assert done.returncode == 4
    assert "nowhere.ini (name it with --roundtrip-config" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    (tmp_path / "alembic.ini").write_text("[alembic]\n", encoding="utf-8")
    done = run("--roundtrip")
    assert done.returncode == 2
    assert "ERROR collecting alembic.ini" in done.stdout
    assert "script_location" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("several", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_a_server_that_is_not_there_is_no_failure_of_a_revision(
    several: list[str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALISTA_TEST_PG_URL", "postgresql://ada:secret@127.0.0.1:1/stars")
    done = run("--roundtrip", "--roundtrip-backend", "postgresql", *several)
    assert done.returncode == 1
    assert re.search(r"1 passed.* 2 errors", done.stdout)
    assert len(re.findall(r"^(?:error: )?cannot connect to", done.stdout, re.MULTILINE)) == 2
    assert "hint: " in done.stdout
    assert "secret" not in done.stdout + done.stderr
    assert "Traceback" not in done.stdout
