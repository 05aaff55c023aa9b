"""What ruff's users have in their fingers: colours, stdin, quiet and loud, a file, a watch."""

import io
import json
import re
import sys
from pathlib import Path

import pytest

from calista_tools.lint import watching
from tests.functional.lint.conftest import SECOND, Run

NAME = "migrations/versions/20250826_1031_create_tag.py"
BAD = SECOND.replace('"tag", sa', '"tag", sa.UniqueConstraint("name", name="wrong"), sa')
ESCAPES = re.compile(r"\x1b\[[\d;]*m")


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    """What the command reads; its content is written by the test."""
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(content))
    return content


def fill(stdin: io.BytesIO, text: str) -> None:
    stdin.write(text.encode())
    stdin.seek(0)


def test_stdin_stands_for_a_file_of_its_history(
    project: Path, calista_lint: Run, stdin: io.BytesIO
) -> None:
    assert calista_lint()[0] == 0
    before = (project / NAME).read_bytes()
    fill(stdin, BAD)
    code, out, _ = calista_lint("--stdin-filename", NAME, "-", "--output-format", "json")
    assert code == 1
    assert "CAL102" in {one["code"] for one in json.loads(out)}
    assert {one["filename"] for one in json.loads(out)} == {str(project / NAME)}
    assert (project / NAME).read_bytes() == before
    # Neither the cache nor a kept answer has heard of it.
    assert calista_lint() == (0, "All checks passed!\n", "")


def test_stdin_may_be_a_file_that_is_not_there_yet(
    project: Path, calista_lint: Run, stdin: io.BytesIO
) -> None:
    fill(stdin, SECOND.replace('"b2"', '"c3"').replace('"a1"', '"nowhere"'))
    new = "migrations/versions/20250826_1032_create_label.py"
    code, out, _ = calista_lint("--stdin-filename", new, "-", "--output-format", "concise")
    assert code == 1
    assert f"{new}:" in out
    assert ": CAL404 " in out
    assert not (project / new).exists()


def test_what_stdin_says_is_what_the_file_would_say(
    project: Path, calista_lint: Run, stdin: io.BytesIO
) -> None:
    fill(stdin, BAD)
    from_stdin = calista_lint("--stdin-filename", NAME, "-")
    (project / NAME).write_text(BAD)
    assert calista_lint(NAME) == from_stdin


def test_fix_of_stdin_prints_the_text_and_says_the_rest_on_stderr(
    project: Path, capfdbinary: pytest.CaptureFixture[bytes], stdin: io.BytesIO
) -> None:
    from calista_tools.lint.cli import main

    (project / NAME).write_text(BAD)
    fill(stdin, "# \N{EM DASH}\n" + BAD.replace("\n", "\r\n"))
    main(["--stdin-filename", NAME, "-", "--fix", "--select", "CAL102,CAL107"])
    out = capfdbinary.readouterr()[0].decode()
    assert out.startswith("# \N{EM DASH}\nimport sqlalchemy as sa\r\n")
    assert "def upgrade" in out
    assert (project / NAME).read_text() == BAD


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-"], "which file is it?"),
        (["--stdin-filename", NAME, "-", "migrations"], "without migrations"),
        (["--stdin-filename", NAME, "-", "--add-noqa"], "without --add-noqa"),
        (["--stdin-filename", NAME, "-", "--watch"], "without --watch"),
    ],
)
def test_stdin_is_asked_about_alone(
    words: list[str], says: str, project: Path, calista_lint: Run, stdin: io.BytesIO
) -> None:
    code, out, err = calista_lint(*words)
    assert (code, out, says in err) == (2, "", True)


def test_dialects_are_those_of_the_command_line(project: Path, calista_lint: Run) -> None:
    (project / NAME).write_text(
        SECOND.replace("op.create_table", 'op.execute("CREATE EXTENSION x")\n    op.create_table')
    )
    rows = {
        given: calista_lint("--select", "CAL201", *words)[0]
        for given, words in (
            ("both", []),
            ("one", ["--dialects", "postgresql"]),
            ("other", ["--dialects=sqlite"]),
            ("both again", ["--dialects", "postgresql,sqlite"]),
            ("kept", []),
        )
    }
    assert rows["both"] == rows["both again"] == rows["kept"] == 1
    assert rows["one"] == 0


def test_no_dialect_of_ours_is_an_error_with_the_nearest(project: Path, calista_lint: Run) -> None:
    code, _, err = calista_lint("--dialects", "postgres")
    assert (code, "did you mean `postgresql`?" in err) == (2, True)


@pytest.mark.parametrize("form", ["full", "concise"])
def test_colours_leave_the_text_as_it_is(form: str, project: Path, calista_lint: Run) -> None:
    (project / NAME).write_text(BAD)
    words = ("--output-format", form)
    code, plain, _ = calista_lint(*words)
    for _ in range(2):  # from the cache as well
        painted = calista_lint(*words, "--color", "always")
        assert (painted[0], ESCAPES.sub("", painted[1])) == (code, plain)
        assert "\x1b[1;31mCAL102\x1b[0m" in painted[1]
    assert calista_lint(*words, "--color=never")[1] == plain


@pytest.mark.parametrize(
    ("set_to", "words", "coloured"),
    [
        ({"FORCE_COLOR": "1"}, [], True),
        ({"FORCE_COLOR": "0"}, [], False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
        ({"FORCE_COLOR": "1"}, ["--color", "never"], False),
        ({"FORCE_COLOR": "1"}, ["--output-format", "json"], False),
        ({}, [], False),
    ],
)
def test_when_there_are_colours(
    set_to: dict[str, str],
    words: list[str],
    coloured: bool,
    project: Path,
    calista_lint: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)
    (project / NAME).write_text(BAD)
    for _ in range(2):
        assert ("\x1b[" in calista_lint(*words)[1]) is coloured


def test_what_others_wrote_brings_no_colours_of_its_own(project: Path, calista_lint: Run) -> None:
    (project / NAME).write_text(BAD.replace('"wrong"', '"wr\\x1b[31mong"'))
    out = calista_lint("--color", "always", "--output-format", "concise")[1]
    assert "\x1b[31m" not in out


def test_quiet_says_findings_only(project: Path, calista_lint: Run) -> None:
    assert calista_lint("-q") == (0, "", "")
    (project / NAME).write_text(BAD)
    code, out, err = calista_lint("--quiet", "--output-format", "concise", "--select", "CAL102")
    assert (code, len(out.splitlines()), err) == (1, 1, "")


def test_verbose_says_what_is_read_on_stderr(project: Path, calista_lint: Run) -> None:
    for how in ("read where they have changed", "as in the last run"):
        code, out, err = calista_lint("-v")
        assert (code, out) == (0, "All checks passed!\n")
        assert "settings: pyproject.toml" in err
        assert f"migrations/versions, 2 files, {how}" in err


def test_output_file_takes_the_report_and_nothing_else(project: Path, calista_lint: Run) -> None:
    (project / NAME).write_text(BAD)
    out = calista_lint("--output-format", "json")[1]
    for _ in range(2):
        (project / "report.json").unlink(missing_ok=True)
        found = calista_lint("--output-format", "json", "--output-file", "report.json")
        assert found == (1, "", "")
        assert (project / "report.json").read_text() == out
    code, _, err = calista_lint("--output-file", "nowhere/report.json")
    assert (code, err.startswith("error: nowhere/report.json: cannot be written")) == (2, True)


def test_show_settings_says_what_holds_and_where_from(project: Path, calista_lint: Run) -> None:
    code, out, _ = calista_lint("--show-settings", "--select", "CAL1", "--dialects", "sqlite")
    assert code == 0
    assert "# from pyproject.toml" in out
    assert "# 2 of 2 files" in out
    assert 'dialects = ["sqlite"]' in out
    assert 'select = ["CAL1"]' in out


@pytest.mark.parametrize(
    ("flag", "nearest"),
    [("--selct", "--select"), ("--outptu-format=json", "--output-format"), ("--fxi", "--fix")],
)
def test_an_unknown_flag_has_a_nearest_one(
    flag: str, nearest: str, project: Path, calista_lint: Run
) -> None:
    code, _, err = calista_lint(flag)
    assert (code, f"did you mean `{nearest}`?" in err) == (2, True)


def test_watch_checks_again_after_a_change_and_ends_cleanly(
    project: Path, calista_lint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = (project / "pyproject.toml").read_text()
    steps = iter(
        (
            lambda: (project / NAME).write_text(BAD),
            lambda: None,
            lambda: (project / "pyproject.toml").write_text("[tool.calista\n"),
            lambda: (project / "pyproject.toml").write_text(settings),
        )
    )

    def pause(_: float) -> None:
        step = next(steps, None)
        if step is None:
            raise KeyboardInterrupt
        step()

    monkeypatch.setattr(watching, "sleep", pause)
    code, out, err = calista_lint("--watch", "--output-format", "concise", "--select", "CAL102")
    assert code == 0
    assert out.startswith("All checks passed!\n")
    assert out.count(": CAL102 ") == 2
    assert "cannot be read as TOML" in err
    assert err.count("Watching for changes") == 4
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("source", "underlined"),
    [
        ('op.create_index(\n        "wrong",\n        "tag",\n        ["name"],\n    )', '"wrong"'),
        ('op.create_index("wrong", "tag", ["name"])', '"wrong"'),
        ('op.drop_column("tag", "name")', '"name"'),
        ('op.create_index("ix_" + x(), "tag", ["name"])', None),
    ],
)
def test_the_token_is_underlined(
    source: str, underlined: str | None, project: Path, calista_lint: Run
) -> None:
    (project / NAME).write_text(SECOND.replace("op.create_table", f"{source}\n    op.create_table"))
    out = calista_lint("--select", "CAL103,CAL301")[1]
    if underlined is None:
        assert "^" not in out
        return
    lines = out.splitlines()
    [at] = [number for number, line in enumerate(lines) if "^" in line]
    start, length = lines[at].index("^"), lines[at].count("^")
    assert lines[at - 1][start : start + length] == underlined
