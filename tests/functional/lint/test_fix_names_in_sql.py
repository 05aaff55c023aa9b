"""Repairs beyond plain strings: triggers and names in SQL, constraints that have no name."""

from pathlib import Path

import pytest

from tests.functional.lint.conftest import Run

pytestmark = pytest.mark.usefixtures("unpublished")

HEAD = '''\
"""add title

Revision ID: c3
Revises: b2
Create Date: 2025-08-26 10:32:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "c3"
down_revision = "b2"


def upgrade():
    bind = op.get_bind()
    {up}


def downgrade():
    bind = op.get_bind()
    {down}
'''
SQLITE_TRIGGER = """
    if bind.dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER no_update BEFORE UPDATE ON tag "
            "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
        )
    else:
        op.execute("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
                   " BEGIN RAISE EXCEPTION 'append-only'; END $$")
        op.execute("CREATE TRIGGER no_update BEFORE UPDATE ON tag"
                   " FOR EACH ROW EXECUTE FUNCTION refuse()")
"""
DROP_TRIGGER = """
    if bind.dialect.name == "sqlite":
        op.execute("DROP TRIGGER no_update")
    else:
        op.execute("DROP TRIGGER no_update ON tag")
        op.execute("DROP FUNCTION refuse()")
"""
NOTE = """
    op.create_table(
        "remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("on_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["on_id"], ["remark.id"], ondelete="CASCADE"),
        sa.UniqueConstraint("on_id"),
    )
"""
ENV = """\
from alembic import context
from sqlalchemy import create_engine

engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.begin() as connection:
    context.configure(connection, render_as_batch=True)
    context.run_migrations()
"""


def write(project: Path, up: str, down: str) -> Path:
    (project / "migrations" / "env.py").write_text(ENV)
    path = project / "migrations" / "versions" / "20250826_1032_add_title.py"
    path.write_text(HEAD.format(up=up.strip(), down=down.strip()))
    return path


def test_a_trigger_on_both_databases_is_renamed_in_upgrade_and_downgrade(
    project: Path, calista_lint: Run
) -> None:
    path = write(project, SQLITE_TRIGGER, DROP_TRIGGER)
    before = path.read_text()
    code, out, _ = calista_lint("--fix", "--unsafe-fixes", "--select", "CAL1")
    assert (code, out) == (0, "Found 2 errors (2 fixed, 0 remaining).\n")
    assert path.read_text() == before.replace("no_update", "tag_no_update")


def test_an_index_in_sql_is_renamed(project: Path, calista_lint: Run) -> None:
    path = write(
        project,
        'op.execute("CREATE INDEX by_name ON tag (name)")',
        'op.drop_index("by_name", "tag")',
    )
    assert calista_lint("--fix", "--unsafe-fixes", "--select", "CAL1")[0] == 0
    assert "by_name" not in path.read_text()
    assert path.read_text().count("ix_tag_tag_name") == 2


@pytest.mark.parametrize(
    "other",
    [
        "# no_update is dropped below",
        'name = f"no_update_{1}"; other = f"{name} no_update"',
        'op.execute("CREATE FUNCTION no_update() RETURNS trigger LANGUAGE sql AS $$ $$")',
        'op.execute("CREATE INDEX tag_no_update ON tag (name)")',
        'kept = "no" "_update"; op.execute("DROP TRIGGER " + kept)',
    ],
)
def test_a_name_that_means_more_than_one_thing_stays(
    other: str, project: Path, calista_lint: Run
) -> None:
    path = write(project, SQLITE_TRIGGER + f"    {other}\n", DROP_TRIGGER)
    before = path.read_text()
    calista_lint("--fix", "--unsafe-fixes", "--select", "CAL106")
    assert path.read_text() == before


def test_constraints_are_named_where_they_are_made(project: Path, calista_lint: Run) -> None:
    path = write(project, NOTE, 'op.drop_table("remark")')
    assert calista_lint("--fix", "--unsafe-fixes", "--select", "CAL1")[0] == 0
    text = " ".join(path.read_text().split())  # one of the lines is wrapped
    assert 'sa.PrimaryKeyConstraint("id", name="pk_remark"),' in text
    assert 'ondelete="CASCADE", name="fk_remark_on_id_remark"' in text
    assert 'sa.UniqueConstraint("on_id", name="uq_remark_on_id"),' in text


def test_what_autogenerate_leaves_nameless_is_named_in_both_directions(
    project: Path, calista_lint: Run
) -> None:
    up = """
    with op.batch_alter_table("tag") as batch:
        batch.create_unique_constraint(None, ["name"])
    """
    down = """
    with op.batch_alter_table("tag") as batch:
        batch.drop_constraint(None, type_="unique")
    """
    path = write(project, up, down)
    assert calista_lint("--fix", "--unsafe-fixes", "--select", "CAL1")[0] == 0
    assert path.read_text().count('"uq_tag_name"') == 2


@pytest.mark.parametrize(
    ("up", "down"),
    [
        # PostgreSQL's own name is used: it would be another one.
        (NOTE, 'op.drop_constraint("remark_on_id_key", "remark")\n    op.drop_table("remark")'),
        # Which of the two is dropped?
        (
            (
                'op.create_unique_constraint(None, "tag", ["name"])\n'
                '    op.create_unique_constraint(None, "tag", ["id"])'
            ),
            'op.drop_constraint(None, "tag", type_="unique")',
        ),
        # Made by a helper, for more than one table.
        (
            'for t in ("a", "b"):\n        op.create_unique_constraint(None, t, ["c"])',
            "pass",
        ),
        ('op.create_unique_constraint(None, "tag", [column()])', "pass"),
    ],
)
def test_what_cannot_be_named_for_certain_stays(
    up: str, down: str, project: Path, calista_lint: Run
) -> None:
    path = write(project, up, down)
    kept = [line for line in path.read_text().splitlines() if "nique" in line]
    calista_lint("--fix", "--unsafe-fixes", "--select", "CAL107")
    assert [line for line in path.read_text().splitlines() if "nique" in line] == kept


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_repaired_file_round_trips(
    backend: str, project: Path, calista_lint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from calista_tools.roundtrip.roundtrip_cli import main

    path = write(
        project, NOTE + SQLITE_TRIGGER, DROP_TRIGGER.rstrip() + '\n    op.drop_table("remark")'
    )
    (project / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    monkeypatch.chdir(project)
    arguments = ["--backend", backend, "--no-cache", "--from", "b2"]
    before = main(arguments)
    assert calista_lint("--fix", "--unsafe-fixes", "--select", "CAL1")[0] == 0
    assert (before, main(arguments)) == (0, 0)
    for name in ("tag_no_update", "pk_remark", "uq_remark_on_id", "fk_remark_on_id_remark"):
        assert name in path.read_text()
