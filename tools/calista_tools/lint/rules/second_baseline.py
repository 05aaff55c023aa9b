from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from calista_tools.lint.versions import Versions


@rule("CAL403", "second-baseline", scope="history", lasting=True)
def check(versions: Versions) -> Iterator[tuple[Path, Finding]]:
    """History starts in two places, elsewhere than at the baseline, or the baseline was changed.

    The baseline is immutable: a database that was stamped with it has no way to another one.
    ``baseline`` in ``[tool.calista]`` pins it; otherwise the first base by file name counts.
    A base with ``branch_labels`` starts a branch of its own, as a plug-in's does, and is none of this.
    A squash gives a new baseline together with a way for databases that carry the old one.

    Bad::

        # file: 20250826_1030_create_stream.py
        revision = "a1"
        down_revision = None
        # file: 20250826_1031_create_note.py
        revision = "b2"
        down_revision = None

    Good::

        # file: 20250826_1030_create_stream.py
        revision = "a1"
        down_revision = None
        # file: 20250826_1031_create_note.py
        revision = "b2"
        down_revision = "a1"
    """
    locked = set()
    for broken in versions.breaks:
        if broken.code == "CAL403":
            locked.add(broken.path)
            yield broken.path, Finding(broken.line, 1, f"{broken.message}: {broken.hint}")
    history, pinned = versions.history, versions.config.baseline
    bases = sorted(history.parentless, key=lambda r: r.name)  # a doubled id is CAL405's to report
    if not bases:
        return
    if pinned is None:
        # Branches of their own start beside it.
        pinned = next((base for base in bases if not base.branch_labels), bases[0]).revision
    elif pinned not in history.revisions:
        message = f"the history starts here, not at the pinned baseline `{pinned}`, which is gone"
        yield bases[0].path, Finding(1, 1, message)
        return
    elif history.revisions[pinned].down_revisions:
        path = history.revisions[pinned].path
        yield path, Finding(1, 1, "the pinned baseline has a parent: it is the baseline no more")
    for base in bases:
        if base.revision != pinned and not base.branch_labels and base.path not in locked:
            first = history.revisions[pinned].name
            yield base.path, Finding(1, 1, f"a second baseline beside `{first}`: it has no parent")
