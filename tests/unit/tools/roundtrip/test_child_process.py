"""A call in another process: its answer, its errors, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from calista_tools.errors import ToolError
from calista_tools.roundtrip.proof.child_process import ChildProcess

ROOT = Path(__file__).parents[4]


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
    with closing(ChildProcess(process)) as apart:
        assert apart.result() not in (0, os.getpid())


def test_what_a_user_can_act_on_comes_through() -> None:
    with (
        closing(ChildProcess(refuse)) as apart,
        pytest.raises(ToolError, match="no such thing") as found,
    ):
        apart.result()
    assert (found.value.hint, found.value.exit_code) == ("make one", 2)


def test_a_bug_keeps_its_traceback() -> None:
    with closing(ChildProcess(fail)) as apart, pytest.raises(ZeroDivisionError) as found:
        apart.result()
    assert "in fail" in found.value.__notes__[0]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_process_that_was_killed_is_no_answer() -> None:
    with closing(ChildProcess(die)) as apart, pytest.raises(ToolError, match="ended by SIGKILL"):
        apart.result()


def much(folder: str) -> bytes:
    Path(folder, "made").touch()
    return bytes(10_000_000)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_its_answer_waits_for_nobody_when_its_parent_was_killed(tmp_path: Path) -> None:
    code = (
        "import os, sys, time; sys.path.insert(0, sys.argv[2])\n"
        "from tests.unit.tools.roundtrip.test_child_process import much\n"
        "from calista_tools.roundtrip.proof.child_process import ChildProcess\n"
        "apart = ChildProcess(much, sys.argv[1]); print(apart._process.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path), str(ROOT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        until(lambda: (tmp_path / "made").exists())
        parent.kill()
    until(lambda: not alive(child))


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    # A zombie of a container without an init has ended, too.
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_closed_it_tidies_up_first(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with closing(ChildProcess(wait_and_tidy, str(tmp_path))):
        until(lambda: (tmp_path / "started").exists())
    assert not (tmp_path / "started").exists()
    assert capfd.readouterr().err == ""
