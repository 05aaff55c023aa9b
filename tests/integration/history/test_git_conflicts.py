"""Both branches published, or changed one file: git stops, and so do the tasks, with a way out."""

import re
from collections.abc import Callable
from functools import partial

import pytest

from calista_tools.errors import ToolError
from calista_tools.rework.commands import merge, rebase, record, verify
from tests.integration.history.conftest import Project

LOCK = "migrations/history.lock"


@pytest.fixture
def published(project: Project) -> Project:
    """Main published c after b, ``feature`` published x after b."""
    project.git("init", "--quiet", "--initial-branch", "main")
    record()
    project.commit("start")
    for name, id_ in (("feature", "x"), ("main", "c")):
        project.git("switch", "--quiet", "main")
        if name != "main":
            project.git("switch", "--quiet", "-c", name)
        project.add("0004" if id_ == "c" else "0002", id_, "b")
        record()
        project.commit(f"publish {id_}")
    project.git("switch", "--quiet", "feature")
    return project


def resolve(project: Project) -> None:
    """Do what the header of the lock file says: keep the lines of both, without the marks."""
    path = project.root / LOCK
    path.write_text(re.sub(r"(?m)^([<>|]{7} .*|=======)\n", "", path.read_text()))


@pytest.mark.parametrize("style", ["merge", "diff3"])
@pytest.mark.parametrize("operation", ["merge", "rebase", "cherry-pick"])
def test_two_published_branches(
    published: Project, operation: str, style: str, capsys: pytest.CaptureFixture[str]
) -> None:
    published.git("-c", f"merge.conflictStyle={style}", operation, "main", check=False)
    assert f"UU {LOCK}" in published.git("status", "--short")
    before = published.contents()
    capsys.readouterr()

    with pytest.raises(ToolError, match=f"{LOCK} is damaged"):
        verify()
    out = capsys.readouterr().out
    assert re.match(rf"{LOCK}:\d+: CAL402 a merge conflict is not resolved", out)
    assert "`calista-migrations merge -m MESSAGE` and `calista-migrations lock`" in out
    tasks: list[Callable[[], None]] = [rebase, record, partial(merge, "join")]
    for refused in tasks:
        with pytest.raises(ToolError, match="a merge conflict is not resolved"):
            refused()
    assert published.contents() == before

    resolve(published)
    with pytest.raises(ToolError, match="several branches are published: ") as caught:
        rebase()
    assert "merge -m MESSAGE" in caught.value.hint
    merge("join both")
    record()
    verify()
    published.git("add", "--all")
    going_on = ["commit", "--no-edit"] if operation == "merge" else [operation, "--continue"]
    published.git(*going_on)

    assert published.git("status", "--short") == ""
    history = published.history()
    assert set(history.revisions[history.heads[0]].down_revisions) == {"c", "x"}
    assert len(history.published) == 5
    published.upgrades()


@pytest.mark.parametrize("operation", ["merge", "rebase"])
def test_conflict_in_an_unpublished_revision(repository: Project, operation: str) -> None:
    for name, table in (("feature", "of_feature"), ("main", "of_main")):
        repository.git("switch", "--quiet", name)
        repository.add("0001", "b", "a", table=table)
        repository.commit(f"{table}")
    repository.git("switch", "--quiet", "feature")
    repository.git(operation, "main", check=False)
    assert "20240101_0001_b.py" in repository.git("status", "--short")
    before = repository.contents()

    with pytest.raises(ToolError, match=r"20240101_0001_b\.py:\d+: cannot be parsed"):
        rebase()
    assert repository.contents() == before

    repository.add("0001", "b", "a", table="of_both")
    rebase()
    history = repository.history()
    assert len(history.heads) == 1
    repository.upgrades()
    repository.git("add", "--all")
    going_on = ["commit", "--no-edit"] if operation == "merge" else ["rebase", "--continue"]
    repository.git(*going_on)
    assert repository.git("status", "--short") == ""


def test_one_side_published_while_the_other_waits(repository: Project) -> None:
    """The published side stays, whichever side git calls ours; its lock file merges by itself."""
    record_on(repository, "main")
    repository.git("switch", "--quiet", "feature")
    repository.git("merge", "--no-commit", "main", check=False)

    rebase()

    repository.assert_line("abcdxy")
    verify()
    repository.git("commit", "--quiet", "--no-edit")
    assert repository.git("status", "--short") == ""


def record_on(project: Project, branch: str) -> None:
    """Publish what a branch holds."""
    project.git("switch", "--quiet", branch)
    record()
    project.commit("publish")
