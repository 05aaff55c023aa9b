from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from calista_tools.lint.versions import Versions


@rule("CAL404", "unknown-parent", scope="history", lasting=True)
def check(versions: Versions) -> Iterator[tuple[Path, Finding]]:
    """Parent is in no file, or the revision comes after itself.

    Alembic refuses to load such a history at all: no command works until it is repaired.
    Revisions of another package, which are there when it is installed, are named in ``external-revisions``
    of ``[tool.calista]``.

    Bad::

        # file: 20250826_1030_create_stream.py
        revision = "a1"
        down_revision = "f0"

    Bad::

        # file: 20250826_1030_create_stream.py
        revision = "a1"
        down_revision = "b2"
        # file: 20250826_1031_create_note.py
        revision = "b2"
        down_revision = "a1"

    Good::

        # file: 20250826_1030_create_stream.py
        revision = "a1"
        down_revision = None
        # file: 20250826_1031_create_note.py
        revision = "b2"
        down_revision = "a1"
    """
    for problem in versions.history.problems:
        if problem.kind in ("missing-parent", "cycle"):
            # What has run depends on a revision that was there: another package's.
            passing = problem.message.startswith("unknown depends_on")
            yield problem.path, Finding(problem.line, 1, problem.message, passing=passing)
