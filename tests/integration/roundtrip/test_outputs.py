"""What the command says, in each of its formats, and what it exits with."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from calista_tools.roundtrip.cli import main

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
  FAILED  r2  r2
          {folder / "r2.py"}
          upgrade: ValueError: no
          by hand, from an empty database:
            alembic upgrade r1
            alembic upgrade r2
  skipped r3  r3
          not reached: r2 cannot be upgraded to
sqlite (…): 4 revisions, 1 proven, 3 failed in …
"""
    )


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
