"""A pipe, a device or gigabytes in the place of a file: one line says so, and nobody waits."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

from calista.cli import main as calista
from calista_tools.errors import ToolError
from calista_tools.lint.cli import main as lint
from calista_tools.rework.commands import record, verify
from calista_tools.roundtrip.roundtrip_cli import main as roundtrip

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices are files")
SECONDS = 10


def gigabyte(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1_000_000_000)


ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe": (os.mkfifo, "is not a regular file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "is not a regular file"),
    "a gigabyte": (gigabyte, "is too large: 1000 MB"),
}
HEADER = "import sqlalchemy as sa\nfrom alembic import op\nrevision = '{}'\ndown_revision = {}\n"
FIRST = HEADER.format("a1", None) + "\ndef upgrade():\n    pass\n"
SECOND = HEADER.format("b2", "'a1'") + (
    "from pathlib import Path\n"
    "from helper import names\n\n"
    "def upgrade():\n"
    "    op.execute(Path(__file__).with_name('x.sql').read_text())\n"
    "    for name in names():\n        op.drop_table(name)\n\n"
    "def downgrade():\n    pass\n"
)


@pytest.fixture(autouse=True)
def _nobody_waits() -> Iterator[None]:
    """Interrupt a test that waits for ever."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with all that a tool may read."""
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.calista]\nlint-baseline = "accepted.json"\ndialects = ["sqlite"]\n'
    )
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    (tmp_path / "accepted.json").write_text('{"version": 1, "findings": []}')
    (tmp_path / "migrations" / "env.py").touch()
    (tmp_path / "migrations" / "history.lock").touch()
    (tmp_path / "helper.py").write_text("def names():\n    return ['a']\n")
    (versions / "20250826_1030_first.py").write_text(FIRST)
    (versions / "20250826_1031_second.py").write_text(SECOND)
    (versions / "x.sql").write_text("DROP TABLE b")
    monkeypatch.chdir(tmp_path)
    return tmp_path


REVISION = "migrations/versions/20250826_1031_second.py"
#: What is told of, and with which exit code; 0 for what need not be told: it is not ours to read.
READ_BY_LINT = {
    "pyproject.toml": 2,
    "alembic.ini": 2,
    "migrations/history.lock": 2,
    "accepted.json": 2,
    REVISION: 1,
    "migrations/env.py": 0,
    "helper.py": 0,
    "migrations/versions/x.sql": 0,
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", READ_BY_LINT)
def test_lint(name: str, kind: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, words = ODD[kind]
    (project / name).unlink()
    make(project / name)
    for flags in ([], ["--no-cache"], ["--output-format", "json"], ["--diff"], ["--names"]):
        code = lint(flags)
        said = capsys.readouterr()
        assert "internal error" not in said.err
        if "--names" in flags or "--diff" in flags:
            continue
        wanted = READ_BY_LINT[name]
        if wanted:
            assert code == wanted
            told = said.out if wanted == 1 else said.err
            assert words in told
            assert Path(name).name in told
            assert wanted == 1 or len(said.err.splitlines()) <= 2
        else:
            assert code in (0, 1)


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", [REVISION, "migrations/history.lock", "pyproject.toml"])
@pytest.mark.parametrize("command", [record, verify])
def test_history(command: Callable[[], object], name: str, kind: str, project: Path) -> None:
    make, words = ODD[kind]
    (project / name).unlink()
    make(project / name)
    if command is verify and name == REVISION:
        command()  # it is not published
        return
    with pytest.raises(ToolError) as caught:
        command()
    assert Path(name).name in caught.value.message
    assert words in caught.value.message


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", [REVISION, "alembic.ini", "pyproject.toml", "migrations/env.py"])
def test_roundtrip(name: str, kind: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, words = ODD[kind]
    (project / name).unlink()
    make(project / name)
    code = roundtrip(["--backend", "sqlite"])
    said = capsys.readouterr()
    assert code == 2
    assert Path(name).name in said.err
    assert words in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("kind", ODD)
def test_settings_of_the_application(
    kind: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, words = ODD[kind]
    make(project / "calista.toml")
    assert calista(["db", "status"]) in (1, 2)
    said = capsys.readouterr()
    assert "calista.toml" in said.err
    assert words in said.err
