"""Every revision of this repository on PostgreSQL: upgrade, compare, downgrade, compare, upgrade again."""

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

BACKEND = "postgresql"


@pytest.fixture(scope="module")
def steps() -> dict[str, Step]:
    return steps_of(BACKEND)


@pytest.mark.parametrize("revision", REVISIONS)
def test_revision_is_undone_and_applied_again(revision: str, steps: dict[str, Step]) -> None:
    assert_undone_and_applied_again(steps[revision])


FUNCTION = """
op.execute("CREATE FUNCTION note_keep() RETURNS trigger LANGUAGE plpgsql "
           "AS 'BEGIN RAISE ''no''; END'")
"""
TRIGGER = """
op.execute("CREATE TRIGGER note_keep BEFORE UPDATE ON note "
           "FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()")
"""
PLANTED = {
    "index": ('op.create_index("ix_note_body", "note", ["body"])', "+index ix_note_body on note"),
    "trigger": (TRIGGER, "+trigger note_keep on note"),
    "function": (FUNCTION, "+function note_keep()"),
    "default": (
        'op.alter_column("note", "body", server_default=None)',
        "~column note.body: default 'new'::text → none",
    ),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_downgrade_that_forgets_is_named(kind: str, project: Callable[..., Path]) -> None:
    upgrade, difference = PLANTED[kind]
    assert_named(BACKEND, project, upgrade, difference)
