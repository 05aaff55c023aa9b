"""What the round-trip must say of this repository's own history, and of one that is not undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from calista_tools.history import read_history
from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.result import Step
from calista_tools.roundtrip.proof.run import Options, prove

ROOT = Path(__file__).parents[2]
REVISIONS = sorted(read_history(ROOT / "migrations" / "versions").revisions)
CREATE = (('op.create_table("note", sa.Column("id", sa.Integer, primary_key=True), '
          'sa.Column("body", sa.Text, server_default="new"))'), 'op.drop_table("note")')  # fmt: skip


def steps_of(backend: str) -> dict[str, Step]:
    """Return what the round-trip says of each revision, found out in one run."""
    run = prove(Project(ROOT / "alembic.ini"), Options(backend=backend, cache=False))
    return {step.revision: step for step in run.steps}


def assert_undone_and_applied_again(step: Step) -> None:
    assert (step.error, step.differences) == (None, [])
    assert (step.upgrade, step.downgrade, step.upgrade_again) == ("ok", "ok", "ok")
    assert step.restored
    assert step.data_kept


def assert_named(backend: str, project: Callable[..., Path], upgrade: str, difference: str) -> None:
    """Plant an upgrade whose downgrade does nothing: it is named, with what it leaves behind."""
    ini = project({"first": CREATE, "guilty": (upgrade, ""), "last": ("", "")})
    run = prove(Project(ini), Options(backend=backend, cache=False))
    first, guilty, last = run.steps
    assert not run.proven
    assert first.proven
    assert last.proven
    assert guilty.revision == "guilty"
    assert not guilty.restored
    assert guilty.differences == [difference]
