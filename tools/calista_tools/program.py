"""``calista-migrations``: the tasks of this repository as a program for other people's projects."""

from __future__ import annotations

import sys
from importlib.metadata import version

from invoke.program import Program

from calista_tools.harmless import harmless_streams
from calista_tools.task import forget_output
from calista_tools.tasks import collection


def main() -> None:
    """Run the tasks named on the command line; ends with ``SystemExit`` on an error."""
    try:
        with harmless_streams():
            program().run()
        sys.stdout.flush()
    except BrokenPipeError:  # `calista-migrations --list | head`
        forget_output()


def program() -> Program:
    """Return the program, with its tasks."""
    return Program(
        name="calista-migrations",
        binary="calista-migrations",
        binary_names=["calista-migrations"],
        namespace=collection(),
        version=version("calista"),
    )
