"""The schema before each revision, through branches and merges."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from calista_tools.effects.schema import Change, Schema, apply, walk


def creates(table: str) -> list[Change]:
    return [Change("create_table", table)]


def tables_before(parents: dict[str, Sequence[str]]) -> dict[str, set[str]]:
    found = {}
    for revision, schema in walk(parents, creates, "sqlite"):
        found[revision] = set(schema.tables)
    return found


def test_a_line() -> None:
    assert tables_before({"c": ["b"], "a": [], "b": ["a"]}) == {
        "a": set(),
        "b": {"a"},
        "c": {"a", "b"},
    }


def test_a_branch_does_not_see_the_other_and_the_merge_sees_both() -> None:
    found = tables_before(
        {"a": [], "b": ["a"], "c": ["a"], "d": ["c"], "m": ["b", "d"], "z": ["m"]}
    )
    assert found["b"] == {"a"}
    assert found["d"] == {"a", "c"}
    assert found["m"] == {"a", "b", "c", "d"}
    assert found["z"] == {"a", "b", "c", "d", "m"}


def test_cycles_and_unknown_parents_are_left_out_or_ignored() -> None:
    assert tables_before({"a": ["b"], "b": ["a"], "c": ["nowhere"]}) == {"c": set()}


@given(st.lists(st.sets(st.integers(0, 20), max_size=3), max_size=20))
def test_before_a_revision_stand_its_ancestors(graph: list[set[int]]) -> None:
    parents: dict[str, Sequence[str]] = {
        str(index): [str(parent) for parent in sorted(of) if parent < index]
        for index, of in enumerate(graph)
    }
    ancestors: dict[str, set[str]] = {}
    for revision, of in parents.items():
        ancestors[revision] = set(of).union(*(ancestors[parent] for parent in of))
    assert tables_before(parents) == ancestors


def test_tell_hears_each_revision_once() -> None:
    heard: list[str] = []
    parents: dict[str, Sequence[str]] = {"a": [], "b": ["a"], "c": ["a"], "m": ["b", "c"]}
    steps = walk(parents, creates, "sqlite", lambda event: heard.append(event.table))
    assert [revision for revision, _ in steps] == ["a", "b", "c", "m"]
    assert heard == ["a", "b", "c", "m"]


def test_copies_do_not_share_changes() -> None:
    one = Schema("sqlite")
    apply(one, creates("a"))
    other = one.copy()
    apply(other, [Change("drop_table", "a")])
    assert set(one.tables) == {"a"}
    assert not other.tables


def test_what_an_unknown_parent_did_is_not_known() -> None:
    parents: dict[str, Sequence[str]] = {"a": [], "b": ["a"], "c": ["nowhere"], "d": ["c"]}
    clear = {revision: schema.clear for revision, schema in walk(parents, creates, "sqlite")}
    assert clear == {"a": True, "b": True, "c": False, "d": False}
