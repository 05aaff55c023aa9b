import pytest

from tests.unit.lint.project import Lint, as_history


@pytest.mark.parametrize(
    ("shape", "count"),
    [
        ("a; a", 1),
        ("a; b<a; b<a", 1),
        ("a; b<a; a<b", 1),
        ("a; a; a", 2),
        ("a; a; b<a; b<a", 2),
        ("a; b<a; c<b; b<c", 1),
    ],
)
def test_reports(shape: str, count: int, lint: Lint) -> None:
    assert len(lint("CAL405", as_history(shape))) == count


@pytest.mark.parametrize("shape", ["a", "a; b<a", "a; A<a", "a; a1<a", "a; b", "a<b; b<a"])
def test_leaves_alone(shape: str, lint: Lint) -> None:
    assert lint("CAL405", as_history(shape)) == []
