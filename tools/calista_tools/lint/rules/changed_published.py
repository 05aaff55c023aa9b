from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from calista_tools.lint.versions import Versions


@rule("CAL402", "changed-published", scope="history", lasting=True)
def check(versions: Versions) -> Iterator[tuple[Path, Finding]]:
    """Published revision was changed, moved or removed.

    Databases have run it as it was, and will never run it again: from here on two databases at the
    same revision differ. Take the change back and make it in a new revision. What is published
    stands in ``history.lock``; comments, docstrings and layout may change.

    Bad::

        # file: ../history.lock
        # calista history lock, version 1
        baseline a1
        a1 - sha256:0000000000000000000000000000000000000000000000000000000000000000 20250826_1030_a.py
        b2 a1 sha256:0000000000000000000000000000000000000000000000000000000000000000 20250826_1031_b.py
        # file: 20250826_1030_a.py
        revision = "a1"
        down_revision = None
        # file: 20250826_1031_b.py
        revision = "b2"
        down_revision = "a1"

    Good::

        # file: 20250826_1030_a.py
        revision = "a1"
        down_revision = None
        # file: 20250826_1031_b.py
        revision = "b2"
        down_revision = "a1"
    """
    for broken in versions.breaks:
        if broken.code == "CAL402":
            yield broken.path, Finding(broken.line, 1, f"{broken.message}: {broken.hint}")
