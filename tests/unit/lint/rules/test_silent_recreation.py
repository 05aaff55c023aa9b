import pytest

from tests.unit.lint.project import Lint


def test_names_what_is_lost(lint: Lint) -> None:
    source = """
        # file: 20250826_1030_create.py
        revision = "a"
        down_revision = None
        from alembic import op
        import sqlalchemy as sa
        def upgrade():
            op.create_table("note", sa.Column("title", sa.Text()))
            op.execute("CREATE TRIGGER note_x BEFORE UPDATE ON note BEGIN SELECT 1; END")
            op.create_index("lower_title", "note", [sa.text("lower(title)")])
        # file: 20250826_1031_alter.py
        revision = "b"
        down_revision = "a"
        from alembic import op
        def upgrade():
            with op.batch_alter_table("note") as batch_op:
                batch_op.drop_column("body")
    """
    [found] = lint("CAL306", source)
    assert found.path.name == "20250826_1031_alter.py"
    assert "which loses trigger `note_x`, index `lower_title`" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        'with op.batch_alter_table("note") as b:\n    b.alter_column("a", nullable=False)',
        'with op.batch_alter_table("note") as b:\n    b.drop_column("a")',
        'with op.batch_alter_table("note", recreate="auto") as b:\n    b.create_check_constraint("ck_note_a", "a > 0")',
        'with op.batch_alter_table("note") as b:\n    b.add_column(sa.Column("a", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")))',
        'with op.batch_alter_table("note") as b:\n    b.add_column(sa.Column("a", sa.Integer(), sa.Computed("1", persisted=True)))',
        'with op.batch_alter_table("note") as b:\n    b.create_table_comment("a")',
        'with op.batch_alter_table("note") as b:\n    b.add_column(sa.Column("a", sa.Integer(), sa.ForeignKey("x.id", name="f")))',
        'def go(b):\n    b.drop_column("a")\nwith op.batch_alter_table("note") as b:\n    go(b)',
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    [found] = lint("CAL306", source)
    assert "is copied on SQLite" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        'with op.batch_alter_table("note", recreate="always") as b:\n    b.drop_column("a")',
        'with op.batch_alter_table("note", recreate="never") as b:\n    b.drop_column("a")',
        'with op.batch_alter_table("note") as b:\n    b.add_column(sa.Column("a", sa.Text()))',
        'with op.batch_alter_table("note") as b:\n    b.add_column(sa.Column("a", sa.Text(), nullable=False, server_default="x"))',
        'with op.batch_alter_table("note") as b:\n    b.create_index("a", ["a"])\n    b.drop_index("b")',
        'with op.batch_alter_table("note") as b:\n    pass',
        'op.drop_column("note", "a")',
        'op.create_table("note", sa.Column("title", sa.Text()))\nwith op.batch_alter_table("note") as b:\n    b.alter_column("title", nullable=False)',
        'if op.get_bind().dialect.name == "postgresql":\n    with op.batch_alter_table("note") as b:\n        b.drop_column("a")',
        'with op.batch_alter_table("note", recreate=how()) as b:\n    b.drop_column("a")',
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL306", source) == []
