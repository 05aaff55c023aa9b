import pytest

from tests.unit.lint.project import Lint, as_history


@pytest.mark.parametrize(
    ("shape", "pinned", "words"),
    [
        ("a; b", "", ["b_11.py: a second baseline"]),
        ("a; b; c", "", ["b_11.py: a second baseline", "c_12.py: a second baseline"]),
        ("a; b; c<a,b", "", ["b_11.py: a second baseline"]),
        ("a; b<a", "b", ["b_11.py: the pinned baseline has a parent", "a_10.py: a second"]),
        ("a; b<a", "gone", ["a_10.py: the history starts here"]),
        ("a; b; c<b", "b", ["a_10.py: a second baseline"]),
    ],
)
def test_reports(shape: str, pinned: str, words: list[str], lint: Lint) -> None:
    configuration = f'baseline = "{pinned}"' if pinned else ""
    found = lint("CAL403", as_history(shape), configuration)
    said = [f"{one.path.name}: {one.finding.message}" for one in found]
    assert len(said) == len(words)
    assert all(any(part in line for line in said) for part in words)


@pytest.mark.parametrize(
    ("shape", "pinned"),
    [
        ("a", ""),
        ("a", "a"),
        ("a; b<a", "a"),
        ("a; b<a; c<a; d<b,c", ""),
        ("a; b<a; c<lost", ""),
        ("a<b; b<a", ""),
    ],
)
def test_leaves_alone(shape: str, pinned: str, lint: Lint) -> None:
    configuration = f'baseline = "{pinned}"' if pinned else ""
    assert lint("CAL403", as_history(shape), configuration) == []


def test_a_doubled_id_is_no_second_baseline(lint: Lint) -> None:
    assert lint("CAL403", as_history("a; b<a; b<a")) == []
