"""Our steps do to Alembic's version table what Alembic's own do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from alembic.runtime.migration import RevisionStep
from alembic.script import Script
from alembic.script.revision import RevisionMap
from hypothesis import given
from hypothesis import strategies as st

from calista_tools.roundtrip.proof.alembic_step import AlembicStep


class _Module:
    """What Alembic asks of a revision's module."""

    __doc__ = "a revision"
    dependencies: tuple[str, ...] | None = None

    def __init__(self, revision: str, parents: tuple[str, ...]) -> None:
        self.revision, self.down_revision = revision, parents or None

    def upgrade(self) -> None:
        """Do nothing."""

    def downgrade(self) -> None:
        """Do nothing."""


@st.composite
def graphs(draw: st.DrawFn) -> RevisionMap:
    """Histories with branches and merges."""
    names = [f"r{n}" for n in range(draw(st.integers(1, 8)))]
    scripts = []
    for at, name in enumerate(names):
        parents = draw(st.sets(st.sampled_from(names[:at]), max_size=2)) if at else set()
        module = _Module(name, tuple(sorted(parents)))
        scripts.append(Script(module, name, f"{name}.py"))  # type: ignore[arg-type]
    return RevisionMap(lambda: scripts)


@given(graphs(), st.data())
def test_a_downgrade_returns_to_the_same_revisions(
    history: RevisionMap, data: st.DataObject
) -> None:
    scripts = list(history.iterate_revisions("heads", "base"))
    script = data.draw(st.sampled_from(scripts))
    others = data.draw(st.sets(st.sampled_from([s.revision for s in scripts])))
    heads = {script.revision, *others}
    project: Any = SimpleNamespace(script=SimpleNamespace(revision_map=history))
    ours = AlembicStep(project, script, upgrade=False)  # type: ignore[arg-type]
    theirs = RevisionStep(history, script, False)  # type: ignore[arg-type]
    assert set(ours._unmerge_to_revisions(heads)) == set(theirs._unmerge_to_revisions(heads))
    assert ours.should_delete_branch(heads) == theirs.should_delete_branch(heads)
