from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.file_template import stamp_in
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from calista_tools.lint.versions import Versions


@rule("CAL002", "dated-before-parent", scope="history")
def check(versions: Versions) -> Iterator[tuple[Path, Finding]]:
    """File is dated before, or at the minute of, a parent.

    Files sort in the order in which they run only if a child is at least a minute younger than its
    parents. A revision that was moved onto a newer parent keeps its old date unless
    ``calista-migrations rebase`` moves it. Names without a date in them, such as those of Alembic's
    own template, say nothing wrong.

    Bad::

        # file: 20250826_1030_create_stream.py
        revision = "a1"
        down_revision = None
        # file: 20250826_1030_create_note.py
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
    revisions = versions.history.revisions
    for revision in revisions.values():
        if (
            not revision.down_revisions
            or (stamp := stamp_in(versions.config, revision.name)) is None
        ):
            continue
        for name in revision.down_revisions:
            parent = revisions.get(name)
            if parent is None or parent is revision:
                continue
            earliest = stamp_in(versions.config, parent.name)
            if earliest is not None and stamp <= earliest:
                message = f"dated {stamp:%Y-%m-%d %H:%M}, not after its parent `{parent.name}`"
                yield revision.path, Finding(1, 1, message)
