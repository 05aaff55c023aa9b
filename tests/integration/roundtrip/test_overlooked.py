"""A change that nothing told of is noticed in the end, and everything is read again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from calista_tools.environment.roundtrip_settings import Settings
from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.run import Options, prove
from tests.integration.conftest import ENV

CREATE = 'op.create_table("note", sa.Column("id", sa.Integer, primary_key=True))'
BESIDE = """
# On a connection of its own: the run's own connection holds none of its locks.
with op.get_bind().engine.begin() as beside:
    beside.execute(sa.text("CREATE INDEX ix_note ON note (id)"))
"""
WRITE_BESIDE = """
engine = sa.create_engine(op.get_bind().engine.url)
with engine.begin() as beside:
    beside.execute(sa.text("UPDATE note SET body = 'x' WHERE body IS NOT NULL"))
engine.dispose()
"""


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_rows_written_on_another_connection_are_found(
    backend: str, project: Callable[..., Path]
) -> None:
    create = CREATE.replace("))", '), sa.Column("body", sa.Text))')
    ini = project(
        {
            "one": (create, 'op.drop_table("note")'),
            "two": (WRITE_BESIDE, ""),
            "three": ("", ""),
        }
    )
    run = prove(Project(ini), Options(backend=backend, cache=False))
    one, two, three = run.steps
    assert one.proven
    assert [line.partition(": ")[0] for line in two.differences] == ["column note.body"]
    assert three.proven


def test_a_change_on_another_connection_is_found(project: Callable[..., Path]) -> None:
    ini = project(
        {"one": (CREATE, 'op.drop_table("note")'), "two": (BESIDE, ""), "three": ("", "")}
    )
    run = prove(Project(ini), Options(backend="postgresql", cache=False))
    one, two, three = run.steps
    assert one.proven
    assert two.differences == ["+index ix_note on note"]
    assert three.proven
    assert run.notes == ["every object was read after every step"]


@pytest.mark.parametrize("fails", ["up", "down", "again"])
def test_rows_that_were_written_beside_the_run_are_missed_also_before_a_failure(
    fails: str, project: Callable[..., Path]
) -> None:
    emptied = """
    with op.get_bind().engine.begin() as beside:
        beside.execute(sa.text("DELETE FROM note"))
    """
    other = CREATE.replace("note", "other")
    three = {
        "up": ("raise ValueError", ""),
        "down": ("", "raise ValueError"),
        "again": (other, 'op.rename_table("other", "kept")'),
    }
    ini = project(
        {"one": (CREATE, 'op.drop_table("note")'), "two": (emptied, ""), "three": three[fails]}
    )
    run = prove(Project(ini), Options(backend="postgresql", cache=False))
    assert [step.proven for step in run.steps] == [True, False, False]
    assert run.steps[1].differences[0].startswith("table note: all 3 rows lost")


def test_a_role_does_not_outlive_the_first_reading(project: Callable[..., Path]) -> None:
    role = f"calista_test_{uuid4().hex[:12]}"
    owner = f'op.execute("CREATE ROLE {role}")\nop.execute("ALTER TABLE note OWNER TO {role}")'
    back = f'op.execute("ALTER TABLE note OWNER TO CURRENT_USER")\nop.execute("DROP ROLE {role}")'
    fails = 'op.execute("SELECT 1 / 0")'
    ini = project(
        {
            "one": (CREATE, 'op.drop_table("note")'),
            "two": (owner, back),
            "three": ("", fails),
            "four": (BESIDE, ""),
        }
    )
    run = prove(Project(ini), Options(backend="postgresql", cache=False))
    assert run.notes == ["every object was read after every step"]
    assert [step.proven for step in run.steps[:3]] == [True, True, False]


def test_head_is_told_of_once(project: Callable[..., Path]) -> None:
    table = 'MetaData()\nTable("other", target_metadata, Column("id", Integer))'
    env = ENV.replace("MetaData()", table).replace(
        "import MetaData", "import Column, Integer, MetaData, Table"
    )
    ini = project({"one": (CREATE, 'op.drop_table("note")'), "two": (BESIDE, "")}, env=env)
    settings = Settings(drift={"*": "not ours"})
    run = prove(Project(ini), Options(backend="postgresql", cache=False, settings=settings))
    assert run.compared == ["drift"]
    first, *others = run.notes
    assert first == "every object was read after every step"
    assert others
    assert len(others) == len(set(others))


def test_what_ends_with_its_session_is_no_object(project: Callable[..., Path]) -> None:
    helpers = """
for sql in (
    "CREATE OR REPLACE FUNCTION pg_temp.twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2'",
    "CREATE TEMP TABLE IF NOT EXISTS helper (id int PRIMARY KEY)",
    "CREATE TEMP SEQUENCE IF NOT EXISTS counter",
    "DROP TYPE IF EXISTS pg_temp.kind",
    "CREATE TYPE pg_temp.kind AS ENUM ('one', 'two')",
    "UPDATE note SET id = pg_temp.twice(id) / 2",
):
    op.execute(sql)
"""
    ini = project({"one": (CREATE, 'op.drop_table("note")'), "two": (helpers, "")})
    run = prove(Project(ini), Options(backend="postgresql", cache=False))
    assert [step.proven for step in run.steps] == [True, True], run.steps
    assert run.notes == []
