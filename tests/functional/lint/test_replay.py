"""An answer is given again only while nothing that it depends on has changed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from calista_tools.lint.memory.replay import replay
from tests.functional.lint.conftest import Run

CLEAN = "All checks passed!\n"
CONCISE = ["--output-format", "concise"]


@pytest.fixture
def second(project: Path) -> Path:
    """The newest revision of a project that nobody has touched for a while."""
    (project / "src" / "app").mkdir(parents=True)
    (project / "src" / "app" / "__init__.py").touch()
    rest(project)
    return project / "migrations" / "versions" / "20250826_1031_create_tag.py"


def rest(project: Path) -> None:
    """Let the folders look old: what changes while a run goes on is not kept."""
    for folder, _, _ in os.walk(project):
        os.utime(folder, (1_700_000_000, 1_700_000_000))


def test_the_same_answer_without_loading_anything(second: Path, calista_lint: Run) -> None:
    assert calista_lint() == (0, CLEAN, "")
    assert replay([]) == (CLEAN, 0)
    code = (
        "import sys; from calista_tools.lint.cli import main; main([]);"
        "print([m for m in ('re', 'typing', 'json', 'argparse', 'pathlib', 'ast',"
        " 'calista_tools.config', 'calista_tools.lint.command') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path};{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{CLEAN}[]\n"


def test_findings_are_shown_again(second: Path, calista_lint: Run) -> None:
    second.rename(second.with_name("tag.py"))
    for output_format in ("full", "json", "concise"):
        rest(second.parents[2])
        words = ["--output-format", output_format]
        first = calista_lint(*words)
        assert first[0] == 1
        assert "CAL001" in first[1]
        assert replay(words) == (first[1], 1)
        assert calista_lint(*words) == first
    assert replay([*words, "--exit-zero"]) is None


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file": lambda path: path.write_text(path.read_text() + "# changed\n"),
    "a file, as long as before": lambda path: path.write_text(
        path.read_text().replace('"name"', '"eman"')
    ),
    "a new file": lambda path: path.with_name("x.py").write_text(path.read_text()),
    "a file gone": lambda path: path.unlink(),
    "a file renamed": lambda path: path.rename(path.with_name("y.py")),
    "settings": lambda path: Path("pyproject.toml").write_text("[tool.calista]\nignore = ['C']\n"),
    "nearer settings": lambda path: Path("migrations/pyproject.toml").write_text("[tool.calista]"),
    "alembic.ini": lambda path: Path("alembic.ini").write_text("[alembic]\nscript_location = a\n"),
    "env.py": lambda path: Path("migrations/env.py").write_text("# more\n"),
    "a nearer env.py": lambda path: path.with_name("env.py").touch(),
    "the lock file": lambda path: Path("migrations/history.lock").touch(),
    "a package beside it": lambda path: Path("src/one.py").write_text(""),
    "a package at last": lambda path: Path("src/app/__init__.py").unlink(),
}


@pytest.mark.parametrize("where", ["", "migrations/versions", "."])
@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_what_an_answer_depends_on(
    change: Callable[[Path], object], where: str, second: Path, calista_lint: Run
) -> None:
    words = [*CONCISE, *([where] if where else [])]
    assert calista_lint(*words) == (0, CLEAN, "")
    known = replay(words)
    assert known == (CLEAN, 0)
    change(second)
    nearer = change is CHANGES["nearer settings"] and where != "migrations/versions"
    assert nearer or replay(words) is None
    assert calista_lint(*words) == calista_lint(*words, "--no-cache")
    assert calista_lint(*words) == calista_lint(*words, "--no-cache")


def test_another_question_has_another_answer(
    second: Path, project: Path, calista_lint: Run
) -> None:
    calista_lint()
    assert replay(["--statistics"]) is None
    rest(project)
    os.chdir("migrations")
    assert replay([]) is None
    assert calista_lint("--output-format", "json", "versions")[0] == 0
    assert replay(["--output-format", "json", "versions"]) == ("[]\n", 0)


@pytest.mark.usefixtures("second")
@pytest.mark.parametrize("words", [["--no-cache"], ["--diff"], ["--fix"], ["--add-noqa"]])
def test_what_changes_files_is_done_each_time(words: list[str], calista_lint: Run) -> None:
    calista_lint(*words)
    assert replay(words) is None


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"\xff\xfe", b"calista-lint answer 1\n", b"x\n\ny\n\nz\n\n"]
)
def test_a_damaged_answer_is_none(
    content: bytes, second: Path, cache: Path, calista_lint: Run
) -> None:
    calista_lint()
    [answer] = cache.glob("lint/*/answer-*")
    kept = answer.read_bytes()
    for damaged in (
        content,
        kept[:-30],
        kept.replace(b"|", b"/"),
        kept.replace(b"\n0\n", b"\n?\n"),
    ):
        answer.write_bytes(damaged)
        assert calista_lint() == (0, CLEAN, "")
    assert json.loads(calista_lint("--output-format", "json")[1]) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a file that is open cannot be replaced there")
def test_a_folder_that_changes_during_the_run_is_looked_at_again(
    second: Path, calista_lint: Run
) -> None:
    second.parent.joinpath("z.txt").touch()  # just now: perhaps after the run looked
    assert calista_lint() == (0, CLEAN, "")
    assert replay([]) is None
