"""A SQLite file that is gone or another one: nothing is acknowledged that is not there."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.functional.calista.refusals import HEAD, on_posix, on_sqlite

pytestmark = [on_sqlite, on_posix]
LINE = json.dumps({"stream_id": "n", "stream_type": "observation", "event_type": "started"}) + "\n"


class Input(io.RawIOBase):
    """What comes through a pipe, a chunk at a time; something happens before the last one."""

    def __init__(self, *chunks: str, before_last: Callable[[], object]) -> None:
        self.chunks = [chunk.encode() for chunk in chunks]
        self.before_last = before_last

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self.chunks:
            return 0
        if len(self.chunks) == 1:
            self.before_last()
        chunk = self.chunks.pop(0)
        buffer[: len(chunk)] = chunk
        return len(chunk)


def as_stdin(monkeypatch: pytest.MonkeyPatch, source: Input) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BufferedReader(source)))


def remove(path: Path) -> None:
    path.unlink()


def rename(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))


def replace_by_a_copy(path: Path) -> None:
    shutil.copy(path, path.with_name("copy.db"))
    path.with_name("copy.db").replace(path)


def replace_by_another(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE other (id INTEGER)")
    other.close()


def replace_by_nothing(path: Path) -> None:
    path.unlink()
    path.touch()


def move_the_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("moved"))


def remove_the_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def switch_the_link(path: Path) -> None:
    link = path.with_name("link.db")
    shutil.copy(path, path.with_name("copy.db"))
    link.unlink()
    link.symlink_to("copy.db")


HARMS = [
    remove,
    rename,
    replace_by_a_copy,
    replace_by_another,
    replace_by_nothing,
    move_the_folder,
    remove_the_folder,
    switch_the_link,
]
on_every_harm = pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
in_both_modes = pytest.mark.parametrize("mode", ["delete", "wal"])


@pytest.fixture
def path(calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An upgraded database in a folder of its own, which is opened by a link."""
    folder = place.folder / "data"
    folder.mkdir()
    (folder / "link.db").symlink_to("real.db")
    monkeypatch.setenv("CALISTA_DB_URL", f"sqlite:///{folder}/link.db")
    assert calista("db", "upgrade", "--yes", "--no-backup").code == 0
    return Path(folder / "real.db")


def set_mode(path: Path, mode: str) -> None:
    with sqlite3.connect(path) as connection:
        assert connection.execute(f"PRAGMA journal_mode = {mode}").fetchone() == (mode,)
    connection.close()


def assert_refused(result: Any, *words: str) -> None:
    assert result.code == 1, result.err
    assert "Traceback" not in result.err
    errors = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, result.err
    for word in words:
        assert word in errors[0]


@on_every_harm
def test_while_the_input_is_read(
    calista: Any, path: Path, monkeypatch: pytest.MonkeyPatch, harm: Any
) -> None:
    as_stdin(monkeypatch, Input(LINE, LINE, before_last=lambda: harm(path)))
    result = calista("events", "append")
    assert_refused(result, "was removed or replaced while it was in use", "no event was stored")
    assert result.out == ""


@on_every_harm
@in_both_modes
def test_when_the_events_are_about_to_be_stored(
    calista: Any, path: Path, at_commit: list[Any], harm: Any, mode: str
) -> None:
    """Too late for SQLite to notice, not for us."""
    set_mode(path, mode)
    source = path.parent.parent / "input.jsonl"
    source.write_text(LINE * 3)
    at_commit.append(lambda: harm(path))
    result = calista("events", "append", str(source))
    assert_refused(result, "was removed or replaced while it was in use", "no event was stored")
    assert result.out == ""


@pytest.mark.parametrize("harm", [remove], ids=["remove"])
@in_both_modes
def test_between_two_pieces(
    calista: Any, path: Path, monkeypatch: pytest.MonkeyPatch, harm: Any, mode: str
) -> None:
    """What was acknowledged before stays so."""
    set_mode(path, mode)
    as_stdin(monkeypatch, Input(LINE, LINE, before_last=lambda: harm(path)))
    result = calista("events", "append", "--commit-every", "1")
    assert_refused(result, "was removed or replaced", "1 event stored before it")
    assert [json.loads(line)["version"] for line in result.out.splitlines()] == [1]


@pytest.mark.parametrize("files", [("-wal",), ("-wal", "-shm")])
def test_when_the_write_ahead_log_is_removed(
    calista: Any, path: Path, at_commit: list[Any], files: tuple[str, ...]
) -> None:
    """Others would not see what is only in there."""
    set_mode(path, "wal")
    source = path.parent.parent / "input.jsonl"
    source.write_text(LINE * 3)

    def harm() -> None:
        for suffix in files:
            path.with_name(path.name + suffix).unlink()

    at_commit.append(harm)
    result = calista("events", "append", str(source))
    assert_refused(result, "write-ahead log", "was removed or replaced")
    assert result.out == ""


@pytest.mark.parametrize("harm", [remove, replace_by_nothing], ids=["remove", "nothing"])
def test_while_it_is_upgraded(calista: Any, place: Any, harm: Any) -> None:
    """What was upgraded is not what the next command will find."""
    place.alembic("7c1d0e5b9a42")

    def at_the_last(connection: Any) -> None:
        recorded = "SELECT count(*) FROM alembic_version WHERE version_num = ?"
        if connection.exec_driver_sql(recorded, (HEAD,)).scalar() and place.database.path.exists():
            harm(place.database.path)

    event.listen(Engine, "commit", at_the_last)
    try:
        result = calista("db", "upgrade", "--yes")
    finally:
        event.remove(Engine, "commit", at_the_last)
    assert_refused(result, "was removed or replaced while it was in use")


@in_both_modes
def test_what_is_not_harmed_is_stored(calista: Any, path: Path, mode: str) -> None:
    """Through the link, in pieces, and seen by the next command."""
    set_mode(path, mode)
    source = path.parent.parent / "input.jsonl"
    source.write_text(LINE * 5)
    for option in ([], ["--commit-every", "2"]):
        result = calista("events", "append", *option, str(source))
        assert (result.code, len(result.out.splitlines())) == (0, 5)
    assert len(calista("events", "list").out.splitlines()) == 10
