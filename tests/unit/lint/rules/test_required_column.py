import pytest

from tests.unit.lint.project import Lint


@pytest.mark.parametrize(
    "source",
    [
        'op.add_column("note", sa.Column("a", sa.Text(), nullable=False))',
        'with op.batch_alter_table("note") as b:\n    b.add_column(sa.Column("a", sa.Text(), nullable=False))',
        'op.add_column("note", sa.Column("a", sa.Text(), nullable=False, default=""))',
        'op.execute("ALTER TABLE note ADD COLUMN a TEXT NOT NULL")',
        'for c in ["a"]:\n    op.add_column("note", sa.Column(c, sa.Integer(), nullable=not True))',
        'if op.get_bind().dialect.name == "postgresql":\n    op.add_column("note", sa.Column("a", postgresql.JSONB(), nullable=False))',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.add_column("page", sa.Column("a", sa.Text(), nullable=False))',
        'op.execute("ALTER TABLE note ADD COLUMN a INT NOT NULL DEFAULT NULL")',
        'op.execute("ALTER TABLE note ADD COLUMN a INT PRIMARY KEY")',
        'op.add_column("note", sa.Column("a", sa.Text, nullable=False, server_default=sa.null()))',
        'op.add_column("note", sa.Column("a", sa.Text, nullable=False, server_default=sa.text("NULL")))',
        'op.create_table("new", sa.Column("a", sa.Integer))\nop.execute("INSERT INTO new SELECT a FROM note")\nop.drop_table("note")\nop.rename_table("new", "note")\nop.add_column("note", sa.Column("b", sa.Text, nullable=False))',
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    [found] = lint("CAL304", source)
    assert "NOT NULL without a server default" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        'op.add_column("note", sa.Column("a", sa.Text(), nullable=True))',
        'op.add_column("note", sa.Column("a", sa.Text()))',
        'op.add_column("note", sa.Column("a", sa.Text(), nullable=False, server_default="x"))',
        'op.add_column("note", sa.Column("a", sa.Integer(), sa.Identity(), nullable=False))',
        'op.add_column("note", sa.Column("a", sa.Integer(), sa.Computed("1"), nullable=False))',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.add_column("note", sa.Column("a", sa.Text(), nullable=False))',
        'op.execute("CREATE TABLE note (id INTEGER)")\nop.add_column("note", sa.Column("a", sa.Text(), nullable=False))',
        "op.execute(\"ALTER TABLE note ADD COLUMN a TEXT NOT NULL DEFAULT ''\")",
        'op.create_table("note", sa.Column("a", sa.Text(), nullable=False))',
        'op.alter_column("note", "a", nullable=False)',
        'op.add_column("note", sa.Column("a", sa.Text(), nullable=required()))',
        'op.execute("ALTER TABLE note ADD COLUMN a bigserial PRIMARY KEY")',
        'op.create_table("new", sa.Column("a", sa.Integer))\nop.rename_table("new", "note")\nop.add_column("note", sa.Column("b", sa.Text, nullable=False))',
        'op.add_column("note", sa.Column("a", sa.Text, nullable=False, server_default="nullable"))',
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL304", source) == []
