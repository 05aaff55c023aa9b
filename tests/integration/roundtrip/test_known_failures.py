"""Known failures are told and fail nothing; what is new beside them does."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from calista_tools.roundtrip.roundtrip_cli import main

Write = Callable[..., Path]
CREATE = ('op.create_table("note", sa.Column("id", sa.Integer, primary_key=True))',
          'op.drop_table("note")')  # fmt: skip
#: r1 is not taken back, r2 loses what is there.
HISTORY = {
    "r0": CREATE,
    "r1": ('op.add_column("note", sa.Column("n", sa.Integer))', ""),
    "r2": ('op.execute("DELETE FROM note WHERE 1 = 1")', ""),
    "r3": ('op.create_table("page", sa.Column("id", sa.Integer))', 'op.drop_table("page")'),
}
NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "{0}"
down_revision = "{1}"


def upgrade():
    {2}


def downgrade():
    {3}
"""


@pytest.fixture
def folder(project: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    ini = project(HISTORY)
    (ini.parent / "pyproject.toml").write_text('[tool.calista]\ndialects = ["sqlite"]\n')
    monkeypatch.chdir(ini.parent)
    # A history of this test's own: what is kept of another one is none of its.
    env = ini.parent / "migrations" / "env.py"
    env.write_text(f"{env.read_text()}\n# {uuid4().hex}\n")
    return ini.parent


def add(folder: Path, name: str, parent: str, upgrade: str, downgrade: str) -> None:
    path = folder / "migrations" / "versions" / f"{name}.py"
    path.write_text(NEXT.format(name, parent, upgrade, downgrade), encoding="utf-8")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def steps(text: str) -> dict[str, tuple[bool, bool]]:
    """Return of each revision whether it is a known failure, and whether it was run."""
    return {s["revision"]: (s["known"], not s["cached"]) for s in json.loads(text)["steps"]}


Run = Callable[..., tuple[int, str, str]]


def test_what_is_accepted_fails_nothing_and_does_not_run_again(folder: Path, run: Run) -> None:
    assert run("--no-cache")[0] == 1
    code, out, err = run("--write-baseline")
    file = folder / "migrations" / "roundtrip-baseline.json"
    assert code == 0
    assert f"Accepted 2 failures in {Path('migrations', file.name)}.\n" in out
    assert 'Wrote `baseline = "migrations/roundtrip-baseline.json"` to pyproject.toml.' in err
    assert "[tool.calista.roundtrip]" in (folder / "pyproject.toml").read_text()
    known = {"r0": (False, False), "r1": (True, False), "r2": (True, False), "r3": (False, False)}
    code, out, _ = run("--output-format", "json")
    assert (code, steps(out)) == (0, known)
    code, out, _ = run()
    assert code == 0
    assert "2 known failures" in out.splitlines()[-1]
    assert "known   r1" in out
    assert "+column note.n" not in out


def test_what_is_new_beside_them_fails(folder: Path, run: Run) -> None:
    run("--write-baseline")
    add(folder, "r4", "r3", 'op.create_table("more", sa.Column("id", sa.Integer))', "pass")
    code, out, _ = run("--output-format", "json")
    assert code == 1
    found = steps(out)
    assert found["r2"] == (True, False)
    assert found["r4"] == (False, True)
    # Another defect of a revision with a known one, too.
    (folder / "migrations" / "versions" / "r4.py").unlink()
    path = folder / "migrations" / "versions" / "r1.py"
    path.write_text(path.read_text().replace('"n"', '"m"'))
    code, out, _ = run("--output-format", "json")
    assert (code, steps(out)["r1"]) == (1, (False, True))
    assert steps(out)["r2"] == (True, True)


def test_one_that_is_gone_is_told(folder: Path, run: Run) -> None:
    run("--write-baseline")
    path = folder / "migrations" / "versions" / "r1.py"
    source = path.read_text()
    down = source.rindex("pass")
    path.write_text(f'{source[:down]}op.drop_column("note", "n"){source[down + 4 :]}')
    code, out, _ = run()
    assert code == 0
    (told,) = [line for line in out.splitlines() if "gone" in line]
    assert "r1" in told
    assert "--write-baseline" in told
    # A part of the history says nothing of the rest.
    assert not [line for line in run("--from", "r1")[1].splitlines() if "gone" in line]
    run("--write-baseline", "--from", "r2")
    kept = json.loads((folder / "migrations" / "roundtrip-baseline.json").read_text())
    assert [item["revision"] for item in kept["failures"]] == ["r1", "r2"]
    run("--write-baseline")
    kept = json.loads((folder / "migrations" / "roundtrip-baseline.json").read_text())
    assert [item["revision"] for item in kept["failures"]] == ["r2"]


def test_one_that_cannot_be_upgraded_to_costs_nothing_either(folder: Path, run: Run) -> None:
    add(folder, "r4", "r3", "raise ValueError('no')", "pass")
    add(folder, "r5", "r4", "pass", "pass")
    code, out, _ = run("--write-baseline")
    assert code == 0
    assert "Accepted 4 failures" in out
    code, out, _ = run("--output-format", "json")
    found = steps(out)
    assert code == 0
    assert (found["r4"], found["r5"]) == ((True, False), (True, False))
    # What comes on top is not proven by that.
    add(folder, "r6", "r5", "pass", "pass")
    code, out, _ = run("--output-format", "json")
    assert code == 1
    assert steps(out)["r6"] == (False, True)
    assert json.loads(out)["steps"][-1]["error"] == "not reached: r4 cannot be upgraded to"
    # Mended, all of it runs.
    path = folder / "migrations" / "versions" / "r4.py"
    path.write_text(path.read_text().replace("raise ValueError('no')", "pass"))
    code, out, _ = run("--output-format", "json")
    assert code == 0
    assert [s["upgrade"] for s in json.loads(out)["steps"]] == ["ok"] * 7


def test_a_head_that_differs_is_accepted_too(folder: Path, run: Run) -> None:
    env = folder / "migrations" / "env.py"
    text = env.read_text().replace(
        "target_metadata = MetaData()",
        "import sqlalchemy as sa\n"
        "target_metadata = MetaData()\n"
        'sa.Table("note", target_metadata, sa.Column("id", sa.Integer, primary_key=True))',
    )
    env.write_text(text)
    assert run("--strict", "--write-baseline")[0] == 0
    code, out, _ = run("--strict")
    assert code == 0, out
    assert "known difference" in out
    env.write_text(text.replace("primary_key=True)", 'primary_key=True), sa.Column("z", sa.Text)'))
    code, out, _ = run("--strict")
    assert code == 1
    assert "+column note.z" in out
    assert "table page" not in out.replace("create_table page", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no baseline"),
        ('{"version": 9}', "baseline of version 9"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_no_baseline(folder: Path, run: Run, text: str | None, words: str) -> None:
    file = folder / "known.json"
    if text is not None:
        file.write_text(text)
    code, out, err = run("--baseline", "known.json")
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert words in err


def test_the_line_is_named_where_it_cannot_be_written(folder: Path, run: Run) -> None:
    (folder / "pyproject.toml").unlink()
    code, out, err = run("--backend", "sqlite", "--write-baseline", "--baseline", "known.json")
    assert code == 0
    assert "Accepted 2 failures in known.json." in out
    assert 'put `baseline = "known.json"` into [tool.calista.roundtrip] of pyproject.toml' in err


@pytest.mark.parametrize(
    "before",
    [
        '[tool.calista]\ndialects = ["sqlite"]\nroundtrip.driver = "psycopg"\n',
        '[tool.calista]\ndialects = ["sqlite"]\n[tool.calista.roundtrip]\nx = []\n[tool.ruff]\n',
        '[tool.calista]\ndialects = ["sqlite"]\n[tool.calista.roundtrip.losses]\nr0 = "so"\n',
    ],
)
def test_the_key_finds_its_place(folder: Path, run: Run, before: str) -> None:
    (folder / "pyproject.toml").write_text(before)
    assert run("--write-baseline")[0] == 0
    assert run()[0] == 0
    assert run("--write-baseline")[2] == ""


def test_in_a_test_run_they_are_expected_to_fail(
    folder: Path, run: Run, pytester_run: Callable[[Sequence[str]], str]
) -> None:
    run("--write-baseline")
    said = pytester_run(["--roundtrip", "-q"])
    assert "2 passed, 2 xfailed" in said


@pytest.fixture
def pytester_run(folder: Path) -> Callable[[Sequence[str]], str]:
    import subprocess
    import sys

    def go(words: Sequence[str]) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout

    return go
