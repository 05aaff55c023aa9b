"""Ends `calista db upgrade` or `restore` at chosen points and looks at what is left; a program.

Each attempt is a fork. ``--by KILL`` ends it with SIGKILL at a statement, a commit, or a line of
the code that locks, backs up, upgrades and restores (see `points`), so that nothing of Python's or
SQLAlchemy's own cleaning up takes place, and some more attempts by a timer. ``INT`` is Ctrl-C;
``session`` and ``program`` are explained in `attacks`.

    CALISTA_DB_URL=... python -m tests.functional.calista.killing FOLDER [--step 7 [--first 3]]
        [--action restore] [--by INT]

Step 1 tries every point, 7 every seventh from the third. Prints a JSON report.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.functional.calista.killing.attacks import Attack, ByProgram, BySession, BySignal
from tests.functional.calista.killing.site import Site

#: Attempts by a timer, over all slices.
BY_TIMER = 40


def in_a_fork(function: Callable[[], int]) -> bool:
    """Run in a child process; returns whether it was ended before it was done."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = function()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return status != 0


def report(site: Site, options: argparse.Namespace) -> dict[str, Any]:
    attack = make_attack(site, options.by)
    kinds = attack.count()
    chosen = range(options.first, sum(kinds.values()) + 1, options.step)
    attempts: dict[str, Callable[[], int]]
    attempts = {f"point {number}": partial(attack.at, number) for number in chosen}
    if isinstance(attack, BySignal) and options.by == "KILL":
        chance = random.Random(options.first)
        for _ in range(BY_TIMER // options.step):
            moment = chance.uniform(0.001, attack.seconds)
            attempts[f"after {moment:.4f} s"] = partial(attack.at_a_moment, moment)
    survived, faults = [], {}
    for name, attempt in attempts.items():
        site.reset()
        if not in_a_fork(attempt):
            survived.append(name)
        found = site.faults() + site.recover()
        if found:
            faults[name] = found
    return {"points": kinds, "attempts": len(attempts), "survived": survived, "faults": faults}


def make_attack(site: Site, name: str) -> Attack:
    if name == "session":
        return BySession(site)
    return ByProgram(site) if name == "program" else BySignal(site, name)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument(
        "--action", choices=["upgrade", "upgrade with events", "restore"], default="upgrade"
    )
    parser.add_argument("--by", choices=["KILL", "INT", "session", "program"], default="KILL")
    return parser.parse_args()


if __name__ == "__main__":
    options = parse()
    # A shell without job control makes what it starts in the background deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    site = Site(options.folder, options.action)
    try:
        print(json.dumps(report(site, options)))
    finally:
        site.close()
