from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.history.labelled_branches import split_branches
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from calista_tools.lint.versions import Versions


@rule("CAL401", "several-heads", scope="history", lasting=True)
def check(versions: Versions) -> Iterator[tuple[Path, Finding]]:
    """Branch has more than one head.

    Two people branched from one revision; ``alembic upgrade head`` refuses until somebody decides
    which comes first. ``calista-migrations rebase`` puts the unpublished branch on top, ``merge``
    joins branches that are both published.

    A branch that is there on purpose has a label: heads that carry different ``branch_labels``, as the
    independent bases of plug-ins do, are no finding, nor is a head that another branch ``depends_on``.
    Source: https://alembic.sqlalchemy.org/en/latest/branches.html

    Bad::

        # file: 20250826_1030_create_stream.py
        revision = "a1"
        down_revision = None
        # file: 20250826_1031_create_note.py
        revision = "b2"
        down_revision = "a1"
        # file: 20250826_1032_create_tag.py
        revision = "c3"
        down_revision = "a1"

    Good::

        # file: 20250826_1030_create_stream.py
        revision = "a1"
        down_revision = None
        # file: 20250826_1031_create_note.py
        revision = "b2"
        down_revision = "a1"
        # file: 20250826_1032_create_tag.py
        revision = "c3"
        down_revision = "b2"

    Good::

        # file: 20250826_1030_create_stream.py
        revision = "a1"
        down_revision = None
        # file: 20250826_1031_create_plugin.py
        revision = "b2"
        down_revision = None
        branch_labels = ("plugin",)
    """
    history = versions.history
    for heads in split_branches(history):
        names = {head: history.revisions[head].name for head in heads}
        for head in heads:
            others = ", ".join(f"`{name}`" for other, name in names.items() if other != head)
            message = f"one of {len(heads)} heads, beside {others}: rebase or merge"
            yield history.revisions[head].path, Finding(1, 1, message)
