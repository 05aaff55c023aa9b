import pytest

from tests.unit.lint.project import Lint, as_history


@pytest.mark.parametrize(
    ("shape", "heads"),
    [
        ("a; b<a; c<a", 2),
        ("a; b<a; c<a; d<a", 3),
        ("a; b", 2),
        ("a; b<a; c<a; d<b,c; e<a", 2),
        ("a; b<a; c<b; d<a; e<d", 2),
        ("a; b<a; c<lost", 2),
    ],
)
def test_reports(shape: str, heads: int, lint: Lint) -> None:
    found = lint("CAL401", as_history(shape))
    assert len(found) == heads
    assert all(f"one of {heads} heads" in one.finding.message for one in found)


@pytest.mark.parametrize(
    "shape",
    ["a", "a; b<a", "a; b<a; c<b", "a; b<a; c<a; d<b,c", "a; b; c<a,b", "a<b; b<a", "a<lost"],
)
def test_leaves_alone(shape: str, lint: Lint) -> None:
    assert lint("CAL401", as_history(shape)) == []


def test_a_doubled_id_is_no_second_head(lint: Lint) -> None:
    assert lint("CAL401", as_history("a; b<a; b<a")) == []
