import pytest

from tests.unit.lint.project import Lint


@pytest.mark.parametrize(
    "source",
    [
        '# file: ../env.py\ntarget_metadata = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})\n# file: 20250826_1030_a.py\nop.create_check_constraint("ck_note_positive", "note", "version > 0")',
        '# file: ../env.py\ntarget_metadata = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})\n# file: 20250826_1030_a.py\nop.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.CheckConstraint("version > 0", name="ck_note_positive"))',
        '# file: ../env.py\ntarget_metadata = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})\n# file: 20250826_1030_a.py\nwith op.batch_alter_table("note") as b:\n    b.create_check_constraint("ck_note_x", "a > 0")',
        '# file: ../env.py\ntarget_metadata = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})\n# file: 20250826_1030_a.py\nfor n in ["x"]:\n    op.create_check_constraint(f"ck_note_{n}", "note", "a > 0")',
        '# file: ../env.py\ntarget_metadata = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})\n# file: 20250826_1030_a.py\nop.add_column("note", sa.Column("a", sa.Integer(), sa.CheckConstraint("a > 0", name="ck_note_a")))',
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    [found] = lint("CAL110", source)
    assert "op.f(" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        '# file: ../env.py\ntarget_metadata = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})\n# file: 20250826_1030_a.py\nop.create_check_constraint(op.f("ck_note_positive"), "note", "version > 0")',
        '# file: ../env.py\ntarget_metadata = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})\n# file: 20250826_1030_a.py\nop.create_check_constraint("positive", "note", "version > 0")',
        '# file: ../env.py\ntarget_metadata = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})\n# file: 20250826_1030_a.py\nop.create_unique_constraint("uq_note_title", "note", ["title"])',
        'op.create_check_constraint("ck_note_positive", "note", "version > 0")',
        '# file: ../env.py\ntarget_metadata = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})\n# file: 20250826_1030_a.py\nop.execute("ALTER TABLE note ADD CONSTRAINT ck_note_a CHECK (a > 0)")',
        '# file: ../env.py\ntarget_metadata = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})\n# file: 20250826_1030_a.py\nop.create_check_constraint(sa.schema.conv("ck_note_a"), "note", "a > 0")',
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL110", source) == []
