"""Revisions without a downgrade: a defect, unless they say why and what to do instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from calista_tools.environment.roundtrip_settings import Settings
from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.result import Run
from calista_tools.roundtrip.proof.run import Options, prove

Write = Callable[..., Path]

CREATE = (
    'op.create_table("note", sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.Integer))',
    'op.drop_table("note")',
)
ADD = 'op.create_index("ix_note_n", "note", ["n"])'
AFTER = ('op.create_index("ix_note_n2", "note", ["n"])', 'op.drop_index("ix_note_n2", "note")')
MISSING = {
    "does nothing": "pass",
    "raises": 'raise NotImplementedError("no way back")',
    "is not there": "",
}


def history(project: Write, down: str, *, absent: bool = False) -> Project:
    ini = project({"r00": CREATE, "r01": (ADD, down), "r02": AFTER})
    if absent:
        file = ini.parent / "migrations" / "versions" / "r01.py"
        source = file.read_text(encoding="utf-8")
        file.write_text(source[: source.index("def downgrade")], encoding="utf-8")
    return Project(ini)


def proven(project: Project, backend: str, settings: Settings | None = None) -> Run:
    options = Options(backend=backend, cache=False, settings=settings or Settings())
    return prove(project, options)


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
@pytest.mark.parametrize("how", MISSING)
def test_a_missing_downgrade_is_a_defect_of_its_revision_alone(
    how: str, backend: str, project: Write
) -> None:
    run = proven(history(project, MISSING[how], absent=how == "is not there"), backend)
    assert [step.proven for step in run.steps] == [True, False, True]
    guilty = run.steps[1]
    assert not guilty.restored
    if how == "does nothing":
        assert guilty.downgrade == "ok"
        assert "+index ix_note_n on note" in guilty.differences
    else:
        assert guilty.downgrade == "error"


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
@pytest.mark.parametrize("how", ["does nothing", "raises"])
def test_one_that_says_so_is_proven_forwards(how: str, backend: str, project: Write) -> None:
    reason = "the old values are gone; restore the backup"
    down = f"{MISSING[how]}  # noqa: CAL305 - {reason}"
    run = proven(history(project, down), backend)
    assert run.proven
    step = run.steps[1]
    assert (step.upgrade, step.downgrade, step.upgrade_again) == ("ok", "skipped", "skipped")
    assert step.declared == [f"no way back, declared: {reason}"]


def test_without_a_reason_nothing_is_declared(project: Write) -> None:
    down = f"{MISSING['raises']}  # noqa: CAL305"
    assert not proven(history(project, down), "sqlite").proven


def test_published_revisions_are_declared_in_the_settings(project: Write) -> None:
    settings = Settings(irreversible={"r01": "published so; restore the backup"})
    run = proven(history(project, MISSING["raises"]), "sqlite", settings)
    assert run.proven


@pytest.mark.parametrize(
    ("upgrade", "lost"),
    [
        ('op.execute("DELETE FROM note WHERE n < 0")', False),
        ('op.execute("UPDATE note SET n = 0")', False),
        # Not meant: a new table is filled from half of the rows, and takes the old one's name.
        (
            (
                'op.execute("CREATE TABLE copy AS SELECT * FROM note WHERE n < 0")\n'
                'op.drop_table("note")\nop.rename_table("copy", "note")'
            ),
            True,
        ),
    ],
)
def test_rows_need_not_come_back_but_may_not_vanish(
    upgrade: str, lost: bool, project: Write
) -> None:
    down = "pass  # noqa: CAL305 - what was cleaned stays clean"
    run = proven(Project(project({"r00": CREATE, "r01": (upgrade, down)})), "sqlite")
    assert run.steps[1].data_kept is not lost
