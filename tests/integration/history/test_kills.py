"""A kill at any moment leaves the old state or the new one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.generated_history import write_project

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills are made in forks")

PROGRAM = r"""
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
from killer import kill_everywhere
{imports}

kills, wrong = kill_everywhere(Path({project!r}), Path({scratch!r}), lambda folder: {call}{look})
print(f"\n{{kills}} kill points")
print("wrong:", *wrong, sep="\n")
"""


def kills(tmp_path: Path, imports: str, call: str, look: str = "") -> tuple[int, list[str]]:
    """Run the killer in a process of its own, which may fork freely."""
    (tmp_path / "scratch").mkdir()
    program = PROGRAM.format(
        here=str(Path(__file__).parent),
        imports=imports,
        project=str(tmp_path / "project"),
        scratch=str(tmp_path / "scratch"),
        call=call,
        look=look,
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    counted, _, wrong = done.stdout.partition(" kill points\nwrong:\n")
    number = int(counted.rpartition("\n")[2])
    print(f"{number} kill points")
    return number, wrong.splitlines()


def test_lock(tmp_path: Path) -> None:
    write_project(tmp_path / "project", 4)

    number, wrong = kills(tmp_path, "from calista_tools.rework.commands import record", "record()")

    assert wrong == []
    assert number >= 2  # the file beside it, and its change of places


@pytest.mark.parametrize("published", [pytest.param(False, marks=pytest.mark.slow), True])
def test_rebase(tmp_path: Path, published: bool) -> None:
    write_project(tmp_path / "project", 12, seed=1, branches=1, merge_last=False)
    if published:
        from calista_tools.history import read_history
        from calista_tools.history.lock import lock

        history = read_history(tmp_path / "project" / "migrations" / "versions")
        lock(history, tmp_path / "project/migrations/history.lock", through=history.heads[0])

    number, wrong = kills(tmp_path, "from calista_tools.rework.commands import rebase", "rebase()")

    assert wrong == []
    assert number > 30


@pytest.mark.parametrize(
    "lock_file",
    ["migrations/history.lock", pytest.param("published.lock", marks=pytest.mark.slow)],
)
def test_squash(tmp_path: Path, lock_file: str) -> None:
    """The steps before the files change only write to scratch folders; the last one is killed."""
    write_project(tmp_path / "project", 8)
    path = tmp_path / "project" / "pyproject.toml"
    settings = path.read_text().replace(', "postgresql"]', "]")
    path.write_text(f'{settings}lock-file = "{lock_file}"\n')
    elsewhere = lock_file == "published.lock"

    number, wrong = kills(
        tmp_path,
        f"""
from calista_tools.config import load
from calista_tools.rework.commands import apply_changes, record
from calista_tools.history.project_history import read_project
from calista_tools.rework.squash import find_chain, squash
import os
os.chdir({str(tmp_path / "project")!r})
record()
config = load()
history = read_project(config)
chain = find_chain(history, history.ordered[5].revision)
made = squash(config, history, chain, "baseline", release="1")
def run(folder):
    apply_changes(load(), {{folder / p.relative_to(config.root): c for p, c in made.items()}})
""",
        "run(folder)",
        ", look=lambda _: read_project(load())" if elsewhere else "",
    )

    assert wrong == []
    assert number > 30
