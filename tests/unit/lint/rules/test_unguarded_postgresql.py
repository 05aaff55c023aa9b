import pytest

from tests.unit.lint.project import Lint

PG = 'if op.get_bind().dialect.name == "postgresql":\n    '


@pytest.mark.parametrize(
    "step",
    [
        'op.execute("CREATE EXTENSION citext")',
        "op.execute(\"CREATE TYPE mood AS ENUM ('sad')\")",
        "op.execute(\"COMMENT ON TABLE note IS 'x'\")",
        'op.execute("ALTER TABLE note ALTER COLUMN body SET NOT NULL")',
        'op.execute(sa.text("UPDATE note SET at = now()"))',
        "op.get_bind().execute(sa.text(\"UPDATE note SET body = '{}'::jsonb\"))",
        'op.execute("TRUNCATE note")',
        'op.add_column("note", sa.Column("body", postgresql.JSONB()))',
        'op.add_column("note", sa.Column("tags", postgresql.ARRAY(sa.Text())))',
        'op.create_table("note", sa.Column("at", postgresql.TSVECTOR()))',
        'op.add_column("n", sa.Column("i", sa.Uuid(), server_default=sa.text("gen_random_uuid()")))',
        'op.create_unique_constraint("uq_note_title", "note", ["title"])',
        'op.drop_constraint("uq_note_title", "note", type_="unique")',
        'op.create_foreign_key("fk", "note", "tag", ["tag_id"], ["id"])',
        'op.alter_column("note", "body", nullable=False)',
        'op.alter_column("note", "body", type_=sa.Text())',
        'if op.get_bind().dialect.name != "postgresql":\n    op.execute("CREATE EXTENSION x")',
        (
            'with op.batch_alter_table("note") as batch:\n'
            '    batch.add_column(sa.Column("body", postgresql.JSONB()))'
        ),
    ],
)
def test_reports(step: str, lint: Lint) -> None:
    [found] = lint("CAL201", step)
    assert "PostgreSQL only: SQLite runs this line, too" in found.finding.message


@pytest.mark.parametrize(
    "step",
    [
        PG + 'op.execute("CREATE EXTENSION citext")',
        'if op.get_context().dialect.name != "postgresql":\n    return\nop.execute("CREATE TYPE x")',
        (
            'dialect = op.get_bind().dialect.name\nif dialect in ("postgresql",):\n'
            '    op.execute("CREATE EXTENSION citext")'
        ),
        (
            'match op.get_bind().dialect.name:\n    case "postgresql":\n'
            '        op.execute("CREATE EXTENSION citext")'
        ),
        (
            'body = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")\n'
            'op.add_column("note", sa.Column("body", body))'
        ),
        (
            'body = postgresql.JSONB().with_variant(sa.JSON(), "sqlite")\n'
            'op.add_column("note", sa.Column("body", body))'
        ),
        (
            'json = postgresql.JSONB() if op.get_bind().dialect.name == "postgresql" else sa.JSON()\n'
            'op.add_column("note", sa.Column("body", json))'
        ),
        'op.create_index("ix_note", "note", ["body"], postgresql_using="gin")',
        (
            'with op.batch_alter_table("note") as batch:\n'
            '    batch.create_unique_constraint("uq_note_title", ["title"])\n'
            '    batch.alter_column("body", nullable=False)'
        ),
        'op.alter_column("note", "body", new_column_name="text")',
        'op.add_column("note", sa.Column("at", sa.DateTime(), server_default=sa.func.now()))',
        "op.execute(\"INSERT INTO note (body) VALUES ('CREATE EXTENSION citext')\")",
        'op.execute("INSERT INTO tag (id) VALUES (1) ON CONFLICT (id) DO NOTHING")',
        'op.execute("UPDATE note SET body = lower(body) WHERE body IS NOT NULL")',
        "op.execute(statement())",
        'note = "CREATE EXTENSION citext"',
    ],
)
def test_leaves_alone(step: str, lint: Lint) -> None:
    assert lint("CAL201", step) == []


def test_a_project_without_sqlite_needs_no_guard(lint: Lint) -> None:
    step = 'op.execute("CREATE EXTENSION citext")'
    assert lint("CAL201", step, 'dialects = ["postgresql"]') == []
