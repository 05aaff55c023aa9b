"""Which revisions a new one follows, and which minute it is dated by."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from calista_tools.authoring.parents import choose_parents, next_stamp
from calista_tools.errors import ToolError
from calista_tools.history import History, Problem, Revision

NOW = datetime(2026, 3, 1, 12, 30, 59, tzinfo=UTC)


def revision(id_: str, *parents: str, name: str = "", labels: tuple[str, ...] = ()) -> Revision:
    return Revision(name or f"{id_}.py", id_, down_revisions=parents, branch_labels=labels)


CHAIN = History([revision("aaa1"), revision("aaa2", "aaa1")])
FORK = History([*CHAIN.revisions.values(), revision("bbb2", "aaa1", labels=("store",))])
SPLIT = History([*CHAIN.revisions.values(), revision("bbb2", "aaa1")])
PLUGIN = History(
    [
        revision("core1", labels=("core",)),
        revision("core2", "core1"),
        revision("plug1", labels=("plugin",)),
        revision("plug2", "plug1"),
    ]
)


def test_the_head_is_the_parent() -> None:
    assert [parent.revision for parent in choose_parents(CHAIN, None)] == ["aaa2"]


def test_the_first_revision_has_no_parent() -> None:
    assert choose_parents(History([]), None) == ()


@pytest.mark.parametrize(("head", "parent"), [("aaa2", "aaa2"), ("bb", "bbb2"), ("store", "bbb2")])
def test_a_head_is_named_by_id_beginning_or_label(head: str, parent: str) -> None:
    assert [parent.revision for parent in choose_parents(FORK, head)] == [parent]


@pytest.mark.parametrize(
    ("head", "parent"),
    [
        ("core", "core2"),
        ("core@head", "core2"),
        ("core@heads", "core2"),
        ("plugin", "plug2"),
        ("plugin@head", "plug2"),
        ("plug1@head", "plug2"),
        ("plug1+1", "plug2"),
        ("core@base+2", "core2"),
        ("core2", "core2"),
    ],
)
def test_a_label_comes_before_ids_that_begin_like_it(head: str, parent: str) -> None:
    assert [parent.revision for parent in choose_parents(PLUGIN, head)] == [parent]


@pytest.mark.parametrize(
    ("history", "head", "message", "hint"),
    [
        (SPLIT, None, r"2 heads: aaa2 \(aaa2\.py\), bbb2 \(bbb2\.py\)", "rebase.*merge.*--head"),
        (PLUGIN, None, "2 heads: core2", "^choose one with --head, such as --head core@head$"),
        (PLUGIN, "core@head-1", "not a head: core2 already follows it", "--splice --head core1"),
        (PLUGIN, "core@base", "not a head: core2 already follows it", "--splice --head core1"),
        (PLUGIN, "other@head", "'other@head' is no revision", r"heads: core2 \(core\), plug2 "),
        (CHAIN, "zzz", "'zzz' is no revision", "heads: aaa2"),
        (CHAIN, "", "'' is no revision", "heads: aaa2"),
        (FORK, "aaa", "ambiguous: aaa1, aaa2", "more of the id"),
        (CHAIN, "aaa1", "not a head: aaa2 already follows it", "--splice --head aaa1"),
        (History([revision("a", "b"), revision("b", "a")]), None, "comes after itself", "repair"),
        (
            History([], [Problem("unreadable", Path("x.py"), "cannot be parsed", 3)]),
            None,
            "x.py:3: cannot be parsed",
            "repair or move",
        ),
    ],
)
def test_errors_say_what_to_do(history: History, head: str | None, message: str, hint: str) -> None:
    with pytest.raises(ToolError, match=message) as caught:
        choose_parents(history, head)

    assert re.search(hint, caught.value.hint)


@pytest.mark.parametrize(
    ("parents", "stamp"),
    [
        ([], "2026-03-01 12:30"),
        (["20260301_1229_a.py"], "2026-03-01 12:30"),
        (["20260301_1230_a.py"], "2026-03-01 12:31"),
        (["20260301_1230_a.py", "20300101_2359_b.py"], "2030-01-02 00:00"),
        (["20261345_0000_a.py"], "2026-03-01 12:30"),
        (["ae1027a6acf_old_style.py"], "2026-03-01 12:30"),
    ],
)
def test_a_child_is_dated_after_its_parents(parents: list[str], stamp: str) -> None:
    given = [revision(str(number), name=name) for number, name in enumerate(parents)]
    assert f"{next_stamp(given, NOW):%Y-%m-%d %H:%M}" == stamp


def test_nothing_is_dated_after_the_last_minute() -> None:
    with pytest.raises(ToolError, match="nothing can be dated after it"):
        next_stamp([revision("a", name="99991231_2359_a.py")], NOW)
