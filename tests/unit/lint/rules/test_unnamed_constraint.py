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


_WANTS = (
    '# file: ../env.py\ntarget_metadata = MetaData(naming_convention={"ck": '
    '"ck_%(table_name)s_%(constraint_name)s", "ix": "ix_%(column_0_label)s"})\n'
    "# file: 20250826_1030_a.py\n"
)


@pytest.mark.parametrize(
    "source",
    [
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.CheckConstraint("id > 2"))',
        'op.create_table("note", sa.Column("done", sa.Boolean(create_constraint=True)))',
        'op.create_table("note", sa.Column("id", sa.Integer(), sa.CheckConstraint("id > 2")))',
        'op.create_check_constraint(None, "note", "id > 2")',
        'with op.batch_alter_table("note") as b:\n    b.add_column(sa.Column("d", sa.Boolean(create_constraint=True)))',
    ],
)
def test_reports_what_the_convention_cannot_name(source: str, lint: Lint) -> None:
    [found] = lint("CAL107", _WANTS + source)
    assert found.finding.message == (
        "check constraint has no name, which the naming convention "
        "`ck_%(table_name)s_%(constraint_name)s` asks for"
    )


@pytest.mark.parametrize(
    "source",
    [
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.CheckConstraint("id > 2", name="id"))',
        'op.create_table("note", sa.Column("done", sa.Boolean(create_constraint=True, name="done")))',
        'op.create_table("note", sa.Column("done", sa.Boolean()))',
        'op.create_check_constraint(op.f("ck_note_id"), "note", "id > 2")',
        'op.create_check_constraint(name(), "note", "id > 2")',
    ],
)
def test_leaves_alone_what_the_convention_can_name(source: str, lint: Lint) -> None:
    assert lint("CAL107", _WANTS + source) == []
