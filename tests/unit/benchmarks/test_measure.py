"""The harness runs whole processes in turns and refuses a run that failed."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest

from benchmarks.measure import Command, Result, machine, measure, report

if TYPE_CHECKING:
    from pathlib import Path


def test_commands_take_turns(tmp_path: Path) -> None:
    order: list[str] = []
    commands = [
        Command(
            name=name,
            argv=[sys.executable, "-c", "pass"],
            cwd=tmp_path,
            before=partial(order.append, name),
        )
        for name in "ab"
    ]
    results = measure(commands, runs=3, warmup=0)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert [(result.name, len(result.wall)) for result in results] == [("a", 3), ("b", 3)]


def test_a_failed_run_has_no_time(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "raise SystemExit('no database')"]
    with pytest.raises(SystemExit, match=r"peer: exit 1: .*\nno database"):
        measure([Command(name="peer", argv=argv, cwd=tmp_path)], runs=1, warmup=0)


def test_report_shows_medians_and_ratios() -> None:
    ours = Result(name="ours", wall=[0.3, 0.1, 0.2], cpu=[0.1] * 3, peak_bytes=30_000_000)
    peer = Result(name="peer", wall=[0.4, 0.4, 0.4], cpu=[0.4] * 3, peak_bytes=50_000_000)
    lines = report("revision", [ours, peer], against="peer").splitlines()
    assert lines[0] == "revision  (median of 3 interleaved runs, whole processes)"
    assert lines[2].split() == ["ours", "200.0", "100.0", "100.0", "30", "0.500"]
    assert lines[3].split() == ["peer", "400.0", "400.0", "400.0", "50", "1.000"]


def test_machine_is_one_line() -> None:
    assert "\n" not in machine()
