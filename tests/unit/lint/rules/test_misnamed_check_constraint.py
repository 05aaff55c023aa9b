import pytest

from tests.unit.lint.project import Lint


@pytest.mark.parametrize(
    "source",
    [
        'op.create_check_constraint("positive", "note", "version > 0")',
        'op.create_check_constraint(op.f("check_note"), "note", "version > 0")',
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.CheckConstraint("version > 0", name="positive"))',
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.Column("version", sa.Integer(), sa.CheckConstraint("version > 0", name="positive")))',
        'with op.batch_alter_table("note") as b:\n    b.create_check_constraint("positive", sa.text("version > 0"))',
        'op.execute("ALTER TABLE note ADD CONSTRAINT positive CHECK (version > 0)")',
        'op.create_check_constraint("ck_notes_positive", "note", "version > 0")',
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    [found] = lint("CAL105", source)
    assert "expected `ck_note_…`" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        'op.create_check_constraint("ck_note_positive", "note", "version > 0")',
        'op.create_check_constraint(op.f("ck_note_positive"), "note", "version > 0")',
        '# file: ../env.py\nt = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})\ntarget_metadata = t\n# file: 20250826_1030_a.py\nop.create_check_constraint("positive", "note", "version > 0")',
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.CheckConstraint("version > 0", name="ck_note_positive"))',
        'op.create_check_constraint(name(), "note", "version > 0")',
        'op.create_check_constraint(None, "note", "version > 0")',
        'op.drop_constraint("positive", "note", type_="check")',
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL105", source) == []
