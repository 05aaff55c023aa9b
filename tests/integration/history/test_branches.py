"""Branches that are there on purpose: labelled bases of plug-ins, and revisions of other packages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from calista_tools.config import load
from calista_tools.environment.databases import move, show_current, show_sql
from calista_tools.errors import ToolError
from calista_tools.lint.cli import main as lint
from calista_tools.rework.commands import (
    merge,
    rebase,
    record,
    show,
    squash,
    undo_squash,
    verify,
)
from calista_tools.roundtrip.roundtrip_cli import main as roundtrip
from tests.integration.history.conftest import Project


def labelled(path: Path, *labels: str, depends: tuple[str, ...] = ()) -> Path:
    """Give a revision branch labels and dependencies."""
    said = f"branch_labels = {labels or None!r}\ndepends_on = {depends or None!r}\ndown_revision ="
    path.write_text(path.read_text().replace("down_revision =", said, 1))
    return path


@pytest.fixture
def plugin(project: Project) -> Project:
    """The core a, b, and beside it the plug-in p, q, labelled, with a base of its own."""
    labelled(project.add("0002", "p"), "plugin")
    project.add("0003", "q", "p")
    return project


def findings(capsys: pytest.CaptureFixture[str], *codes: str) -> list[str]:
    capsys.readouterr()
    lint(["--select", ",".join(codes or ("CAL4",)), "--output-format", "json", "--no-cache"])
    return [item["code"] for item in json.loads(capsys.readouterr().out)]


def external(project: Project, *patterns: str) -> None:
    (project.root / "pyproject.toml").write_text(
        f"[tool.calista]\nexternal-revisions = {list(patterns)!r}\n"
    )


def test_rebase_leaves_a_labelled_base_alone(
    plugin: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    before = plugin.contents()
    rebase()
    assert plugin.contents() == before
    assert capsys.readouterr() == (
        "",
        "the heads are branches of their own: b, q (plugin); nothing moved\n",
    )
    rebase("b")
    rebase("q")
    assert plugin.contents() == before


def test_rebase_within_the_core_and_within_the_plug_in(plugin: Project) -> None:
    plugin.add("0004", "c", "b")
    plugin.add("0005", "d", "b")
    rebase()
    history = plugin.history()
    assert (history.parents["d"], history.parents["p"]) == (("c",), ())
    assert set(history.heads) == {"d", "q"}

    plugin.add("0006", "r", "q")
    plugin.add("0007", "s", "q")
    rebase()
    history = plugin.history()
    assert (history.parents["s"], history.heads) == (("r",), ("d", "s"))


def test_rebase_does_not_join_two_bases_unasked(project: Project) -> None:
    project.add("0002", "p")
    before = project.contents()
    with pytest.raises(ToolError, match="b and p have different bases") as refused:
        rebase()
    assert "--onto" in refused.value.hint
    assert "branch_labels" in refused.value.hint
    assert project.contents() == before
    rebase("b")
    assert project.history().parents["p"] == ("b",)


def test_rebase_onto_a_label_is_onto_its_head(plugin: Project) -> None:
    plugin.add("0006", "r", "q")
    plugin.add("0007", "s", "q")
    with pytest.raises(ToolError, match="means several revisions: r, s"):
        rebase("plugin@head")
    rebase("s")
    assert plugin.history().parents["r"] == ("s",)


def test_published_plug_in_does_not_hinder(plugin: Project) -> None:
    record()
    plugin.add("0004", "c", "b")
    plugin.add("0005", "d", "b")
    rebase()
    assert set(plugin.history().heads) == {"d", "q"}


def test_lock_takes_branches_that_are_there_on_purpose(
    plugin: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    record()
    assert plugin.history().published == {"a", "b", "p", "q"}
    verify()
    labelled(plugin.add("0008", "z"), "third")
    assert findings(capsys) == []
    record()
    verify()
    assert findings(capsys) == []
    text = (plugin.root / "migrations" / "history.lock").read_text()
    assert [line for line in text.splitlines() if line.startswith("baseline ")] == [
        "baseline a",
        "baseline p",
        "baseline z",
    ]


def test_lock_refuses_a_fork_beside_them(plugin: Project) -> None:
    plugin.add("0004", "r", "p")
    with pytest.raises(ToolError, match="several heads: q, r"):
        record()


def test_lock_takes_a_head_that_another_branch_depends_on(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.add("0002", "c", "a")
    labelled(project.add("0003", "d", "c"), depends=("b",))
    assert findings(capsys, "CAL401") == []
    record()
    verify()


def test_labels_in_a_fork_are_branches(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled(project.add("0002", "x", "b"), "left")
    labelled(project.add("0003", "y", "b"), "right")
    assert findings(capsys) == []
    record()
    before = project.contents()
    rebase()
    assert project.contents() == before


def test_findings_name_only_what_is_no_branch(
    plugin: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert findings(capsys) == []
    plugin.add("0004", "r", "p")
    assert findings(capsys) == ["CAL401", "CAL401"]
    (plugin.versions / "20240101_0004_r.py").unlink()
    plugin.add("0005", "z")
    assert findings(capsys) == ["CAL403", "CAL401", "CAL401"] or sorted(findings(capsys)) == [
        "CAL401",
        "CAL401",
        "CAL403",
    ]


def test_merge_joins_no_branches_that_are_there_on_purpose(plugin: Project) -> None:
    with pytest.raises(ToolError, match="there is nothing to merge"):
        merge("all of it")
    plugin.add("0004", "r", "p")
    merge("one plug-in")
    history = plugin.history()
    (made,) = set(history.heads) - {"b"}
    assert sorted(history.parents[made]) == ["q", "r"]


@pytest.mark.parametrize("pattern", ["core1", "core*"])
def test_revisions_of_another_package(
    project: Project, capsys: pytest.CaptureFixture[str], pattern: str
) -> None:
    labelled(project.add("0002", "c", "b"), depends=("core1",))
    with pytest.raises(ToolError) as refused:
        record()
    assert "unknown depends_on 'core1'" in refused.value.message
    assert "`external-revisions` of [tool.calista]" in str(refused.value.message)
    with pytest.raises(ToolError, match="external-revisions"):
        rebase()

    external(project, pattern)

    assert findings(capsys) == []
    record()
    verify()
    show("text")
    assert "depends on core1" in capsys.readouterr().out
    rebase()
    assert capsys.readouterr().err == "there is one head already; nothing moved\n"


def test_a_history_that_starts_after_another_package(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project.versions / "20240101_0000_a.py"
    path.write_text(path.read_text().replace("down_revision = None", "down_revision = 'core9'"))
    assert findings(capsys) == ["CAL404"]
    external(project, "core9")
    assert findings(capsys) == []
    record()
    verify()
    project.add("0004", "c", "b")
    project.add("0005", "d", "b")
    rebase()
    assert project.history().heads == ("d",)
    record()
    verify()


def test_external_does_not_excuse_other_names(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    external(project, "core*")
    project.add("0002", "c", "nowhere")
    assert findings(capsys, "CAL404") == ["CAL404"]


def test_the_configuration_of_external_revisions(project: Project) -> None:
    external(project, "core*", "0123abc")
    assert load(project.root).external_revisions == ("core*", "0123abc")


def test_a_doubled_id_is_no_baseline(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.add("0003", "c", "b")
    project.add("0004", "c", "b")
    show("text")
    drawn = capsys.readouterr().out
    assert drawn.count("(baseline)") == 1
    assert "c  schema   both        c  (head)\n" in drawn
    show("json")
    told = {row["revision"]: row for row in json.loads(capsys.readouterr().out)}
    assert [name for name, row in told.items() if row["baseline"]] == ["a"]


def test_a_parent_in_another_package_is_dated_nowhere(project: Project) -> None:
    path = project.versions / "20240101_0000_a.py"
    path.write_text(path.read_text().replace("down_revision = None", "down_revision = 'core9'"))
    external(project, "core9")
    project.add("0004", "c", "b")
    project.add("0005", "d", "b")
    rebase()
    assert project.history().parents["d"] == ("c",)


def test_a_squash_leaves_the_plug_in_alone(plugin: Project) -> None:
    config = plugin.root / "pyproject.toml"
    config.write_text('[tool.calista]\ndialects = ["sqlite"]\n')
    env = plugin.root / "migrations" / "env.py"
    env.write_text(
        env.read_text().replace(
            "connection=connection", "connection=connection, render_as_batch=True"
        )
    )
    record()
    before = plugin.contents()
    squash("core in one", "b")
    history = plugin.history()
    assert {name: history.parents[name] for name in history.revisions} == {
        "b": (),
        "p": (),
        "q": ("p",),
    }
    verify()
    undo_squash()
    assert plugin.contents() == before
    verify()


def test_no_squash_from_another_packages_revision(project: Project) -> None:
    path = project.versions / "20240101_0000_a.py"
    path.write_text(path.read_text().replace("down_revision = None", "down_revision = 'core9'"))
    external(project, "core9")
    with pytest.raises(
        ToolError, match=r"a \(20240101_0000_a.py\) follows core9 of another package"
    ):
        squash("all of it", "b")


def test_the_kept_answer_knows_the_key(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled(project.add("0002", "c", "b"), depends=("core1",))
    assert lint(["--select", "CAL4"]) == 1
    external(project, "core1")
    assert lint(["--select", "CAL4"]) == 0
    external(project, "core2")
    assert lint(["--select", "CAL4"]) == 1
    assert "external-revisions" in capsys.readouterr().out


@pytest.fixture
def follower(project: Project) -> Project:
    """The project, where b depends on another package's revision and c follows one, too."""
    env = project.root / "migrations" / "env.py"
    batch = "connection=connection, render_as_batch=True"
    env.write_text(env.read_text().replace("connection=connection", batch))
    project.add("0002", "c", "b", "core2")
    for path in project.versions.glob("*.py"):
        name = path.stem[-1]
        path.write_text(path.read_text().replace("    pass", f'    op.drop_table("{name}")'))
    labelled(project.versions / "20240101_0001_b.py", depends=("core1",))
    return project


def configure(project: Project, *lines: str) -> None:
    text = "\n".join(["[tool.calista]", 'dialects = ["sqlite"]', *lines, ""])
    (project.root / "pyproject.toml").write_text(text)


def test_alembic_runs_what_follows_another_package(
    follower: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{follower.root / 'test.db'}"
    configure(follower)
    assert roundtrip(["--no-cache"]) == 2
    with pytest.raises(ToolError):
        move("upgrade", [], default="heads", url=url)
    assert "external-revisions" in capsys.readouterr().err

    configure(follower, 'external-revisions = ["core1", "core2"]')

    assert roundtrip(["--no-cache"]) == 0
    assert "3 revisions, 3 proven" in capsys.readouterr().out
    move("upgrade", [], default="heads", url=url)
    show_current(url)
    assert capsys.readouterr().out == "c (head)\n"
    show_sql(["c"], dialect="sqlite", downgrade=False)
    assert "CREATE TABLE c" in capsys.readouterr().out


def test_another_package_that_is_in_reach_is_not_left_out(
    follower: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(follower, 'external-revisions = ["core*"]')
    follower.add("0000", "core1")
    follower.add("0001", "core2", "core1")
    for path in follower.versions.glob("*core?.py"):
        path.write_text(
            path.read_text().replace("    pass", f'    op.drop_table("{path.stem[14:]}")')
        )
    assert roundtrip(["--no-cache", "--output-format", "json"]) == 0
    steps = [step["revision"] for step in json.loads(capsys.readouterr().out)["steps"]]
    assert sorted(steps) == ["a", "b", "c", "core1", "core2"]
    assert steps.index("core1") < steps.index("b")
    assert steps.index("core2") < steps.index("c")
