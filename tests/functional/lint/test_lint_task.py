"""``invoke lint`` takes what ``calista-lint`` takes, and asks the same."""

from pathlib import Path

import pytest

from calista_tools.lint.cli import parser
from calista_tools.program import program
from calista_tools.tasks.lint import SEVERAL, SWITCHES, VALUES, words
from tests.functional.lint.conftest import SECOND

NAME = "migrations/versions/20250826_1031_create_tag.py"


def test_every_flag_of_the_program_is_one_of_the_task() -> None:
    flags = {action.dest: action for action in parser()._actions}
    ours = {*SEVERAL, *VALUES, *SWITCHES}
    assert set(flags) - {"help", "version", "paths"} == ours
    assert {name for name in ours if flags[name].nargs == 0} == set(SWITCHES)


def test_the_words_are_the_same() -> None:
    given = {"paths": ["a"], "select": ["CAL1", "CAL2"], "fix": True, "color": "never"}
    expected = ["--select=CAL1", "--select=CAL2", "--fix", "--color=never", "a"]
    assert words(given) == expected


@pytest.mark.parametrize("given", [["--select", "CAL102"], ["--select=CAL102", NAME]])
def test_flags_reach_the_lint(
    given: list[str], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = SECOND.replace('"tag", sa', '"tag", sa.UniqueConstraint("name", name="wrong"), sa')
    (project / NAME).write_text(wrong)
    with pytest.raises(SystemExit) as stopped:
        program().run(["calista-migrations", "lint", *given, "--output-format", "concise", "-q"])
    out = capsys.readouterr()[0]
    assert stopped.value.code == 1
    assert [line.split()[1] for line in out.splitlines()] == ["CAL102"]
