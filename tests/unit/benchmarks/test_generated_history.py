from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.generated_history import main, write_project
from calista_tools.history import read_history


@pytest.mark.parametrize("revisions", [1, 2, 9, 30])
@pytest.mark.parametrize("branches", [0, 2])
def test_writes_as_many_revisions_as_asked(tmp_path: Path, revisions: int, branches: int) -> None:
    paths = write_project(tmp_path, revisions, branches=branches)

    history = read_history(tmp_path / "migrations" / "versions")
    assert len(paths) == len(history.revisions) == revisions
    assert history.problems == []
    assert len(history.heads) == len(history.bases) == 1


def test_same_seed_same_files(tmp_path: Path) -> None:
    first, second, other = (
        {path.name: path.read_bytes() for path in write_project(tmp_path / name, 40, seed=seed)}
        for name, seed in [("first", 5), ("second", 5), ("other", 6)]
    )

    assert first == second
    assert first != other


def test_children_are_named_after_their_parents(tmp_path: Path) -> None:
    write_project(tmp_path, 60, branches=3)

    revisions = read_history(tmp_path / "migrations" / "versions").revisions
    for revision in revisions.values():
        for parent in revision.down_revisions:
            assert revisions[parent].path.name[:13] < revision.path.name[:13]


def test_names_are_a_minute_apart(tmp_path: Path) -> None:
    minutes = [path.name[:13] for path in write_project(tmp_path, 60, branches=2)]

    assert all(earlier < later for earlier, later in pairwise(minutes))


def test_leaves_the_last_fork_open(tmp_path: Path) -> None:
    write_project(tmp_path, 30, seed=1, branches=1, merge_last=False)

    assert len(read_history(tmp_path / "migrations" / "versions").heads) > 1


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "p"), "--revisions", "7", "--branches", "1"]) == 0

    assert capsys.readouterr().out == f"7 revisions in {tmp_path / 'p'}\n"
    assert len(list((tmp_path / "p" / "migrations" / "versions").glob("*.py"))) == 7
