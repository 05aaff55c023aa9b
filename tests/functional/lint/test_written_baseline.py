"""What ``--write-baseline`` accepts is silent from the next run on, wherever the settings live."""

import os
import stat
import tomllib
from pathlib import Path

import pytest

from tests.functional.lint.conftest import Run
from tests.functional.lint.test_projects_with_a_past import CLEAN, OLD

WRITE = ("--write-baseline", "--baseline", "b.json")


@pytest.fixture
def past(project: Path) -> Path:
    """A project with findings."""
    (project / "migrations" / "versions" / "old.py").write_text(OLD)
    return project


def key_in(path: Path) -> str | None:
    said = tomllib.loads(path.read_bytes().decode())["tool"]["calista"].get("lint-baseline")
    assert said is None or isinstance(said, str)
    return said


@pytest.mark.parametrize(
    "text",
    [
        "[tool.calista]\n",
        "[tool.calista]",
        '[tool.calista]\r\nselect = ["CAL"]\r\n',
        "# no table of ours\n",
        "",
        '[project]\nname = "x"',
        "[tool.calista.names]\npk = 'pk_%(table_name)s'\n",
        "[tool.calista.names]\npk = 'pk_%(table_name)s'\n\n[tool.other]\nx = 1\n",
        "[ tool . calista ] # ours\nselect = [\n  'CAL',\n]\n[tool.ruff]\nline-length = 100\n",
        '[tool.x]\ntext = """\n[tool.calista]\n"""\n[tool.calista]\nselect = ["CAL"]\n',
        '[tool.alembic]\nscript_location = "migrations"\n',
        '[project]\ndescription = "größer \\u00e9"\n[tool.calista]\n',
    ],
)
def test_the_next_run_is_silent(text: str, past: Path, calista_lint: Run) -> None:
    settings = past / "pyproject.toml"
    settings.write_bytes(text.encode())
    settings.chmod(0o640)
    code, out, err = calista_lint(*WRITE)
    assert code == 0
    assert out.endswith(" errors in b.json.\n")
    assert err == 'Wrote `lint-baseline = "b.json"` to pyproject.toml.\n'
    assert calista_lint() == (0, CLEAN, "")
    assert calista_lint("--no-cache") == (0, CLEAN, "")
    assert key_in(settings) == "b.json"
    before, after = tomllib.loads(text), tomllib.loads(settings.read_bytes().decode())
    del after["tool"]["calista"]["lint-baseline"]
    assert after | {"tool": 0} == before | {"tool": 0}
    assert {name: table for name, table in after["tool"].items() if table} == {
        name: table for name, table in before.get("tool", {}).items() if table
    }
    if os.name == "posix":
        assert stat.S_IMODE(settings.stat().st_mode) == 0o640
    lines = settings.read_bytes().split(b"\n")
    assert all(line.endswith(b"\r") for line in lines[:-1]) == ("\r\n" in text)


def test_what_the_table_itself_brings_up_is_accepted_too(past: Path, calista_lint: Run) -> None:
    (past / "pyproject.toml").write_text("")
    (past / "app.py").touch()
    old = past / "migrations" / "versions" / "old.py"
    old.write_text(OLD.replace("import sqlalchemy", "import app\nimport sqlalchemy"))
    assert calista_lint(*WRITE)[0] == 0
    assert calista_lint() == (0, CLEAN, "")


@pytest.mark.parametrize("text", ["[tool]\ncalista.select = ['CAL']\n", "tool = {calista = {}}\n"])
def test_where_the_key_cannot_be_written_the_line_is_named(
    text: str, past: Path, calista_lint: Run
) -> None:
    settings = past / "pyproject.toml"
    settings.write_text(text)
    code, out, err = calista_lint(*WRITE)
    assert (code, settings.read_text()) == (0, text)
    assert out.endswith(" errors in b.json.\n")
    assert (
        err
        == 'To accept them, put `lint-baseline = "b.json"` into [tool.calista] of pyproject.toml.\n'
    )


def test_without_a_pyproject_the_line_is_named(past: Path, calista_lint: Run) -> None:
    (past / "pyproject.toml").unlink()
    code, _, err = calista_lint(*WRITE)
    assert code == 0
    assert (
        err
        == 'To accept them, put `lint-baseline = "b.json"` into [tool.calista] of pyproject.toml.\n'
    )
    assert not (past / "pyproject.toml").exists()
    (past / "pyproject.toml").write_text('[tool.calista]\nlint-baseline = "b.json"\n')
    assert calista_lint() == (0, CLEAN, "")


def test_another_baseline_that_is_configured_stays(past: Path, calista_lint: Run) -> None:
    settings = past / "pyproject.toml"
    text = '[tool.calista]\nlint-baseline = "other.json"\n'
    settings.write_text(text)
    code, _, err = calista_lint(*WRITE)
    assert (code, settings.read_text()) == (0, text)
    assert 'put `lint-baseline = "b.json"` into [tool.calista] of pyproject.toml' in err
    assert "other.json" in err


@pytest.mark.parametrize("file", ["b.json", "./b.json", "here/../b.json", "{root}/b.json"])
def test_the_baseline_that_is_configured_needs_no_word(
    file: str, past: Path, calista_lint: Run
) -> None:
    (past / "here").mkdir()
    settings = past / "pyproject.toml"
    settings.write_text('[tool.calista]\nlint-baseline = "b.json"\n')
    written = file.format(root=past)
    assert calista_lint("--write-baseline", "--baseline", written)[::2] == (0, "")
    assert calista_lint("--write-baseline")[::2] == (0, "")
    assert calista_lint() == (0, CLEAN, "")


def test_the_settings_lie_above_the_working_folder(
    past: Path, calista_lint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (past / "src").mkdir()
    monkeypatch.chdir(past / "src")
    assert calista_lint(*WRITE)[0] == 0
    assert key_in(past / "pyproject.toml") == "src/b.json"
    assert calista_lint() == (0, CLEAN, "")
    monkeypatch.chdir(past)
    assert calista_lint() == (0, CLEAN, "")


def test_a_pyproject_above_that_is_not_ours_is_left_alone(
    past: Path, calista_lint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With our table it would be the project's root, and the migrations would be elsewhere."""
    settings = past / "pyproject.toml"
    settings.write_text("")
    inner = past / "inner"
    inner.mkdir()
    (past / "migrations").rename(inner / "migrations")
    monkeypatch.chdir(inner)
    code, _, err = calista_lint(*WRITE)
    assert (code, settings.read_text()) == (0, "")
    assert 'put `lint-baseline = "b.json"` into [tool.calista] of pyproject.toml' in err


def test_the_settings_that_were_named(past: Path, calista_lint: Run) -> None:
    (past / "etc").mkdir()
    other = past / "etc" / "lint.toml"
    other.write_text('[tool.calista]\nscript_location = "../migrations"\n')
    before = (past / "pyproject.toml").read_text()
    config = ("--config", "etc/lint.toml")
    code, _, err = calista_lint(*config, *WRITE)
    assert code == 0
    assert err == f'Wrote `lint-baseline = "../b.json"` to {Path("etc/lint.toml")}.\n'
    assert calista_lint(*config) == (0, CLEAN, "")
    assert calista_lint()[0] == 1
    assert (past / "pyproject.toml").read_text() == before


def test_a_link_to_the_settings_stays_a_link(past: Path, calista_lint: Run) -> None:
    settings = past / "pyproject.toml"
    settings.rename(past / "real.toml")
    settings.symlink_to("real.toml")
    assert calista_lint(*WRITE)[0] == 0
    assert settings.is_symlink()
    assert key_in(past / "real.toml") == "b.json"
    assert calista_lint() == (0, CLEAN, "")


def test_a_name_that_toml_has_to_escape(past: Path, calista_lint: Run) -> None:
    name = 'b "quoted" é\\x.json' if os.name == "posix" else "b é.json"
    assert calista_lint("--write-baseline", "--baseline", name)[0] == 0
    assert key_in(past / "pyproject.toml") == name
    assert calista_lint() == (0, CLEAN, "")


def test_two_histories_share_one_baseline(past: Path, calista_lint: Run) -> None:
    other = past / "other" / "versions"
    other.mkdir(parents=True)
    (other.parent / "env.py").touch()
    (other / "old.py").write_text(OLD.replace('"c3"', '"x1"').replace('"b2"', "None"))
    both = ("migrations/versions", "other/versions")
    code, out, err = calista_lint(*both, *WRITE)
    assert code == 0
    assert out.count("Accepted ") == 1
    assert err.count("Wrote ") == 1
    assert calista_lint(*both) == (0, CLEAN, "")
    assert calista_lint(both[0]) == calista_lint(both[1]) == (0, CLEAN, "")
