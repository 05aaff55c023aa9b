"""Both doors report errors alike, take paths, and work from any folder below pyproject.toml."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TASKS = '''
"""Tasks that show what they were given."""

from invoke.collection import Collection

from calista_tools.errors import ToolError
from calista_tools.task import task


@task(positional=["paths"], iterable=["paths"], help={"paths": "files"})
def show(_, paths, quiet=False):
    """Show the paths."""
    print(paths, quiet)


@task()
def fail(_):
    """Fail in a way that a user can act on."""
    raise ToolError("the history has no head", "write a first revision", exit_code=3)


@task()
def write(_, message):
    """Write the message."""
    print(repr(message))


namespace = Collection(show, fail, write)
'''
PROGRAM = """
import tasks
from calista_tools import program

program.collection = lambda: tasks.namespace
program.main()
"""
DOORS = {"invoke": ["-m", "invoke"], "calista-migrations": ["-c", PROGRAM]}


@pytest.fixture(params=DOORS)
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., tuple[int, str, str]]:
    """Run a door in a folder below the tasks; returns exit code, stdout, stderr."""
    (tmp_path / "tasks.py").write_text(TASKS, encoding="utf-8")
    below = tmp_path / "some" / "folder"
    below.mkdir(parents=True)
    environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": str(tmp_path)}

    def run(*arguments: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, *DOORS[request.param], *arguments],
            cwd=below,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    return run


def test_an_error_is_two_lines_and_its_exit_code(run: Callable[..., tuple[int, str, str]]) -> None:
    assert run("fail") == (
        3,
        "",
        "error: the history has no head\nhint: write a first revision\n",
    )


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ([], "[] False"),
        (["a.py"], "['a.py'] False"),
        (["a.py", "b c.py", "fail"], "['a.py', 'b c.py', 'fail'] False"),
        (["--quiet", "a.py"], "['a.py'] True"),
        (["a.py", "-q", "b.py"], "['a.py', 'b.py'] True"),
        (["--paths", "a.py", "-p", "b.py"], "['a.py', 'b.py'] False"),
    ],
)
def test_a_task_takes_any_number_of_paths(
    run: Callable[..., tuple[int, str, str]], arguments: list[str], shown: str
) -> None:
    assert run("show", *arguments) == (0, f"{shown}\n", "")


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["a b"], "'a b'\n"),
        (["-m", "a", "show"], "'a'\n[] False\n"),
        (["--message", "--help"], "'--help'\n"),
        (["--message=-1"], "'-1'\n"),
    ],
)
def test_a_required_argument_is_given_with_its_flag_or_without(
    run: Callable[..., tuple[int, str, str]], arguments: list[str], shown: str
) -> None:
    assert run("write", *arguments) == (0, shown, "")


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_needs_no_required_argument(
    run: Callable[..., tuple[int, str, str]], flag: str
) -> None:
    code, out, err = run("write", flag)
    assert (code, err) == (0, "")
    assert "Write the message." in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--mesage"], "No idea what '--mesage' is!\n"),
        ([], "'write' did not receive required positional arguments: 'message'\n"),
    ],
)
def test_an_unknown_flag_is_no_required_argument(
    run: Callable[..., tuple[int, str, str]], arguments: list[str], said: str
) -> None:
    assert run("write", *arguments) == (1, "", said)


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_stays_help(run: Callable[..., tuple[int, str, str]], flag: str) -> None:
    code, out, _ = run("show", flag)
    assert code == 0
    assert "Show the paths." in out


def test_an_unknown_flag_is_one_line(run: Callable[..., tuple[int, str, str]]) -> None:
    assert run("show", "--nonsense") == (1, "", "No idea what '--nonsense' is!\n")


@pytest.mark.parametrize("missing", ["invoke", "jinja2"])
def test_what_is_not_installed_is_named(missing: str) -> None:
    source = f"import sys\nsys.modules[{missing!r}] = None\n"
    source += "from calista_tools.start import main\nmain()\n"
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {missing} not installed\nhint: pip install 'calista-migrations[tasks]'\n"
    )
