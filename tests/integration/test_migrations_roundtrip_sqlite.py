"""Every revision of this repository on SQLite: upgrade, compare, downgrade, compare, upgrade again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from calista_tools.roundtrip.proof.result import Step
from tests.integration.own_history import (
    REVISIONS,
    assert_named,
    assert_undone_and_applied_again,
    steps_of,
)

BACKEND = "sqlite"


@pytest.fixture(scope="module")
def steps() -> dict[str, Step]:
    return steps_of(BACKEND)


@pytest.mark.parametrize("revision", REVISIONS)
def test_revision_is_undone_and_applied_again(revision: str, steps: dict[str, Step]) -> None:
    assert_undone_and_applied_again(steps[revision])


TRIGGER = """
op.execute("CREATE TRIGGER note_keep BEFORE DELETE ON note BEGIN SELECT RAISE(ABORT, 'no'); END")
"""
DEFAULT = """
with op.batch_alter_table("note") as batch:
    batch.alter_column("body", server_default=None)
"""
PLANTED = {
    "index": ('op.create_index("ix_note_body", "note", ["body"])', "+index ix_note_body on note"),
    "trigger": (TRIGGER, "+trigger note_keep on note"),
    "default": (DEFAULT, "~column note.body: default 'new' → none"),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_downgrade_that_forgets_is_named(kind: str, project: Callable[..., Path]) -> None:
    upgrade, difference = PLANTED[kind]
    assert_named(BACKEND, project, upgrade, difference)
