import pytest

from tests.unit.lint.project import Lint


def history(
    lines: str, *, shape: str = "1a2b3c4d; 2b3c4d5e<1a2b3c4d; 3c4d5e6f<2b3c4d5e"
) -> dict[str, str]:
    """Write revisions of this shape; of ``id: text`` lines each is a docstring's data migration."""
    told = dict(line.split(": ", 1) for line in lines.splitlines())
    files = {}
    for minute, part in enumerate(shape.split(";"), start=10):
        name, _, parents = part.strip().partition("<")
        known = tuple(filter(None, parents.split(",")))
        down = repr(known if len(known) > 1 else known[0] if known else None)
        doc = f"Step.\n\nData migration: {told[name]}\n" if name in told else "Step.\n"
        files[f"20250826_10{minute}_step_{name}.py"] = (
            f'"""{doc}"""\nrevision = {name!r}\ndown_revision = {down}\n\ndef upgrade():\n    pass\n'
        )
    return files


FORK = "1a2b3c4d; 2b3c4d5e<1a2b3c4d; 3c4d5e6f<1a2b3c4d"


@pytest.mark.parametrize(
    ("lines", "shape", "words"),
    [
        ("2b3c4d5e: 3c4d5e6f moved it", None, "`3c4d5e6f` does not run before"),
        ("2b3c4d5e: 2b3c4d5e", None, "`2b3c4d5e` does not run before"),
        ("3c4d5e6f: 2b3c4d5e moved it", FORK, "`2b3c4d5e` does not run before"),
        ("2b3c4d5e: 9f8e7d6c moved it", None, "`9f8e7d6c` is no revision of this history"),
        ("2b3c4d5e: 20250826_1012_step_3c4d5e6f.py", None, "`3c4d5e6f` does not run before"),
        ("2b3c4d5e: 20250826_0900_move.py", None, "is no revision"),
        ("2b3c4d5e: see 3c4d5e", None, "`3c4d5e6f` does not run before"),
    ],
)
def test_reports(lines: str, shape: str | None, words: str, lint: Lint) -> None:
    [found] = lint("CAL311", history(lines, shape=shape) if shape else history(lines))
    assert words in found.finding.message
    assert found.finding.row == 3


@pytest.mark.parametrize(
    "lines",
    [
        "3c4d5e6f: 2b3c4d5e moved it",
        "3c4d5e6f: 1a2b3c4d moved it, before 2b3c4d5e",
        "3c4d5e6f: 20250826_1010_step_1a2b3c4d.py",
        "3c4d5e6f: 1a2b3c, which moved it",
        "3c4d5e6f: none, the table was never filled",
        "3c4d5e6f: done by hand in 2024_q3",
        "3c4d5e6f: the first one, then the 12 others",
    ],
)
def test_leaves_alone(lines: str, lint: Lint) -> None:
    assert lint("CAL311", history(lines)) == []


def test_a_dependency_runs_before(lint: Lint) -> None:
    files = history("3c4d5e6f: 2b3c4d5e", shape=FORK)
    name = next(name for name in files if "3c4d" in name)
    files[name] = files[name].replace("\n\ndef", "\ndepends_on = '2b3c4d5e'\n\ndef")
    assert lint("CAL311", files) == []


def test_what_a_baseline_stands_for_is_no_file_any_more(lint: Lint) -> None:
    files = history("2b3c4d5e: 9f8e7d6c moved it")
    first = next(iter(files))
    files[first] += 'replaces = ("9f8e7d6c",)\n'
    assert lint("CAL311", files) == []


def test_a_history_of_which_a_part_is_missing_may_have_it_there(lint: Lint) -> None:
    files = history("2b3c4d5e: 9f8e7d6c moved it", shape="2b3c4d5e<1a2b3c4d")
    assert lint("CAL311", files) == []
