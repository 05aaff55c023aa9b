import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from calista_tools.lint.rule import all_rules
from tests.functional.lint.conftest import STRICT, Run

CLEAN = "All checks passed!\n"


@pytest.fixture
def misnamed(project: Path) -> Path:
    """A third revision whose file is not named by the policy."""
    path = project / "migrations" / "versions" / "third.py"
    path.write_text('revision = "c3"\ndown_revision = "b2"\n\n\ndef upgrade():\n    pass\n')
    return path


@pytest.mark.usefixtures("project")
def test_a_clean_history(calista_lint: Run) -> None:
    assert calista_lint() == (0, CLEAN, "")
    assert calista_lint("migrations") == (0, CLEAN, "")
    assert calista_lint("migrations/versions") == (0, CLEAN, "")
    assert calista_lint(".") == (0, CLEAN, "")


def test_a_finding(misnamed: Path, calista_lint: Run) -> None:
    code, out, err = calista_lint("--output-format", "concise")
    assert (code, err) == (1, "")
    assert out.startswith(f"{misnamed.relative_to(Path.cwd())}:1:1: CAL001 ")
    assert out.endswith("\nFound 1 error.\n")
    assert calista_lint("--exit-zero")[0] == 0


@pytest.mark.usefixtures("misnamed")
@pytest.mark.parametrize(
    ("flags", "found"),
    [
        (["--select", "CAL001"], True),
        (["--select", "cal001"], True),
        (["--select", "CAL0"], True),
        (["--select", "ALL"], True),
        (["--select", "CAL4,CAL001"], True),
        (["--select", "CAL4", "--select", "CAL001"], True),
        (["--select", "CAL4"], False),
        (["--ignore", "CAL001"], False),
        (["--ignore", "CAL0"], False),
        (["--select", "CAL001", "--ignore", "CAL0"], True),
        (["--select", "CAL0", "--ignore", "CAL001"], False),
    ],
)
def test_select_and_ignore(flags: list[str], found: bool, calista_lint: Run) -> None:
    assert calista_lint(*flags)[0] == found


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.py"], "nowhere.py: no such file"),
        (["--select", "CAL9"], "unknown rule selector `CAL9`"),
        (["--ignore", "E501"], "unknown rule selector `E501`"),
        (["--config", "nowhere.toml"], "nowhere.toml: no such file"),
        (["--explain", "CAL999"], "unknown rule `CAL999`"),
    ],
)
def test_wrong_usage(arguments: list[str], words: str, calista_lint: Run) -> None:
    code, out, err = calista_lint(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {words}")


@pytest.mark.parametrize("arguments", [["--nonsense"], ["--output-format", "yaml"], ["--explain"]])
def test_arguments_that_do_not_exist(arguments: list[str], calista_lint: Run) -> None:
    code, out, err = calista_lint(*arguments)
    assert (code, out) == (2, "")
    assert "usage: calista-lint" in err


def test_explain_and_list_rules(calista_lint: Run) -> None:
    code, out, _ = calista_lint("--explain", "CAL001")
    assert code == 0
    assert out.startswith("# CAL001 misnamed-file\n")
    code, out, _ = calista_lint("--list-rules")
    assert code == 0
    assert out.splitlines()[0].startswith("CAL001  misnamed-file  ")


def test_a_broken_configuration(project: Path, calista_lint: Run) -> None:
    (project / "pyproject.toml").write_text("[tool.calista]\nselct = []\n")
    code, _, err = calista_lint()
    assert code == 2
    assert "hint: did you mean `select`?" in err


def test_another_configuration(misnamed: Path, calista_lint: Run) -> None:
    other = misnamed.parents[2] / "other.toml"
    other.write_text('[tool.calista]\nignore = ["CAL001"]\n')
    assert calista_lint("--config", other) == (0, CLEAN, "")


def test_one_file_is_judged_within_its_history(project: Path, calista_lint: Run) -> None:
    versions = project / "migrations" / "versions"
    late = versions / "20250826_1030_too_early.py"
    late.write_text('revision = "c3"\ndown_revision = "b2"\n\n\ndef upgrade():\n    pass\n')
    code, out, _ = calista_lint("--output-format", "concise", late)
    assert code == 1
    assert "CAL002 dated 2025-08-26 10:30, not after its parent" in out
    assert calista_lint(versions / "20250826_1030_create_stream.py") == (0, CLEAN, "")


def test_outside_of_any_project(
    misnamed: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    calista_lint: Run,
) -> None:
    (misnamed.parents[2] / "pyproject.toml").unlink()
    misnamed.write_text(misnamed.read_text() + "undefined()\n")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    code, out, _ = calista_lint("--output-format", "concise", misnamed)
    assert code == 1
    assert out.startswith(f"{misnamed}:")
    assert "CAL011" in out
    code, _, err = calista_lint()
    assert code == 2
    assert "migrations" in err


def test_empty_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calista_lint: Run) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "migrations" / "versions").mkdir(parents=True)
    code, out, err = calista_lint()
    assert (code, out) == (0, CLEAN)
    assert err == "warning: migrations/versions: no revision files here\n"
    code, out, err = calista_lint("migrations/versions")
    assert (code, out) == (2, "")
    assert err.startswith("error: migrations/versions: no revision files here\n")


def test_per_file_ignores(misnamed: Path, calista_lint: Run) -> None:
    configuration = misnamed.parents[2] / "pyproject.toml"
    for pattern, code in [
        ("third.py", 0),
        ("migrations/versions/t*.py", 0),
        ("migrations/**", 0),
        ("**/third.py", 0),
        ("second.py", 1),
        ("versions/third.py.bak", 1),
    ]:
        configuration.write_text(
            f'{STRICT}[tool.calista.per-file-ignores]\n"{pattern}" = ["CAL001"]\n'
        )
        assert calista_lint()[0] == code, pattern


def test_revisions_are_never_run(misnamed: Path, calista_lint: Run) -> None:
    mark = misnamed.with_name("ran.txt")
    misnamed.write_text(f"open({str(mark)!r}, 'w').close()\n{misnamed.read_text()}")
    calista_lint()
    assert not mark.exists()


@pytest.mark.usefixtures("misnamed")
def test_as_a_process() -> None:
    """The console script itself: exit code, streams, and what it does not import."""
    script = Path(sys.executable).with_name("calista-lint")
    done = subprocess.run([script, "--output-format", "json"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    assert [item["code"] for item in json.loads(done.stdout)] == ["CAL001"]
    code = (
        "import sys; from calista_tools.lint.cli import main; main([]);"
        "print([m for m in ('sqlalchemy', 'alembic', 'sqlglot', 'jinja2', 'invoke')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.endswith(b"[]\n")


PROGRAM = [str(Path(sys.executable).with_name("calista-lint"))]


def test_the_program_ends_with_all_of_its_output(project: Path) -> None:
    done = subprocess.run([*PROGRAM, "--list-rules"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") >= len(all_rules())
    wrong = subprocess.run([*PROGRAM, "nowhere"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("error: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_output_that_cannot_be_written_is_an_error() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, "--list-rules"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr == "error: the output cannot be written: No space left on device\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_report_that_cannot_be_written_is_an_error(project: Path) -> None:
    (project / "migrations" / "versions" / "bad.py").write_text("def (")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(PROGRAM, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: the output cannot be written: No space left on device\n"


@pytest.mark.skipif(os.name != "posix", reason="a shell that closes an output is POSIX's")
def test_output_that_is_closed_is_an_error() -> None:
    command = f"exec {shlex.join(PROGRAM)} --list-rules >&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: the output cannot be written: it is closed\n"


def test_a_reader_that_leaves_is_no_error_of_ours() -> None:
    with subprocess.Popen(
        [*PROGRAM, "--list-rules"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 1
