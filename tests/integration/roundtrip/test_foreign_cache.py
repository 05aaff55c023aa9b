"""No proof is believed that somebody else may have written; no cache is a reason to fail."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from calista_tools.backends.account import kept_folder, server_folder
from calista_tools.errors import ToolError
from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.result import Run
from calista_tools.roundtrip.proof.run import Options, prove

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="owners and modes")
CREATE = 'op.create_table("{0}", sa.Column("id", sa.Integer, primary_key=True))'
HISTORY = {
    "one": (CREATE.format("one"), 'op.drop_table("one")'),
    "two": (CREATE.format("two"), "pass"),
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of everything that is kept."""
    folder = tmp_path / "kept"
    monkeypatch.setenv("CALISTA_PG_FOLDER", str(folder))
    return folder


@pytest.fixture
def ini(project: Callable[..., Path], home: Path) -> Path:
    ini = project({"one": HISTORY["one"]})
    assert cached(run(ini)) == [False]
    assert cached(run(ini)) == [True]
    return ini


def run(ini: Path) -> Run:
    found = prove(Project(ini), Options(backend="sqlite"))
    assert found.proven
    return found


def cached(found: Run) -> list[bool]:
    return [step.cached for step in found.steps]


def test_what_is_kept_is_closed_to_others(ini: Path, home: Path) -> None:
    kept = kept_folder()
    assert kept.is_relative_to(home)
    assert kept.stat().st_mode & 0o777 == 0o700
    assert any(kept.glob("*.json"))


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o777])
def test_what_others_may_look_into_is_not_believed(ini: Path, mode: int) -> None:
    kept = kept_folder()
    kept.chmod(mode)
    assert cached(run(ini)) == [False]
    kept.chmod(0o700)
    assert cached(run(ini)) == [True]


def test_a_link_is_not_followed(ini: Path, tmp_path: Path) -> None:
    kept = kept_folder()
    kept.rename(tmp_path / "elsewhere")
    kept.symlink_to(tmp_path / "elsewhere")
    before = sorted((tmp_path / "elsewhere").iterdir())
    assert cached(run(ini)) == [False]
    assert sorted((tmp_path / "elsewhere").iterdir()) == before


@pytest.mark.parametrize("what", ["a file", "a loop", "a fifo"])
def test_a_folder_that_is_none_is_no_reason_to_fail(ini: Path, what: str) -> None:
    kept = kept_folder()
    shutil.rmtree(kept)
    if what == "a file":
        kept.write_text("no folder")
    elif what == "a loop":
        kept.symlink_to(kept)
    else:
        os.mkfifo(kept)
    assert cached(run(ini)) == [False]
    assert cached(run(ini)) == [False]


@pytest.mark.parametrize(
    "said",
    ["", "nonsense", "[]\n[]", "{}\n3", '{}\n{"steps": 3, "opened": 4}', "\udcff", "null\nnull"],
)
@pytest.mark.parametrize("end", ["json", "begun"])
def test_a_damaged_card_is_none(ini: Path, said: str, end: str) -> None:
    [card] = kept_folder().glob("*.json")
    if end == "begun":
        card.unlink()
        card = card.with_name(f"{card.stem.partition('-')[0]}.begun")
    card.write_bytes(said.encode(errors="surrogateescape"))
    assert cached(run(ini)) == [False]


def test_a_card_with_parts_missing_is_none(ini: Path) -> None:
    [card] = kept_folder().glob("*.json")
    head, body = card.read_text().split("\n")
    known = json.loads(body)
    for name in known:
        card.write_text(f"{head}\n{json.dumps({**known, name: 3})}")
        assert cached(run(ini)) == [False]


def test_a_lost_or_unreadable_database_is_proven_again(ini: Path) -> None:
    [kept] = kept_folder().glob("*.db")
    kept.unlink()
    kept.mkdir()
    assert cached(run(ini)) == [False]


def test_a_server_is_not_run_in_a_folder_of_somebody_elses_choice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pg"
    folder.mkdir()
    folder.chmod(0o777)
    monkeypatch.setenv("CALISTA_PG_FOLDER", str(folder))
    with pytest.raises(ToolError, match="others may write"):
        server_folder()
    assert folder.stat().st_mode & 0o777 == 0o777


@pytest.mark.parametrize("what", ["a link", "a file"])
def test_the_last_resort_is_no_link(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the user's own folder cannot be made, a name in the folder for temporary files is left."""
    precious = tmp_path / "precious"
    precious.mkdir(0o700)
    (tmp_path / "file").touch()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    last = temporary / f"calista-pg-{os.getuid()}"
    if what == "a link":
        last.symlink_to(precious)
    else:
        last.touch()
    monkeypatch.setenv("CALISTA_PG_FOLDER", str(tmp_path / "file" / "pg"))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with pytest.raises(ToolError):
        server_folder()
    assert precious.stat().st_mode & 0o777 == 0o700
