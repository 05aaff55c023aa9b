from textwrap import dedent

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
        'op.add_column("note", sa.Column("body", postgresql.JSONB))',
        'op.create_table("note", sa.Column("id", sa.Integer), sa.Column("at", postgresql.INT4RANGE))',
        'op.add_column("note", sa.Column("wait", postgresql.INTERVAL()))',
        'op.create_table("note", sa.Column("a", sa.Integer), postgresql.ExcludeConstraint(("a", "=")))',
        'op.add_column("note", sa.Column("x", sa.JSON, server_default=sa.text("\'{}\'::jsonb")))',
        'op.alter_column("note", "body", server_default=None)',
        'op.alter_column("note", "body", comment="what was said")',
        'op.create_table_comment("note", "what was said")',
        'op.add_column("note", sa.Column("tag_id", sa.Integer, sa.ForeignKey("tag.id")))',
        'op.add_column("note", sa.Column("slug", sa.Text, unique=True))',
        'op.add_column("note", sa.Column("slug", sa.Text), if_not_exists=True)',
        'op.drop_column("note", "slug", if_exists=True)',
        'op.execute("INSERT INTO note SELECT * FROM generate_series(1, 10)")',
        'op.execute("VACUUM FULL note")',
        'op.execute("ANALYZE VERBOSE note")',
        'op.execute("REINDEX TABLE note")',
        "op.execute(\"UPDATE note SET a = b #>> '{x}'\")",
        "op.execute(\"UPDATE note SET a = 1 WHERE body ~ '^x'\")",
        "op.execute(\"UPDATE note SET a = 1 WHERE body !~ '^x'\")",
        'op.execute("CREATE UNIQUE INDEX ix ON note (a) NULLS NOT DISTINCT")',
        'op.execute("CREATE INDEX ON note (a)")',
        'op.execute("CREATE INDEX ix ON note (a text_pattern_ops)")',
        'op.execute("UPDATE note SET tags = ARRAY[1,2]")',
        'op.execute("CREATE TABLE note (tags text[])")',
        'op.execute("UPDATE note SET a = DEFAULT")',
        'op.execute("INSERT INTO note (a) VALUES (DEFAULT)")',
        'def check():\n    if op.get_bind().dialect.name != "postgresql":\n        return\ncheck()\nop.execute("CREATE EXTENSION x")',
        'def check():\n    if op.get_bind().dialect.name == "postgresql":\n        raise ValueError\ntry:\n    check()\nexcept ValueError:\n    pass\nop.execute("CREATE EXTENSION x")',
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
        'assert op.get_bind().dialect.name == "postgresql"\nop.execute("CREATE EXTENSION x")',
        'def check():\n    if op.get_bind().dialect.name != "postgresql":\n        raise ValueError\ncheck()\nop.execute("CREATE EXTENSION x")',
        'def check():\n    if op.get_bind().dialect.name.startswith("sqlite"):\n        raise ValueError\ndef both():\n    check()\nboth()\nop.execute("CREATE EXTENSION x")',
        'def only(name):\n    def around(step):\n        def inner():\n            if op.get_bind().dialect.name == name:\n                step()\n        return inner\n    return around\n@only("postgresql")\ndef extend():\n    op.execute("CREATE EXTENSION x")\nextend()',
        'if op.get_context().impl.__dialect__ == "postgresql":\n    op.execute("CREATE EXTENSION x")',
        'op.add_column("note", sa.Column("kind", sa.Enum("INET", "JSONB", name="kind")))',
        'op.alter_column("note", "body", new_column_name="text", server_default=False)',
        'op.add_column("note", sa.Column("a", sa.Interval(), server_default="x"))',
        'op.execute("INSERT INTO note DEFAULT VALUES")',
        'op.execute("UPDATE note SET a = ~b WHERE c = 1 AND ~d = 2")',
        'op.execute("UPDATE note SET [a] = 1")',
        'op.execute("VACUUM note")',
        'with op.batch_alter_table("note") as batch:\n    batch.alter_column("body", server_default=None, comment="x")\n    batch.add_column(sa.Column("t", sa.Integer, sa.ForeignKey("tag.id")))',
    ],
)
def test_leaves_alone(step: str, lint: Lint) -> None:
    assert lint("CAL201", step) == []


def test_a_project_without_sqlite_needs_no_guard(lint: Lint) -> None:
    step = 'op.execute("CREATE EXTENSION citext")'
    assert lint("CAL201", step, 'dialects = ["postgresql"]') == []


@pytest.mark.parametrize(("guard", "expected"), [("return", 0), ("print()", 1)])
def test_follows_what_decorates_a_direction(guard: str, expected: int, lint: Lint) -> None:
    source = f"""
        import functools

        def postgresql_only(step):
            @functools.wraps(step)
            def inner(*args, **kwargs):
                if op.get_bind().dialect.name != "postgresql":
                    {guard}
                return step(*args, **kwargs)
            return inner

        @postgresql_only
        def upgrade():
            op.execute("CREATE EXTENSION citext")

        def downgrade():
            pass
    """
    assert len(lint("CAL201", dedent(source))) == expected
