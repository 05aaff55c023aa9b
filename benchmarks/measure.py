"""How long do these commands take, side by side? Whole processes, interleaved, medians, ratios.

A benchmark is a module ``benchmarks/bench_<what>.py`` with a function ``main(argv) -> int``;
``python -m benchmarks <what> ...`` runs it.
"""

from __future__ import annotations

import compileall
import os
import platform
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Command:
    """One contender.

    Attributes:
        before: Runs before each measured run, unmeasured: restore the folder, drop the database.
        exit_codes: Anything else ends the benchmark: a failed run has no time.
    """

    name: str
    argv: Sequence[str | Path]
    cwd: Path = ROOT
    env: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], object] | None = None
    exit_codes: Sequence[int] = (0,)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a contender took: seconds of wall and of CPU time by run, and its peak memory.

    On Linux a peak below this program's own memory (some 50 MB) reads as that.
    """

    name: str
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak_bytes: int = 0

    @property
    def median(self) -> float:
        """The median wall time in seconds."""
        return median(self.wall)


def measure(commands: Sequence[Command], *, runs: int = 15, warmup: int = 1) -> list[Result]:
    """Run the commands in turns, so that what disturbs the machine disturbs all of them."""
    for command in commands:
        for _ in range(warmup):
            _run(command)
    taken: dict[str, list[tuple[float, float, int]]] = {c.name: [] for c in commands}
    for turn in range(runs):
        # Every second turn backwards: nobody always runs after the same neighbour.
        for command in commands if turn % 2 == 0 else reversed(commands):
            taken[command.name].append(_run(command))
    return [
        Result(
            name=name,
            wall=[wall for wall, _, _ in samples],
            cpu=[cpu for _, cpu, _ in samples],
            peak_bytes=max(peak for _, _, peak in samples),
        )
        for name, samples in taken.items()
    ]


def report(title: str, results: Sequence[Result], *, against: str) -> str:
    """Return a table of medians, with each contender's share of ``against``'s wall time."""
    base = next(result for result in results if result.name == against)
    width = max(len(result.name) for result in results)
    lines = [
        f"{title}  (median of {len(base.wall)} interleaved runs, whole processes)",
        f"{'':{width}}  {'wall ms':>9}  {'min':>9}  {'CPU ms':>9}  {'peak MB':>8}  {'ratio':>7}",
    ]
    lines += [
        f"{r.name:{width}}  {r.median * 1000:9.1f}  {min(r.wall) * 1000:9.1f}"
        f"  {median(r.cpu) * 1000:9.1f}  {r.peak_bytes / 1e6:8.0f}  {r.median / base.median:7.3f}"
        for r in results
    ]
    return "\n".join(lines)


def machine() -> str:
    """Return one line on what the numbers were taken on."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{_processor()}, {os.cpu_count()} cores{load}; {platform.system()}"
        f" {platform.release()}; {platform.python_implementation()}"
        f" {platform.python_version()}, bytecode cached"
    )


def compile_everything() -> None:
    """Compile the environment and the sources: uncompiled ones nearly triple every start-up."""
    for folder in (sysconfig.get_path("purelib"), ROOT / "src", ROOT / "tools"):
        compileall.compile_dir(str(folder), quiet=2, workers=0)


def program(name: str) -> str:
    """Return the path of a program of this environment."""
    suffix = ".exe" if sys.platform == "win32" else ""
    return str(Path(sysconfig.get_path("scripts"), name + suffix))


def _run(command: Command) -> tuple[float, float, int]:
    if command.before:
        command.before()
    environment = {**os.environ, **command.env}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    argv = [str(word) for word in command.argv]
    start = time.perf_counter()
    process = subprocess.Popen(
        argv,
        cwd=command.cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    if sys.platform == "win32":
        code, cpu, peak = process.wait(), 0.0, 0
    else:
        _, status, usage = os.wait4(process.pid, 0)
        code = process.returncode = os.waitstatus_to_exitcode(status)
        cpu = usage.ru_utime + usage.ru_stime
        peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    wall = time.perf_counter() - start
    process.stderr.close()
    if code not in command.exit_codes:
        words = said.decode(errors="replace").strip()
        raise SystemExit(f"{command.name}: exit {code}: {' '.join(argv)}\n{words}")
    return wall, cpu, peak


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
