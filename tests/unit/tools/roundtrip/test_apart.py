"""A call in another process: its answer, its errors, and its end."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from pathlib import Path

import pytest

from calista_tools.errors import ToolError
from calista_tools.roundtrip.apart import Apart


def process() -> int:
    return os.getpid()


def refuse() -> None:
    raise ToolError("no such thing", "make one", exit_code=2)


def fail() -> None:
    raise ZeroDivisionError("one by none")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wait_and_tidy(folder: str) -> None:
    started = Path(folder, "started")
    started.touch()
    try:
        time.sleep(60)
    finally:
        started.unlink()


def test_it_runs_in_another_process() -> None:
    with closing(Apart(process)) as apart:
        assert apart.result() not in (0, os.getpid())


def test_what_a_user_can_act_on_comes_through() -> None:
    with closing(Apart(refuse)) as apart, pytest.raises(ToolError, match="no such thing") as found:
        apart.result()
    assert (found.value.hint, found.value.exit_code) == ("make one", 2)


def test_a_bug_keeps_its_traceback() -> None:
    with closing(Apart(fail)) as apart, pytest.raises(ZeroDivisionError) as found:
        apart.result()
    assert "in fail" in found.value.__notes__[0]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_process_that_was_killed_is_no_answer() -> None:
    with closing(Apart(die)) as apart, pytest.raises(ToolError, match="ended by SIGKILL"):
        apart.result()


def test_closed_it_tidies_up_first(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with closing(Apart(wait_and_tidy, str(tmp_path))):
        deadline = time.monotonic() + 30
        while not (tmp_path / "started").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert not (tmp_path / "started").exists()
    assert capfd.readouterr().err == ""
