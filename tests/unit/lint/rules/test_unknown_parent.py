import pytest

from tests.unit.lint.project import Lint, as_history

PLAIN = "revision = 'b'\ndown_revision = 'a'\n{0}\n\ndef upgrade():\n    pass\n"


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ("a<lost", "lost"),
        ("a; b<lost", "lost"),
        ("a; b<a; c<a,lost", "lost"),
        ("a<a", "itself"),
        ("a<b; b<a", ""),
        ("a; b<a,d; c<b; d<c", ""),
    ],
)
def test_reports(shape: str, words: str, lint: Lint) -> None:
    found = lint("CAL404", as_history(shape))
    assert found
    assert words in "".join(one.finding.message for one in found)


def test_reports_a_dependency_that_leads_nowhere(lint: Lint) -> None:
    files = {**as_history("a"), "20250826_1030_b.py": PLAIN.format("depends_on = 'lost'")}
    [found] = lint("CAL404", files)
    assert "lost" in found.finding.message


@pytest.mark.parametrize(
    "shape", ["a", "a; b<a", "b<a; a", "a; b<a; c<a; d<b,c", "a; b", "a; b<a; b<a"]
)
def test_leaves_alone(shape: str, lint: Lint) -> None:
    assert lint("CAL404", as_history(shape)) == []


@pytest.mark.parametrize(
    "line", ["depends_on = ('a',)", "depends_on = None", "import x\ndepends_on = x.NEEDED"]
)
def test_leaves_dependencies_alone(line: str, lint: Lint) -> None:
    files = {**as_history("a"), "20250826_1030_b.py": PLAIN.format(line)}
    assert lint("CAL404", files) == []
