"""``calista-migrations``: the tasks of this repository as a program for other people's projects."""

from __future__ import annotations

from importlib.metadata import version

from invoke.program import Program

from calista_tools.tasks import collection


def main() -> None:
    """Run the tasks named on the command line; never returns normally on an error."""
    program = Program(
        name="calista-migrations",
        binary="calista-migrations",
        binary_names=["calista-migrations"],
        namespace=collection(),
        version=version("calista"),
    )
    program.run()
