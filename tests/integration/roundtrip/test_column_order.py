"""A column that is made anew comes last, which is nobody's fault; columns that change places are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.run import Options, prove

Write = Callable[..., Path]
BACKENDS = pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
CREATE = (
    """
    op.create_table(
        "note",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(40)),
        sa.Column("body", sa.Text),
    )
    """,
    'op.drop_table("note")',
)
REPLACE = """
op.add_column("note", sa.Column("new", {type}))
op.execute("UPDATE note SET new = kind")
with op.batch_alter_table("note") as batch:
    batch.drop_column("kind")
    batch.alter_column("new", new_column_name="kind", existing_type={type})
"""
RECREATE = """
op.rename_table("note", "old")
op.execute("CREATE TABLE note (id INTEGER NOT NULL PRIMARY KEY, body TEXT, kind VARCHAR(40))")
op.execute("INSERT INTO note (id, kind, body) SELECT id, kind, body FROM old")
op.drop_table("old")
"""


@BACKENDS
def test_a_column_that_is_replaced_both_ways(backend: str, project: Write) -> None:
    up, down = REPLACE.format(type="sa.Text"), REPLACE.format(type="sa.String(40)")
    ini = project({"r0": CREATE, "r1": (up, down)})
    step = prove(Project(ini), Options(backend=backend, cache=False)).steps[1]
    assert (step.error, step.differences) == (None, [])
    assert step.notes == [
        (
            "~table note: column order id, kind, body → id, body, kind"
            " (a column that was dropped comes back as the last one)"
        )
    ]


@BACKENDS
def test_columns_that_change_places(backend: str, project: Write) -> None:
    ini = project({"r0": CREATE, "r1": ("", RECREATE)})
    step = prove(Project(ini), Options(backend=backend, cache=False)).steps[1]
    assert "~table note: column order id, kind, body → id, body, kind" in step.differences
