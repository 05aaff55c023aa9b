import pytest

from tests.unit.lint.project import Lint


@pytest.mark.parametrize(
    "source",
    [
        'op.create_unique_constraint(None, "note", ["title"])',
        'op.create_foreign_key(None, "note", "author", ["author_id"], ["id"])',
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.UniqueConstraint("title"))',
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.Column("title", sa.Text(), unique=True))',
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.Column("k", sa.Integer(), primary_key=True))',
        'with op.batch_alter_table("note") as b:\n    b.add_column(sa.Column("a", sa.Integer(), sa.ForeignKey("author.id")))',
        'op.drop_constraint(None, "note", type_="unique")',
        'op.execute("ALTER TABLE note ADD UNIQUE (title)")',
        'op.add_column("note", sa.Column("flag", sa.Boolean(create_constraint=True)))',
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    [found] = lint("CAL107", source)
    assert "name" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        'op.create_unique_constraint("uq_note_title", "note", ["title"])',
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.Column("title", sa.Text(), index=True))',
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.Column("title", sa.Text(), unique=False))',
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.Column("title", sa.Text(), nullable=False))',
        'op.create_unique_constraint(name(), "note", ["title"])',
        '# file: ../env.py\ntarget_metadata = MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_name)s"})\n# file: 20250826_1030_a.py\nop.create_unique_constraint(None, "note", ["title"])',
        '# file: ../env.py\nfrom app import Base\ntarget_metadata = Base.metadata\n# file: 20250826_1030_a.py\nop.create_unique_constraint(None, "note", ["title"])',
        'op.drop_constraint("x", "note", type_="unique")',
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL107", source) == []
