"""Runs the benchmarks named on the command line, or all: ``python -m benchmarks revision``."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from benchmarks.measure import compile_everything, machine


def main(argv: list[str]) -> int:
    """Run ``argv[0]`` with the rest as its arguments; without arguments run every benchmark."""
    known = sorted(
        path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py")
    )
    if argv and argv[0] not in known:
        print(f"error: no benchmark {argv[0]!r}\nhint: there are: {', '.join(known)}")
        return 2
    compile_everything()
    print(machine())
    worst = 0
    for name in [argv[0]] if argv else known:
        print(f"\n# {name}", flush=True)
        worst = max(worst, import_module(f"benchmarks.bench_{name}").main(argv[1:]))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
