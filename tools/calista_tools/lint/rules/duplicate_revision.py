from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from calista_tools.lint.versions import Versions


@rule("CAL405", "duplicate-revision", scope="history", lasting=True)
def check(versions: Versions) -> Iterator[tuple[Path, Finding]]:
    """Revision id is also in another file.

    Alembic warns, and keeps whichever file it reads last: the other one never runs. It happens
    when a revision is started from a copy of another one.

    Bad::

        # file: 20250826_1030_create_stream.py
        revision = "a1"
        down_revision = None
        # file: 20250826_1031_create_note.py
        revision = "a1"
        down_revision = None

    Good::

        # file: 20250826_1030_create_stream.py
        revision = "a1"
        down_revision = None
        # file: 20250826_1031_create_note.py
        revision = "b2"
        down_revision = "a1"
    """
    for problem in versions.history.problems:
        if problem.kind == "duplicate":
            yield problem.path, Finding(problem.line, 1, problem.message)
