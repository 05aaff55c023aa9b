"""A long history is checked in two processes; the answer is that of one."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.generated_history import write_project

LINT = """\
import sys
from calista_tools.lint import parallel, whole_history
from calista_tools.lint.cli import main
mode = sys.argv[1]
if mode == "one":
    whole_history.available = lambda: False
else:
    whole_history.available = lambda: True
if mode == "lost":
    real = parallel.Peer.exchange
    def exchange(self, value):
        if self.number == 1 and self.__dict__.setdefault("n", 0) == 1:
            import os
            os._exit(9)
        self.__dict__["n"] = self.__dict__.get("n", 0) + 1
        return real(self, value)
    parallel.Peer.exchange = exchange
sys.exit(main(["--no-cache", "--output-format", "concise"]))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred revisions with branches, a tenth of them spoiled in one way or another."""
    folder = tmp_path_factory.mktemp("long")
    write_project(folder, 200, branches=3)
    for number, path in enumerate(sorted((folder / "migrations" / "versions").glob("*.py"))):
        text = path.read_text()
        if number % 10 == 3:
            text = text.replace('"ix_', '"idx_').replace('"uq_', '"unique_')
        elif number % 10 == 7:
            text = text.replace("op.create_table", "op.drop_table", 1)
        elif number % 50 == 19:
            text = text.replace("def upgrade", "def upgrade(:\n")
        path.write_text(text)
    return folder


def run(project: Path, mode: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", LINT, mode], cwd=project, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "")
    return done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_two_processes_find_what_one_finds(project: Path) -> None:
    alone = run(project, "one")
    assert alone.count("CAL") > 20
    assert run(project, "two") == alone


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_process_that_dies_loses_nothing(project: Path) -> None:
    assert run(project, "lost") == run(project, "one")
