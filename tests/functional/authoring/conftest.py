"""A small Alembic project with the bridge template, and both doors to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import alembic.config
import pytest

from benchmarks.generated_history import write_project
from calista_tools.program import program

ROOT = Path(__file__).parents[3]


class Said(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of three revisions, in the working folder."""
    write_project(tmp_path, 3)
    shutil.copy(ROOT / "migrations" / "script.py.mako", tmp_path / "migrations")
    shutil.copy(ROOT / "alembic.ini", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def tasks(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a task as ``calista-migrations`` does."""

    def run(*arguments: str) -> Said:
        return _finished(lambda: program().run(["calista-migrations", *arguments]), capsys)

    return run


@pytest.fixture
def alembic_(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run plain ``alembic``."""

    def run(*arguments: str) -> Said:
        return _finished(lambda: alembic.config.main(list(arguments)), capsys)

    return run


def _finished(command: Callable[[], object], capsys: pytest.CaptureFixture[str]) -> Said:
    code: object = 0
    try:
        command()
    except SystemExit as done:
        code = done.code or 0
    captured = capsys.readouterr()
    assert isinstance(code, int), code
    return Said(code, captured.out, captured.err)
