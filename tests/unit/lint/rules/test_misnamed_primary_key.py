import pytest

from tests.unit.lint.project import Lint


@pytest.mark.parametrize(
    "source",
    [
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.PrimaryKeyConstraint("id", name="note_pk"))',
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")))',
        'op.create_primary_key("primary_note", "note", ["id"])',
        'with op.batch_alter_table("note") as batch:\n    batch.create_primary_key("id_pk", ["id"])',
        'op.execute("CREATE TABLE note (id INTEGER, CONSTRAINT note_pk PRIMARY KEY (id))")',
        'op.execute("ALTER TABLE note ADD CONSTRAINT note_pk PRIMARY KEY (id)")',
        'for table in ["note"]:\n    op.create_primary_key(f"{table}_pk", table, ["id"])',
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    [found] = lint("CAL101", source)
    assert "expected `pk_note`" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.PrimaryKeyConstraint("id", name="pk_note"))',
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.PrimaryKeyConstraint("id", name=op.f("pk_note")))',
        'op.create_primary_key(constraint_name="pk_note", table_name="note", columns=["id"])',
        'with op.batch_alter_table("note") as b:\n    b.create_primary_key("pk_note", ["id"])',
        'name = compute()\nop.create_primary_key(name, "note", ["id"])',
        'op.create_primary_key("_".join(["pk", "note"]), "note", ["id"])',
        'op.drop_constraint("note_pk", "note", type_="primary")',
        'if op.get_bind().dialect.name == "mysql":\n    op.create_primary_key("x", "note", ["id"])',
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL101", source) == []
