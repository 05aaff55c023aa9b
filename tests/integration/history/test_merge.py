from pathlib import Path

import pytest

from benchmarks.generated_history import write_project
from calista_tools.config import load
from calista_tools.errors import ToolError
from calista_tools.history.project_history import read_project
from calista_tools.rework.commands import merge, record


def test_joins_all_heads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_project(tmp_path, 20, seed=1, branches=1, merge_last=False)
    monkeypatch.chdir(tmp_path)
    before = read_project(load())
    assert len(before.heads) > 1

    merge("join the branches")

    path = Path(capsys.readouterr().out.strip())
    history = read_project(load(), thorough=True)
    assert path.name.endswith("_join_the_branches.py")
    assert history.problems == []
    assert set(history.revisions[history.heads[0]].down_revisions) == set(before.heads)
    assert "sqlalchemy" not in path.read_text()
    record()
    assert len(read_project(load()).published) == 21 or len(history.revisions) == len(
        read_project(load()).published
    )


def test_one_head_is_nothing_to_merge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(tmp_path, 3)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ToolError, match="nothing to merge: the only head is"):
        merge("join")

    assert len(read_project(load()).revisions) == 3
