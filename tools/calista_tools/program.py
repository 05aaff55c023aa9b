"""``calista-migrations``: the tasks of this repository as a program for other people's projects."""

from __future__ import annotations

import sys
from typing import Any

from invoke.program import Program

from calista_tools import __version__
from calista_tools.harmless import harmless_streams
from calista_tools.task import forget_output
from calista_tools.tasks import collection


def main() -> None:
    """Run the tasks named on the command line; ends with ``SystemExit`` on an error."""
    try:
        program().run()
        sys.stdout.flush()
    except BrokenPipeError:  # `calista-migrations --list | head`
        forget_output()


class _Program(Program):
    """One that shows no control characters and no passwords, whatever it does not understand."""

    def run(self, argv: Any = None, exit: bool = True) -> None:  # noqa: A002 - Invoke's name
        """Run the tasks that are named."""
        words = argv if isinstance(argv, list) else [argv]
        with harmless_streams(words):
            super().run(argv, exit)


def program() -> Program:
    """Return the program, with its tasks."""
    return _Program(
        name="calista-migrations",
        binary="calista-migrations",
        binary_names=["calista-migrations"],
        namespace=collection(),
        version=__version__,
    )
