import pytest

from tests.unit.lint.project import Lint

ENV = """\
# file: ../env.py
target_metadata = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})
# file: 20250826_1030_a.py
def upgrade():
    op.create_table("note", sa.Column("n", sa.Integer()))
    op.create_check_constraint(op.f("ck_note_n"), "note", "n > 0")

def downgrade():
    op.drop_constraint(NAME, "note", type_="check")
"""


def test_the_convention_counts_in_drops_too(lint: Lint) -> None:
    assert lint("CAL109", ENV.replace("NAME", 'op.f("ck_note_n")')) == []
    assert lint("CAL109", ENV.replace("NAME", '"n"')) == []
    [found] = lint("CAL109", ENV.replace("NAME", '"ck_note_n"'))
    assert "`ck_note_ck_note_n` on postgresql; there is `ck_note_n`" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        'def upgrade():\n    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))\n    op.create_index("ix_note_t", "note", ["t"])\n\ndef downgrade():\n    op.drop_index("ix_note_x", "note")\n',
        'def upgrade():\n    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))\n    op.create_index("ix_note_t", "note", ["t"])\n\ndef downgrade():\n    op.drop_index("ix_note_x")\n    op.drop_index("ix_note_title", table_name="note")\n',
        'def upgrade():\n    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))\n    op.create_index("ix_note_t", "note", ["t"])\n\ndef downgrade():\n    with op.batch_alter_table("note") as b:\n        b.drop_constraint("uq_note", type_="unique")\n',
        'def upgrade():\n    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))\n    op.create_index("ix_note_t", "note", ["t"])\n\ndef downgrade():\n    op.drop_constraint("uq_note", "note")\n',
        'def upgrade():\n    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))\n    op.create_index("ix_note_t", "note", ["t"])\n\ndef downgrade():\n    op.execute("ALTER TABLE note DROP CONSTRAINT note_t_key")\n',
        'def upgrade():\n    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))\n    op.create_index("ix_note_t", "note", ["t"])\n\ndef downgrade():\n    op.drop_index("ix_note_t", "note")\n    op.drop_index("ix_note_t", "note")\n',
        'def upgrade():\n    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))\n    op.create_index("ix_note_t", "note", ["t"])\n\ndef downgrade():\n    op.drop_constraint("note_pkey", "note", type_="primary")\n',
        'op.create_table("note", sa.Column("t", sa.Text()))\nwith op.batch_alter_table("note") as b:\n    b.drop_index("never_made")',
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    [found] = lint("CAL109", source)
    assert "has no" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        'def upgrade():\n    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))\n    op.create_index("ix_note_t", "note", ["t"])\n\ndef downgrade():\n    op.drop_index("ix_note_t", "note")\n',
        'def upgrade():\n    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))\n    op.create_index("ix_note_t", "note", ["t"])\n\ndef downgrade():\n    op.drop_index("IX_note_t", "note")\n',
        'def upgrade():\n    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))\n    op.create_index("ix_note_t", "note", ["t"])\n\ndef downgrade():\n    op.drop_index("ix_other", "other")\n',
        'def upgrade():\n    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))\n    op.create_index("ix_note_t", "note", ["t"])\n\ndef downgrade():\n    op.drop_index("x", "note", if_exists=True)\n',
        'def upgrade():\n    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))\n    op.create_index("ix_note_t", "note", ["t"])\n\ndef downgrade():\n    if there():\n        op.drop_index("x", "note")\n',
        'def upgrade():\n    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))\n    op.create_index("ix_note_t", "note", ["t"])\n\ndef downgrade():\n    op.drop_index(name(), "note")\n',
        'def upgrade():\n    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))\n    op.create_index("ix_note_t", "note", ["t"])\n\ndef downgrade():\n    op.execute("DROP INDEX IF EXISTS x")\n',
        'def upgrade():\n    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))\n    op.create_index("ix_note_t", "note", ["t"])\n\ndef downgrade():\n    op.rename_table("note", "page")\n    op.drop_index("ix_note_t", "page")\n',
        'def upgrade():\n    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))\n    op.create_index("ix_note_t", "note", ["t"])\n\ndef downgrade():\n    if op.get_bind().dialect.name == "sqlite":\n        with op.batch_alter_table("note", naming_convention=NAMES) as b:\n            b.drop_constraint("fk_note_x", type_="foreignkey")\n',
        'op.drop_index("made_before_the_history", "note")',
        'op.execute(compute())\nop.create_table("note", sa.Column("title", sa.Text()))\nop.drop_index("a", "note")',
        'op.create_table("note", *columns())\nop.drop_index("a", "note")',
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL109", source) == []
