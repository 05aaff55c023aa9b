"""Which programs does `CALISTA_TEST_PG_BIN` choose, and what is said of a folder that has none?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from calista_tools.backends.programs import find_programs
from calista_tools.errors import ToolError
from tests.fetch_server import newest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pretends to be a program by sh")


def pretend(folder: Path, version: str) -> Path:
    for name in ("initdb", "postgres"):
        (folder / name).write_text(f'#!/bin/sh\necho "{name} (PostgreSQL) {version}"\n')
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("said", "version", "major"),
    [
        ("13.23", "13.23", 13),
        ("15.18 (Debian 15.18-0+deb12u1)", "15.18", 15),
        ("19beta2", "19beta2", 19),
    ],
)
def test_the_named_folder_is_taken_whatever_else_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, version: str, major: int
) -> None:
    monkeypatch.setenv("CALISTA_TEST_PG_BIN", str(pretend(tmp_path, said)))
    found = find_programs()
    assert (found.folder, found.version, found.major) == (tmp_path, version, major)


@pytest.mark.parametrize(
    ("version", "words"),
    [("", "is no folder with initdb and postgres"), ("12.22", "has PostgreSQL 12.22")],
)
def test_a_folder_that_is_of_no_use_is_refused_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, words: str
) -> None:
    if version:
        pretend(tmp_path, version)
    monkeypatch.setenv("CALISTA_TEST_PG_BIN", str(tmp_path))
    with pytest.raises(ToolError) as caught:
        find_programs()
    assert str(tmp_path) in caught.value.message
    assert words in caught.value.message
    assert caught.value.exit_code == 2


def test_a_folder_on_path_is_taken_where_there_is_no_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(tmp_path, "14.2")
    (tmp_path / "pg_ctl").symlink_to(tmp_path / "initdb")
    monkeypatch.delenv("CALISTA_TEST_PG_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("calista_tools.backends.programs.find_spec", lambda name: None)
    assert find_programs().folder == tmp_path


def test_the_newest_of_a_major_version_is_fetched() -> None:
    versions = ["13.9.0-beta.16", "13.10.0-beta.2", "13.10.0-beta.15", "14.1.0-beta.1"]
    assert newest(versions, 13) == "13.10.0-beta.15"
    with pytest.raises(SystemExit, match="no version of PostgreSQL 12"):
        newest(versions, 12)


COPY = """
import sys
from pathlib import Path
from calista_tools.backends.programs import Programs, readable_by_everyone
copied = readable_by_everyone(Programs(Path(sys.argv[1]), "15.1"), Path(sys.argv[2]))
print(copied.folder, (copied.folder / "postgres").stat().st_ino)
"""


def test_programs_are_copied_once_by_those_that_begin_at_once(tmp_path: Path) -> None:
    closed = tmp_path / "closed" / "native" / "bin"
    closed.mkdir(parents=True)
    pretend(closed, "15.1")
    for number in range(200):
        (closed.parent / f"{number}.sql").write_text("select 1")
    (tmp_path / "closed").chmod(0o700)
    command = [sys.executable, "-c", COPY, str(closed), str(tmp_path)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = {process.communicate()[0] for process in started}
    assert [process.returncode for process in started] == [0] * 4
    assert len(said) == 1
    assert str(closed) not in said.pop()
