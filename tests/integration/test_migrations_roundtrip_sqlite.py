"""Every revision of this repository on SQLite: upgrade, compare, downgrade, compare, upgrade again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from calista_tools.history import read_history
from calista_tools.roundtrip.engine import Options, prove
from calista_tools.roundtrip.project import Project
from calista_tools.roundtrip.result import Step

ROOT = Path(__file__).parents[2]
REVISIONS = sorted(read_history(ROOT / "migrations" / "versions").revisions)
BACKEND = "sqlite"


@pytest.fixture(scope="module")
def steps() -> dict[str, Step]:
    """What the round-trip says of each revision, found out in one run."""
    run = prove(Project(ROOT / "alembic.ini"), Options(backend=BACKEND, cache=False))
    return {step.revision: step for step in run.steps}


@pytest.mark.parametrize("revision", REVISIONS)
def test_revision_is_undone_and_applied_again(revision: str, steps: dict[str, Step]) -> None:
    step = steps[revision]
    assert (step.error, step.differences) == (None, [])
    assert (step.upgrade, step.downgrade, step.upgrade_again) == ("ok", "ok", "ok")
    assert step.restored
    assert step.data_kept


CREATE = (('op.create_table("note", sa.Column("id", sa.Integer, primary_key=True), '
          'sa.Column("body", sa.Text, server_default="new"))'), 'op.drop_table("note")')  # fmt: skip
TRIGGER = """
op.execute("CREATE TRIGGER note_keep BEFORE DELETE ON note BEGIN SELECT RAISE(ABORT, 'no'); END")
"""
PLANTED = {
    "index": (
        'op.create_index("ix_note_body", "note", ["body"])',
        "",
        ["+index ix_note_body on note"],
    ),
    "trigger": (TRIGGER, "", ["+trigger note_keep on note"]),
    "default": (
        """
        with op.batch_alter_table("note") as batch:
            batch.alter_column("body", server_default=None)
        """,
        "",
        ["~column note.body: default 'new' → none"],
    ),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_downgrade_that_forgets_is_named(kind: str, project: Callable[..., Path]) -> None:
    upgrade, downgrade, differences = PLANTED[kind]
    ini = project({"first": CREATE, "guilty": (upgrade, downgrade), "last": ("", "")})
    run = prove(Project(ini), Options(backend=BACKEND, cache=False))
    first, guilty, last = run.steps
    assert not run.proven
    assert first.proven
    assert last.proven
    assert guilty.revision == "guilty"
    assert not guilty.restored
    assert guilty.differences == differences
