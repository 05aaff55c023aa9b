import pytest

from tests.unit.lint.project import Lint


@pytest.mark.parametrize(
    "source",
    [
        'op.create_index("a", "note", ["a"])',
        'with op.batch_alter_table("note") as b:\n    b.create_index("a", ["a"], unique=True)',
        'op.execute("CREATE INDEX a ON note (a)")',
        'op.alter_column("note", "a", type_=sa.BigInteger(), existing_type=sa.Integer())',
        'op.alter_column("note", "a", type_=sa.String(10), existing_type=sa.String(20))',
        'op.alter_column("note", "a", nullable=False)',
        'op.create_foreign_key("f", "note", "author", ["a"], ["id"])',
        'op.create_check_constraint("c", "note", "a > 0")',
        'op.create_unique_constraint("u", "note", ["a"])',
        'op.add_column("note", sa.Column("a", sa.Uuid(), server_default=sa.text("gen_random_uuid()")))',
        'op.execute("ALTER TABLE note ALTER COLUMN a SET NOT NULL")',
        'op.execute("ALTER TABLE note ADD CONSTRAINT c CHECK (a > 0)")',
        'op.execute("ALTER TABLE note ALTER COLUMN a TYPE bigint")',
        'if op.get_bind().dialect.name == "postgresql":\n    op.execute("VACUUM FULL note")',
        'op.add_column("note", sa.Column("a", sa.Integer, index=True))',
        'op.add_column("note", sa.Column("a", sa.Integer, unique=True))',
        'op.add_column("note", sa.Column("a", sa.Integer, sa.ForeignKey("tag.id")))',
        'op.add_column("note", sa.Column("a", sa.Integer, sa.CheckConstraint("a > 0")))',
        'op.create_exclude_constraint("x", "note", ("a", "="), using="gist")',
        'op.alter_column("note", "at", type_=sa.DateTime(timezone=True), existing_type=postgresql.TIMESTAMP())',
        'op.execute("ALTER TABLE note ADD COLUMN a int GENERATED ALWAYS AS (b + 1) STORED")',
        'op.execute("ALTER TABLE note ADD COLUMN a int UNIQUE")',
        'op.execute("ALTER TABLE note ADD COLUMN a int CHECK (a > 0)")',
        'op.execute("ALTER TABLE note SET TABLESPACE quick")',
        'op.execute("ALTER TABLE note SET UNLOGGED")',
        'op.execute("REFRESH MATERIALIZED VIEW sums")',
        'op.execute("ALTER DOMAIN email ADD CONSTRAINT c CHECK (VALUE > 0)")',
        'op.execute("ALTER TABLE note ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE note VALIDATE CONSTRAINT c")',
        'op.create_check_constraint("c", "note", "a > 0", postgresql_not_valid=True)\nop.execute("ALTER TABLE note VALIDATE CONSTRAINT c")',
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    [found] = lint("CAL307", source)
    assert "instead:" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        'with op.get_context().autocommit_block():\n    op.create_index("a", "note", ["a"], postgresql_concurrently=True)',
        'op.execute("CREATE INDEX CONCURRENTLY a ON note (a)")',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.create_index("a", "note", ["title"])',
        'op.alter_column("note", "a", type_=sa.Text(), existing_type=sa.String(20))',
        'op.alter_column("note", "a", type_=sa.String(30), existing_type=sa.String(length=20))',
        'op.alter_column("note", "a", type_=sa.Numeric(12, 2), existing_type=sa.Numeric(10, 2))',
        'op.alter_column("note", "a", nullable=True)',
        'op.alter_column("note", "a", server_default="x")',
        'op.alter_column("note", "a", new_column_name="b")',
        'op.create_foreign_key("f", "note", "author", ["a"], ["id"], postgresql_not_valid=True)',
        'op.create_check_constraint("c", "note", "a > 0", postgresql_not_valid=True)',
        'op.add_column("note", sa.Column("a", sa.DateTime(), server_default=sa.text("now()")))',
        'op.add_column("note", sa.Column("a", sa.Text(), server_default="random text"))',
        'if op.get_bind().dialect.name == "sqlite":\n    op.create_index("a", "note", ["a"])',
        'op.execute("ALTER TABLE note ADD CONSTRAINT c CHECK (a > 0) NOT VALID")',
        'op.execute("ALTER TABLE note VALIDATE CONSTRAINT c")',
        'op.drop_index("a", "note")',
        'op.alter_column("note", "at", type_=sa.DateTime(timezone=True), existing_type=postgresql.TIMESTAMP(timezone=True))',
        'op.alter_column("note", "n", type_=sa.BIGINT(), existing_type=sa.BigInteger())',
        'op.execute("ALTER TABLE note ADD COLUMN a int GENERATED ALWAYS AS (b + 1) VIRTUAL")',
        'op.execute("ALTER TABLE note ADD COLUMN a int REFERENCES tag (id)")',
        'op.execute("ALTER TABLE note SET (fillfactor = 70)")',
        'op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY sums")',
        'op.execute("CREATE MATERIALIZED VIEW sums AS SELECT 1 AS n")\nop.execute("CREATE UNIQUE INDEX i ON sums (n)")',
        'op.execute("ALTER DOMAIN email ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID")',
        'op.create_check_constraint("c", "note", "a > 0", postgresql_not_valid=True)\nwith op.get_context().autocommit_block():\n    op.execute("ALTER TABLE note VALIDATE CONSTRAINT c")',
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL307", source) == []


def test_a_column_that_is_not_known_is_called_one(lint: Lint) -> None:
    source = 'for name in columns():\n    op.alter_column("note", name, nullable=False)'
    [found] = lint("CAL307", source)
    assert found.finding.message.startswith("looking for NULL in a column keeps")
