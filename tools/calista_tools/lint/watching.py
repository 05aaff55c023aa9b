"""How does ``--watch`` notice a change? It looks at every file again, a few times a second."""

from __future__ import annotations

import sys
from pathlib import Path
from time import sleep, time_ns
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError, describe
from calista_tools.harmless import unwrapped
from calista_tools.lint.asked_targets import asked_targets
from calista_tools.lint.memory.file_states import state_of
from calista_tools.lint.memory.watched import watched

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import SimpleNamespace

    from calista_tools.lint.memory.file_states import State

#: Seconds between two looks: short to a person, nothing to the machine.
_PAUSE = 0.3
_CLEAR = "\x1b[2J\x1b[3J\x1b[H"


def run(arguments: SimpleNamespace, config_path: Path | None) -> int:
    """Check, wait for a change, check again; ends with Ctrl-C, and with exit code 0."""
    from calista_tools.lint import command

    states: Mapping[str, State] = {}
    try:
        while True:
            if sys.stdout.isatty():
                unwrapped(sys.stdout).write(_CLEAR)
            try:
                # Before the check: what changes meanwhile is a change.
                states = _states(arguments, config_path)
                arguments.began = time_ns()
                command.check(arguments, config_path)
            except ToolError as error:
                # Half-written settings are no reason to end, and will change again.
                print(describe(error), file=sys.stderr)
                states = {path: state_of(path) for path in states}
            print("Watching for changes; Ctrl-C ends.", file=sys.stderr, flush=True)
            _wait(states)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 0


def _states(arguments: SimpleNamespace, config_path: Path | None) -> Mapping[str, State]:
    """Return how every file and folder looks that the answer may depend on."""
    groups = asked_targets(arguments, config_path).groups
    paths = {str(path) for group in groups for path in group.files}
    paths.update(str(path.parent) for group in groups for path in group.files)
    paths.update(watched(groups, arguments.paths, config_path) or ())
    for location in {group.config.script_location for group in groups}:
        paths.update(map(str, location.glob("*.py")))
    paths.add(str(Path.cwd() / "pyproject.toml"))
    return {path: state_of(path) for path in paths}


def _wait(states: Mapping[str, State]) -> None:
    if not states:  # the settings were wrong from the beginning: look for others
        states = {str(path): state_of(str(path)) for path in (Path.cwd(), Path("pyproject.toml"))}
    while all(state_of(path) == state for path, state in states.items()):
        sleep(_PAUSE)
