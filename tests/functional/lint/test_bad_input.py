"""Whatever lies in a versions folder: a finding or one line that names the file, no traceback."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.functional.lint.conftest import FIRST, Run

NAME = "20250826_1032_bad.py"


def contents(text: str | bytes) -> Callable[[Path], object]:
    return lambda path: Path.write_bytes(path, text if isinstance(text, bytes) else text.encode())


def deep(opening: str, closing: str, count: int) -> str:
    return f'revision = "c3"\ndown_revision = "b2"\nx = {opening * count}1{closing * count}\n'


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "no Python": (contents("def upgrade(:\n"), "cannot be parsed: "),
    "cut off": (contents(FIRST[:-10] + "("), "cannot be parsed: "),
    "tabs and blanks": (contents("if 1:\n\tx\n        y\n"), "cannot be parsed: "),
    "empty": (contents(""), "no `revision`"),
    "no revision": (contents("down_revision = None\n"), "no `revision`"),
    "revision by call": (contents("revision = make()\n"), "`revision`"),
    "not UTF-8": (contents(b"# \xff\xfe caf\xe9\nrevision = 'c3'\n"), "cannot be parsed: "),
    "unknown coding": (contents("# -*- coding: klingon -*-\n"), "cannot be parsed: "),
    "UTF-16": (contents(FIRST.encode("utf-16")), "cannot be parsed: "),
    "null bytes": (contents("revision = 'c3'\n\0\n"), "null bytes"),
    "many parentheses": (contents(deep("(", ")", 5000)), "cannot be parsed: "),
    "loops to itself": (lambda path: path.symlink_to(path), "cannot be read: "),
    "leads nowhere": (lambda path: path.symlink_to("gone.py"), "cannot be read: "),
}


@pytest.mark.parametrize("kind", BAD)
def test_is_a_finding(kind: str, project: Path, calista_lint: Run) -> None:
    make, words = BAD[kind]
    path = project / "migrations" / "versions" / NAME
    make(path)
    for arguments in ([], [path]):
        code, out, err = calista_lint("--output-format", "concise", "--select", "CAL0", *arguments)
        assert (code, err) == (1, ""), out
        assert out.splitlines()[0].startswith(f"migrations/versions/{NAME}:")
        assert words in out
        assert out.splitlines()[0].count("CAL006") == 1
        assert calista_lint(*arguments)[0] == 1


@pytest.mark.parametrize(
    "text",
    [
        deep("-", "", 3000),
        deep("[", "]", 150),
        deep("", ".a" * 3000, 1).replace("x = 1", "x = y"),
        deep("f", "(1)" * 2000, 1),
        deep("1 + ", "", 20_000),
        'revision = "c3"\ndown_revision = "b2"\n' + "if x:\n pass\n" + "elif x:\n pass\n" * 3000,
    ],
    ids=["signs", "lists", "attributes", "calls", "sum", "elifs"],
)
def test_deep_nesting_is_no_crash(text: str, project: Path, calista_lint: Run) -> None:
    (project / "migrations" / "versions" / NAME).write_text(text)
    code, _, err = calista_lint("--output-format", "concise")
    assert code in (0, 1)
    assert err == ""


def test_a_pipe_is_not_waited_for(project: Path, calista_lint: Run) -> None:
    path = project / "migrations" / "versions" / NAME
    os.mkfifo(path)
    code, out, _ = calista_lint("--output-format", "concise", path)
    assert code == 1
    assert f"{NAME}:1:1: CAL006 is not a regular file" in out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(project: Path, calista_lint: Run) -> None:
    path = project / "migrations" / "versions" / NAME
    path.write_text(FIRST)
    path.chmod(0)
    code, out, _ = calista_lint("--output-format", "concise")
    assert code == 1
    assert "cannot be read: Permission denied" in out


def test_five_megabytes(project: Path, calista_lint: Run) -> None:
    path = project / "migrations" / "versions" / NAME
    rows = "    # ('some data', 1, 2.5, None),\n" * 150_000
    path.write_text(f'revision = "c3"\ndown_revision = "b2"\n\n\ndef upgrade():\n{rows}    pass\n')
    assert path.stat().st_size > 5_000_000
    assert calista_lint("--output-format", "concise") == (0, "All checks passed!\n", "")


def test_a_folder_with_the_name_of_a_file(project: Path, calista_lint: Run) -> None:
    (project / "migrations" / "versions" / "folder.py").mkdir()
    assert calista_lint()[0] == 0


def test_two_files_with_one_id(project: Path, calista_lint: Run) -> None:
    (project / "migrations" / "versions" / NAME).write_text(FIRST)
    code, out, _ = calista_lint("--output-format", "concise", "--select", "CAL405")
    assert code == 1
    assert f"{NAME}:1:1: CAL405 revision 'a1' is also in 20250826_1030_create_stream.py" in out


def test_a_file_name_that_is_no_text(project: Path, calista_lint: Run) -> None:
    name = os.fsencode(project / "migrations" / "versions") + b"/20250826_1032_caf\xe9.py"
    try:
        Path(os.fsdecode(name)).write_text("def (")
    except OSError:
        pytest.skip("this file system wants UTF-8")
    for output_format in ("full", "concise", "json", "github", "gitlab", "sarif", "junit"):
        code, out, err = calista_lint("--output-format", output_format)
        assert (code, err) == (1, "")
        assert "20250826_1032_caf" in out


@pytest.mark.parametrize("by_flag", [False, True])
@pytest.mark.parametrize("command", [(), ("--names",), ("--infer-names",)])
def test_a_misspelt_token_is_no_rule_that_is_off(
    project: Path, calista_lint: Run, command: tuple[str, ...], by_flag: bool
) -> None:
    name = "other.toml" if by_flag else "pyproject.toml"
    (project / name).write_text('[tool.calista.names]\nix = "ix_%(colunm_0_name)s"\n')
    code, out, err = calista_lint(*command, *(("--config", name) if by_flag else ()))
    assert (code, out) == (2, "")
    [error, hint] = err.splitlines()
    assert error.startswith("error: ")
    assert "did you mean `%(column_0_name)s`?" in error
    assert hint.startswith("hint: tokens: table_name, ")
