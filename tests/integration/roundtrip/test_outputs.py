"""What the command says, in each of its formats, and what it exits with."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from calista_tools.roundtrip.roundtrip_cli import main

Write = Callable[..., Path]
CREATE = ('op.create_table("note", sa.Column("id", sa.Integer, primary_key=True))',
          'op.drop_table("note")')  # fmt: skip
HISTORY = {
    "r0": CREATE,
    "r1": ('op.add_column("note", sa.Column("n", sa.Integer))', ""),
    "r2": ("raise ValueError('no')", ""),
    "r3": ("", ""),
}
ENV = """
import sqlalchemy as sa
from alembic import context

metadata = sa.MetaData()
sa.Table("note", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("z", sa.Text))
engine = sa.create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""


@pytest.fixture
def ini(project: Write) -> str:
    return str(project(HISTORY))


def test_text(ini: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", ini, "--backend", "sqlite", "--no-cache"]) == 1
    said = capsys.readouterr().out
    folder = Path(ini).parent / "migrations" / "versions"
    assert (
        re.sub(r"SQLite [\d.]+|\d+\.\d s", "…", said)
        == f"""\
sqlite:
  ok      r0  r0
  FAILED  r1  r1
          {folder / "r1.py"}
          upgrade again: OperationalError: duplicate column name: n
          statement: ALTER TABLE note ADD COLUMN n INTEGER
          +column note.n
          note: the downgrade changes nothing
          by hand, from an empty database:
            alembic upgrade r0
            alembic upgrade r1
            alembic downgrade r0
            alembic upgrade r1
          accept it: `--write-baseline` (`baseline` in [tool.calista.roundtrip])
  FAILED  r2  r2
          {folder / "r2.py"}
          upgrade: ValueError: no
          by hand, from an empty database:
            alembic upgrade r1
            alembic upgrade r2
          accept it: `--write-baseline` (`baseline` in [tool.calista.roundtrip])
  skipped r3  r3
          not reached: r2 cannot be upgraded to
sqlite (…): 4 revisions, 1 proven, 3 failed in …
failed:
  sqlite  r1  upgrade again: OperationalError: duplicate column name: n
  sqlite  r2  upgrade: ValueError: no
  sqlite  1 not reached behind these
"""
    )


def test_files_are_named_from_the_working_folder(
    ini: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(ini).parent)
    assert main(["--backend", "sqlite", "--no-cache"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert f"          {Path('migrations', 'versions', 'r1.py')}" in said


def test_json(ini: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--config", ini, "--backend", "sqlite", "--no-cache", "--output-format", "json"]
    assert main(command) == 1
    found = json.loads(capsys.readouterr().out)
    assert {"backend", "server", "steps", "drift", "summary"} <= found.keys()
    wanted = {"revision", "filename", "upgrade", "downgrade", "restored", "data_kept", "seconds",
              "recreated_tables", "error", "differences", "cached"}  # fmt: skip
    assert all(wanted <= step.keys() for step in found["steps"])
    assert [step["upgrade"] for step in found["steps"]] == ["ok", "ok", "error", "skipped"]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_junit(jobs: str, ini: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--config", ini, "--no-cache", "--output-format", "junit", "--jobs", jobs]
    assert main([*command, "--backend", "sqlite", "--backend", "postgresql"]) == 1
    suites = ElementTree.fromstring(capsys.readouterr().out)
    assert [suite.get("name") for suite in suites] == ["sqlite", "postgresql"]
    for suite in suites:
        assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "2", "1")
        broken = {case.get("name"): case.find("failure") for case in suite}
        assert [name for name, failure in broken.items() if failure is not None] == [
            "r1 r1",
            "r2 r2",
        ]
        assert "alembic downgrade r0" in (broken["r1 r1"].text or "")  # type: ignore[union-attr]


def test_drift_fails_where_it_is_to_be_strict(
    project: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "--config",
        str(project({"r0": CREATE}, env=ENV)),
        "--backend",
        "sqlite",
        "--no-cache",
    ]
    assert main(command) == 0
    assert "+column note.z (only in the metadata)" in capsys.readouterr().out
    assert main([*command, "--strict"]) == 1
    for strict, tag in (([], "system-out"), (["--strict"], "failure")):
        capsys.readouterr()
        main([*command, "--output-format", "junit", *strict])
        (suite,) = ElementTree.fromstring(capsys.readouterr().out)
        assert suite.find(f"testcase[@name='drift']/{tag}") is not None


def test_an_unknown_revision_could_not_be_run(ini: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", ini, "--backend", "sqlite", "--to", "nothing"]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("error: ")
    assert said.err.count("\n") <= 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--backend", "sqlite", "--from", "r2", "--to", "r1"], "no revision comes after r2"),
        (["--backend", "sqlite", "--from", "r3"], "no revision comes after r3 and up to heads"),
        (["--backend", "sqlite", "--to", "base"], "no revision comes after base"),
        (["--backend", "sqlite", "-x", "foo"], "-x foo: not KEY=VALUE"),
    ],
)
def test_what_would_prove_nothing_could_not_be_run(
    ini: str, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    assert main(["--config", ini, *options]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert "hint: " in said.err
    assert "Traceback" not in said.err


def test_a_file_named_by_url_is_left_alone_and_that_is_said(
    project: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.db"
    ini = str(project({"r0": CREATE}))
    assert main(["--config", ini, "--url", f"sqlite:///{file}", "--no-cache"]) == 0
    assert "the file of --url is left alone" in capsys.readouterr().err
    assert not file.exists()


def test_bytes_that_are_no_text_are_a_finding_of_their_step(
    project: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    create = 'op.create_table("p", sa.Column("id", sa.Integer, primary_key=True), {0})'
    history = {
        "r0": (create.format('sa.Column("data", sa.LargeBinary)'), 'op.drop_table("p")'),
        "r1": ('op.execute("UPDATE p SET data = CAST(data AS TEXT)")', "pass"),
        "r2": CREATE,
    }
    assert main(["--config", str(project(history)), "--backend", "sqlite", "--no-cache"]) == 1
    said = capsys.readouterr().out
    assert re.findall(r"(ok|FAILED)  +(r\d)", said) == [
        ("ok", "r0"),
        ("FAILED", "r1"),
        ("ok", "r2"),
    ]
    assert "column p.data: X'0000000000ff' → " in said


def test_a_revision_called_as_alembic_calls_the_start(
    project: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(project({"base": CREATE})), "--backend", "sqlite"]) == 2
    assert "a revision cannot be called 'base'" in capsys.readouterr().err


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert re.fullmatch(r"calista-roundtrip \d+\.\d+\.\d+\n", capsys.readouterr().out)
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    said = capsys.readouterr().out
    assert "0 all proven, 1 a step failed, 2 could not run, 130" in " ".join(said.split())


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_others_print_is_no_part_of_the_report(
    jobs: str, project: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    echo = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(1)'], check=True)"
    kept = 'import sys\nprint("kept", file=sys.__stdout__)'
    speaks = f'print("imported")\n{kept}\n{echo}\n{ENV}'
    ini = project({"r0": (f"{CREATE[0]}\nprint('up')\n{echo}", CREATE[1])}, env=speaks)
    for module in (ini.parent / "migrations" / "versions").glob("*.py"):
        module.write_text(f"{module.read_text()}\nprint('read')\n", encoding="utf-8")
    command = [sys.executable, "-m", "calista_tools.roundtrip.roundtrip_cli", "--config", str(ini)]
    ran = subprocess.run(
        [*command, "--no-cache", "--output-format", "json", "--jobs", jobs],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert [run["backend"] for run in json.loads(ran.stdout)] == ["sqlite", "postgresql"]
    assert {"imported", "up", "read", "1"} <= set(ran.stderr.splitlines())
    # Python itself drops what another process has left in that buffer.
    assert jobs == "2" or "kept" in ran.stderr.splitlines()


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
@pytest.mark.parametrize("form", ["text", "json", "junit"])
def test_what_a_database_says_can_be_printed_anywhere(
    form: str, encoding: str, project: Write
) -> None:
    said = "\\u043d\\u0435\\u0442 \\udcff"
    ini = project({"r0": (f'raise ValueError("{said}")', "")})
    command = [sys.executable, "-m", "calista_tools.roundtrip.roundtrip_cli", "--config", str(ini)]
    done = subprocess.run(
        [*command, "--backend", "sqlite", "--output-format", form],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, b"")
    text = done.stdout.decode(encoding)
    if form == "text":
        assert "upgrade: ValueError: " in text
    elif form == "json":
        assert json.loads(text)["steps"][0]["error"] == "upgrade: ValueError: нет \udcff"
    else:
        failure = ElementTree.fromstring(text).find("*/testcase/failure")
        assert failure is not None
        assert failure.get("message") == "upgrade: ValueError: нет \N{REPLACEMENT CHARACTER}"


def test_a_terminal_is_told_what_is_proven_anew(
    project: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = """
    with op.get_bind().engine.begin() as beside:
        beside.execute(sa.text("CREATE INDEX ix_note ON note (id)"))
    """
    ini = str(project({"r0": CREATE, "r1": (beside, "")}))
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main(["--config", ini, "--backend", "postgresql", "--no-cache"]) == 1
    shown = [line.strip() for line in terminal.getvalue().split("\r\x1b[K")]
    assert shown == ["", "r0 r0", "r1 r1", "proven anew: r0 r0", "proven anew: r1 r1", ""]
    assert len(re.findall(r"^  (?:ok|FAILED) ", capsys.readouterr().out, re.MULTILINE)) == 2
