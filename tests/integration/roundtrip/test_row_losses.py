"""Each way to lose or change rows is found, on the right revision, and nothing else is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from calista_tools.environment.roundtrip_settings import Settings
from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.result import FEW_ROWS, Step
from calista_tools.roundtrip.proof.run import Options, prove

Write = Callable[..., Path]

CREATE = (
    """
    op.create_table(
        "note",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String(40), nullable=False),
        sa.Column("body", sa.String(80)),
        sa.Column("size", sa.Integer),
    )
    op.create_table(
        "tag",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("note_id", sa.Integer, sa.ForeignKey("note.id", ondelete="CASCADE"), nullable=False),
    )
    """,
    'op.drop_table("tag")\nop.drop_table("note")',
)
#: Upgrade, downgrade, what is said of the rows (both dialects), whether rows were lost.
Planted = tuple[str, str, list[str], bool]
BATCH = 'with op.batch_alter_table("note") as batch_op:\n    '
PLANTED: Mapping[str, Planted] = {
    "rows deleted": (
        'op.execute("DELETE FROM tag WHERE id % 2 = 0")',
        "",
        ["table tag: 2 of 3 rows lost after downgrade"],
        False,
    ),
    "table emptied": (
        'op.execute("DELETE FROM tag")',
        "",
        ["table tag: all 3 rows lost after downgrade"],
        False,
    ),
    "values changed": (
        "op.execute(\"UPDATE note SET title = 'changed'\")",
        "",
        ["column note.title: 'title 0' → 'changed', "],
        False,
    ),
    "values not brought back right": (
        'op.execute("UPDATE note SET size = size + 1")',
        'op.execute("UPDATE note SET size = size - 2")',
        ["column note.size: "],
        False,
    ),
    "columns swapped by copying": (
        """
        op.execute("CREATE TABLE copy (id INTEGER PRIMARY KEY, x VARCHAR(80), y VARCHAR(80))")
        op.execute("INSERT INTO copy SELECT id, body, title FROM note")
        op.execute("UPDATE note SET body = (SELECT y FROM copy WHERE copy.id = note.id)")
        op.drop_table("copy")
        """,
        "",
        ["column note.body: "],
        False,
    ),
    "column dropped and added again empty": (
        'with op.batch_alter_table("note") as batch_op:\n    batch_op.drop_column("size")',
        (
            'with op.batch_alter_table("note") as batch_op:\n'
            '    batch_op.add_column(sa.Column("size", sa.Integer))'
        ),
        ["column note.size: "],
        False,
    ),
    "table dropped": (
        'op.drop_table("tag")',
        """
        op.create_table(
            "tag",
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("note_id", sa.Integer, sa.ForeignKey("note.id", ondelete="CASCADE"), nullable=False),
        )
        """,
        ["table tag: all 3 rows lost after downgrade"],
        False,
    ),
    "rows left over": (
        "op.execute(\"INSERT INTO note (id, title) VALUES (1, 'seed')\")",
        "",
        ["table note: 1 row left over after downgrade"],
        True,
    ),
    "data step on one dialect only": (
        """
        if op.get_bind().dialect.name == "sqlite":
            op.execute("DELETE FROM tag WHERE id % 2 = 1")
        """,
        "",
        ["table tag: 1 of 3 rows lost after downgrade"],
        False,
    ),
    "rows lost by a cascade": (
        'op.execute("DELETE FROM note")',
        "",
        ["table tag: all 3 rows lost after upgrade", "table note: all 3 rows lost after downgrade"],
        False,
    ),
}
ONE_DIALECT = {
    "data step on one dialect only": "sqlite",
    "rows lost by a cascade": "postgresql",
}
HEALTHY: Mapping[str, tuple[str, str]] = {
    "column added": (
        'op.add_column("note", sa.Column("kind", sa.String(9), server_default="x"))',
        'with op.batch_alter_table("note") as batch_op:\n    batch_op.drop_column("kind")',
    ),
    "column renamed": (
        BATCH + 'batch_op.alter_column("body", new_column_name="text")',
        BATCH + 'batch_op.alter_column("text", new_column_name="body")',
    ),
    "table renamed": (
        'op.rename_table("note", "page")',
        'op.rename_table("page", "note")',
    ),
    "type widened": (
        BATCH + 'batch_op.alter_column("size", type_=sa.BigInteger, existing_type=sa.Integer)',
        BATCH + 'batch_op.alter_column("size", type_=sa.Integer, existing_type=sa.BigInteger)',
    ),
    "values changed and brought back": (
        'op.execute("UPDATE note SET size = size + 1")',
        'op.execute("UPDATE note SET size = size - 1")',
    ),
    "empty values filled": (
        'op.execute("UPDATE note SET size = 0 WHERE size IS NULL")',
        "",
    ),
    "rows seeded and removed": (
        "op.execute(\"INSERT INTO note (id, title) VALUES (1, 'seed')\")",
        'op.execute("DELETE FROM note WHERE id = 1")',
    ),
    "loss declared": (
        'op.execute("DELETE FROM tag")  # noqa: CAL301 - tags are made again from the notes',
        "",
    ),
    "clock as default": (
        (
            'with op.batch_alter_table("note") as batch_op:\n    batch_op.add_column('
            'sa.Column("at", sa.DateTime, server_default=sa.text("CURRENT_TIMESTAMP")))'
        ),
        'with op.batch_alter_table("note") as batch_op:\n    batch_op.drop_column("at")',
    ),
}


def row_lines(step: Step) -> list[str]:
    """Return what is said of rows, without saying which."""
    lines = [line for line in step.differences if line.startswith(("table", "column"))]
    return [re.sub(r" \(\w+=[^)]*\)", "", line) for line in lines]


def prove_all(write: Write, backend: str, bodies: Mapping[str, tuple[str, str]]) -> list[Step]:
    """Prove bodies as one history: each starts from the same rows, since each is undone last."""
    revisions: dict[str, tuple[str, str]] = {"r00": CREATE}
    for number, (upgrade, downgrade) in enumerate(bodies.values(), 1):
        revisions[f"r{number:02}"] = (upgrade, downgrade)
    run = prove(Project(write(revisions)), Options(backend=backend, cache=False))
    return run.steps


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
@pytest.mark.parametrize("name", PLANTED)
def test_planted_loss_is_found(name: str, backend: str, project: Write) -> None:
    upgrade, downgrade, expected, kept = PLANTED[name]
    if ONE_DIALECT.get(name, backend) != backend:
        if "cascade" in name:
            return
        expected, kept = [], True
    first, step = prove_all(project, backend, {name: (upgrade, downgrade)})
    assert first.proven
    lines = row_lines(step)
    assert len(lines) == len(expected), step.differences
    for line, start in zip(lines, expected, strict=True):
        assert line.startswith(start)
    assert step.data_kept is kept
    assert len(step.differences) == len(lines)
    assert step.proven is (not expected)


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_healthy_steps_are_not_accused(backend: str, project: Write) -> None:
    steps = prove_all(project, backend, _undone(HEALTHY))
    found = {step.revision: (step.error, step.differences) for step in steps if not step.proven}
    assert found == {}
    declared = [re.sub(r" \(.*?\)", "", line) for step in steps for line in step.declared]
    assert declared == [
        ("table tag: all 3 rows lost after downgrade, declared: tags are made again from the notes")
    ]


def _undone(bodies: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Follow each body with its downgrade as a revision, so that the next one meets the same."""
    result: dict[str, tuple[str, str]] = {}
    for name, (upgrade, downgrade) in bodies.items():
        result[name] = (upgrade, downgrade)
        if "rename" in name:
            result[f"{name}, back"] = (downgrade, upgrade)
    return result


def test_children_deleted_by_a_recreation_are_found(project: Write) -> None:
    env = """
from alembic import context
from sqlalchemy import create_engine, event, pool

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA foreign_keys=ON"))
with engine.connect() as connection:
    context.configure(connection=connection, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
"""
    upgrade = BATCH + 'batch_op.alter_column("title", type_=sa.String(50))'
    downgrade = BATCH + 'batch_op.alter_column("title", type_=sa.String(40))'
    path = project({"r00": CREATE, "r01": (upgrade, downgrade)}, env=env)
    _, step = prove(Project(path), Options(backend="sqlite", cache=False)).steps
    assert not step.data_kept
    assert any(
        line.startswith("table tag: all 3 rows lost") and "after upgrade" in line
        for line in step.differences
    )


def test_a_recreation_that_swaps_or_cuts_columns_is_found(project: Write) -> None:
    swap = """
    op.execute("CREATE TABLE note2 (id INTEGER NOT NULL PRIMARY KEY, title VARCHAR(40) NOT NULL,"
               " body VARCHAR(80), size INTEGER)")
    op.execute("INSERT INTO note2 SELECT id, {columns}, size FROM note")
    op.execute("DROP TABLE note")
    op.execute("ALTER TABLE note2 RENAME TO note")
    """
    swapped = swap.format(columns="coalesce(body, 'none'), title")
    cut = swap.format(columns="substr(title, 1, 3), body")
    revisions = {"r00": CREATE, "r01": (swapped, swapped), "r02": (cut, "")}
    run = prove(Project(project(revisions)), Options(backend="sqlite", cache=False))
    _, first, second = run.steps
    assert any(
        line.startswith("column note.title: 'title 0' → 'body 0'") for line in first.differences
    )
    assert any(line.startswith("column note.body: ") for line in first.differences)
    assert any("'bod'" in line and "after upgrade" in line for line in second.differences)
    assert not first.data_kept
    assert not second.data_kept


def test_append_only_tables_keep_their_rows(project: Write) -> None:
    trigger = """
    op.execute("CREATE TRIGGER note_forbid_update BEFORE UPDATE ON note "
               "BEGIN SELECT RAISE(ABORT, 'append-only'); END")
    op.execute("CREATE TRIGGER note_forbid_delete BEFORE DELETE ON note "
               "BEGIN SELECT RAISE(ABORT, 'append-only'); END")
    """
    back = """
    op.execute("DROP TRIGGER note_forbid_update")
    op.execute("DROP TRIGGER note_forbid_delete")
    """
    add = 'op.add_column("note", sa.Column("kind", sa.String(9)))'
    drop = 'op.execute("ALTER TABLE note DROP COLUMN kind")'
    path = project({"r00": CREATE, "r01": (trigger, back), "r02": (add, drop), "r03": ("", "")})
    run = prove(Project(path), Options(backend="sqlite", cache=False))
    assert [step.differences for step in run.steps] == [[], [], [], []]


def test_rows_that_cannot_be_made_are_said(project: Write) -> None:
    create: tuple[str, str] = (
        (
            'op.create_table("riddle", sa.Column("a", sa.Integer, nullable=False),'
            ' sa.CheckConstraint("a * a = 15129 AND a > 0", name="ck"))'
        ),
        'op.drop_table("riddle")',
    )
    run = prove(
        Project(project({"r00": create, "r01": ("", "")})), Options(backend="sqlite", cache=False)
    )
    notes: list[Any] = run.steps[1].notes
    assert any(note.startswith("no rows in riddle: ") for note in notes)


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_the_project_gives_rows_and_declares_losses(backend: str, project: Write) -> None:
    clean = "UPDATE note SET title = 'none' WHERE title = 'ours'"
    path = project({"r00": CREATE, "r01": (f'op.execute("{clean}")', "")})
    settings = Settings(
        rows={"r00": {"note": [{"id": 7, "title": "ours"}], "missing": [{"id": 1}]}},
        losses={"r01": "ours was never right"},
    )
    options = Options(backend=backend, cache=False, settings=settings)
    step = prove(Project(path), options).steps[1]
    assert step.proven
    assert step.declared == [
        (
            "column note.title: 'ours' → 'none' in 1 row (id=7) after downgrade,"
            " declared: ours was never right"
        )
    ]
    assert step.notes == ["no rows in missing: the project gives rows, and there is no such table"]


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_leading_zeros_are_part_of_a_text(backend: str, project: Write) -> None:
    as_number = "UPDATE note SET title = CAST(CAST(title AS INTEGER) AS VARCHAR(40))"
    path = project({"r00": CREATE, "r01": (f'op.execute("{as_number}")', "")})
    settings = Settings(rows={"r00": {"note": [{"id": 7, "title": "01234"}]}})
    run = prove(Project(path), Options(backend=backend, cache=False, settings=settings))
    assert [step.differences for step in run.steps] == [
        [],
        ["column note.title: '01234' → '1234' in 1 row (id=7) after downgrade"],
    ]


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_what_refuses_several_rows_is_tried_with_one(backend: str, project: Write) -> None:
    create = CREATE[0].replace("sa.String(40), ", "sa.String(40), unique=True, ")
    all_the_same = """op.execute("UPDATE note SET title = 'same'")"""
    adds = ('op.add_column("note", sa.Column("n", sa.Integer))', 'op.drop_column("note", "n")')
    nulls = "UPDATE note SET body = '%s' WHERE %s"
    empties = tuple(
        f'op.execute("{nulls % change}")' for change in (("", "body IS NULL"), ("-", "body = ''"))
    )
    revisions = {"r01": (all_the_same, ""), "r02": adds, "r03": empties}
    path = project({"r00": (create, CREATE[1]), **revisions})
    _, step, after, later = prove(Project(path), Options(backend=backend, cache=False)).steps
    assert step.refused_rows is not None
    assert "title" in step.refused_rows
    assert FEW_ROWS in step.notes
    assert not step.data_kept
    (loss,) = step.differences
    assert "→ 'same' in 1 row" in loss
    assert after.proven
    assert FEW_ROWS not in after.notes
    # One of the rows that come instead is as empty as the others were.
    assert [line.partition(" in ")[0] for line in later.differences] == [
        "column note.body: '' → '-'"
    ]


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_an_upgrade_may_refuse_rows_but_not_all(backend: str, project: Write) -> None:
    check = BATCH + 'batch_op.create_check_constraint("ck_note_size", "size >= 0")'
    uncheck = BATCH + 'batch_op.drop_constraint("ck_note_size", type_="check")'
    required = 'op.add_column("note", sa.Column("kind", sa.Text, nullable=False))'
    path = project({"r00": CREATE, "r01": (check, uncheck), "r02": (required, "")})
    _, first, second = prove(Project(path), Options(backend=backend, cache=False)).steps
    assert (first.error, first.differences) == (None, [])
    assert first.refused_rows is not None
    assert "ck_note_size" in first.refused_rows
    assert second.upgrade == "error"
    assert second.refused_rows is None
    assert "it can be upgraded to only while the tables are empty" in second.notes
