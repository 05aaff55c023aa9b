import pytest

from tests.unit.lint.project import Lint

NAMES = '[tool.calista.names]\nex = "ex_%(table_name)s_%(column_0_N_name)s"'
ELEMENTS = '("room", "="), ("during", "&&")'


@pytest.mark.parametrize(
    "source",
    [
        f'op.create_exclude_constraint("no_overlap", "slot", {ELEMENTS})',
        f'op.create_exclude_constraint(op.f("ex_slot"), "slot", {ELEMENTS}, using="gist")',
        f'with op.batch_alter_table("slot") as b:\n    b.create_exclude_constraint("x", {ELEMENTS})',
        (
            'op.create_table("slot", sa.Column("room", sa.Integer()),'
            f' postgresql.ExcludeConstraint({ELEMENTS}, name="x"))'
        ),
        (
            'op.execute("ALTER TABLE slot ADD CONSTRAINT x EXCLUDE USING gist'
            ' (room WITH =, during WITH &&)")'
        ),
        (
            'op.execute("CREATE TABLE slot (room int, during tsrange,'
            ' CONSTRAINT x EXCLUDE USING gist (room WITH =, during WITH &&))")'
        ),
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    [found] = lint("CAL111", source, NAMES)
    assert "expected `ex_slot_room_during`" in found.finding.message
    assert lint("CAL111", source) == []
    assert lint("CAL10", source) == []


@pytest.mark.parametrize(
    "source",
    [
        f'op.create_exclude_constraint("ex_slot_room_during", "slot", {ELEMENTS})',
        f'op.create_exclude_constraint(name(), "slot", {ELEMENTS})',
        'op.create_exclude_constraint("x", "slot", (sa.text("lower(room)"), "="))',
        'op.create_exclude_constraint("x", "slot", *elements())',
        f'op.create_exclude_constraint(None, "slot", {ELEMENTS})',
        'op.create_index("x", "slot", ["room", "during"])',
        (
            'op.execute("ALTER TABLE slot ADD CONSTRAINT ex_slot_room_during EXCLUDE USING gist'
            ' (room WITH =, during WITH &&)")'
        ),
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL111", source, NAMES) == []
