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
        'def upgrade():\n    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))\n    op.create_index("ix_note_t", "note", ["t"])\n\ndef downgrade():\n    op.drop_index("ix_note_title", table_name="note")\n',
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


MADE = """\
def upgrade():
    op.create_table("note", sa.Column("t", sa.Text()), sa.UniqueConstraint("t", name="uq_note_t"))
    op.execute("CREATE INDEX ix_note_t ON note (t)")

def downgrade():
"""


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            "op.drop_index('ix_note_x')",
            "there is no index `ix_note_x` on sqlite; there is `ix_note_t`",
        ),
        ("op.execute('DROP INDEX ix_note_x')", "there is no index `ix_note_x`"),
        (
            "op.execute('DROP INDEX ix_note_t')\n    op.execute('DROP INDEX ix_note_t')",
            "there is no index",
        ),
        (
            "if op.get_bind().dialect.name == 'sqlite':\n        op.execute('DROP TRIGGER note_no')",
            "there is no trigger `note_no` on sqlite",
        ),
        (
            "op.execute('ALTER INDEX ix_note_t RENAME TO a')\n    op.execute('DROP INDEX ix_note_t')",
            "`ix_note_t`",
        ),
    ],
)
def test_reports_what_is_dropped_without_its_table(lint: Lint, step: str, message: str) -> None:
    [found] = lint("CAL109", f"{MADE}    {step}\n")
    assert message in found.finding.message


@pytest.mark.parametrize(
    "step",
    [
        "op.execute('DROP INDEX ix_note_t')",
        "op.execute('DROP INDEX IF EXISTS ix_note_x')",
        "op.drop_index('ix_note_x', if_exists=True)",
        "op.execute('DROP INDEX IX_NOTE_T')",
        # What an index of an unknown name is called cannot be told, nor what else happened.
        "op.execute(compute())\n    op.execute('DROP INDEX ix_note_x')",
        "op.add_column('other', compute())\n    op.execute('DROP INDEX ix_other')",
        "if enabled():\n        op.execute('DROP INDEX ix_note_x')",
    ],
)
def test_leaves_alone_what_may_be_there(lint: Lint, step: str) -> None:
    assert lint("CAL109", f"{MADE}    {step}\n") == []
