"""Where proofs begin is said once for all tools: `start-after`, or --from of one run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from calista_tools import check_steps
from calista_tools.roundtrip.roundtrip_cli import main

Write = Callable[..., Path]
#: r0 is not taken back.
HISTORY = {
    "r0": ('op.create_table("note", sa.Column("id", sa.Integer))', ""),
    "r1": ('op.create_table("page", sa.Column("id", sa.Integer))', 'op.drop_table("page")'),
}
JSON = ["--no-cache", "--output-format", "json"]


@pytest.fixture
def folder(project: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    ini = project(HISTORY)
    (ini.parent / "pyproject.toml").write_text('[tool.calista]\nselect = ["CAL4"]\n')
    monkeypatch.chdir(ini.parent)
    return ini.parent


def set_start(folder: Path, revision: str) -> None:
    file = folder / "pyproject.toml"
    file.write_text(f'{file.read_text()}dialects = ["sqlite"]\nstart-after = "{revision}"\n')


def proven(text: str) -> list[str]:
    return [step["revision"] for step in json.loads(text)["steps"]]


def test_the_roundtrip_begins_where_the_lint_does(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_start(folder, "r0")
    assert main(JSON) == 0
    assert proven(capsys.readouterr().out) == ["r1"]
    assert main([*JSON, "--from", "base"]) == 1
    assert proven(capsys.readouterr().out) == ["r0", "r1"]


def test_nothing_has_come_after_it_yet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_start(folder, "r1")
    assert main(JSON) == 0
    assert proven(capsys.readouterr().out) == []
    assert main([*JSON, "--from", "r1"]) == 2


def test_check_hands_both_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_steps.run(cache=False, backends=["sqlite"]) == 1
    said = capsys.readouterr().out
    assert "FAILED  r0" in said
    assert "postgresql" not in said
    check_steps.run(cache=False, backends=["sqlite"], start="r0")
    said = capsys.readouterr().out
    assert "FAILED  r0" not in said
    assert "r1  r1" in said
