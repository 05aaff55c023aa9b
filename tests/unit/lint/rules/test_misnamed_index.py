import pytest

from tests.unit.lint.project import Lint


@pytest.mark.parametrize(
    "source",
    [
        'op.create_index("note_title_idx", "note", ["title"])',
        'op.create_index(op.f("ix_note_title"), "note", ["title"], unique=True)',
        'from alembic.op import create_index as ci\nci("idx", "note", ["title"])',
        'with op.batch_alter_table("note") as batch_op:\n    batch_op.create_index("ix_title", ["title"])',
        'op.execute("CREATE INDEX IF NOT EXISTS note_title_idx ON note (title)")',
        'op.get_bind().exec_driver_sql("CREATE UNIQUE INDEX t ON note (title)")',
        'op.get_bind().execute(sa.text("CREATE INDEX t ON note (title)"))',
        'def make(table, column):\n    op.create_index(f"ix_{table}_{column}", table, [column])\nmake("note", "title")',
        'if op.get_bind().dialect.name == "postgresql":\n    op.create_index("gin", "note", ["title"], postgresql_using="gin")',
        'op.create_index("t", "note", [sa.text("title DESC")])',
        'op.add_column("note", sa.Column("title", sa.Text(), index=True))',
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    [found] = lint("CAL103", source)
    assert "expected `ix_note_note_title`" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        'op.create_index("ix_note_note_title", "note", ["title"])',
        'op.create_index(op.f("ix_note_note_title_note_body"), "note", ["title", "body"])',
        'op.create_index("lower_title", "note", [sa.text("lower(title)")])',
        'op.create_index(prefix + "_title", "note", ["title"])',
        'op.create_index("ix_note_note_title", "note", columns=columns)',
        'op.drop_index("note_title_idx", "note")',
        'op.execute("CREATE INDEX ix_note_note_title ON note (title)")',
        '# op.create_index("idx", "note", ["title"])\npass',
        'for c in ("title", "body"):\n    op.create_index(f"ix_note_note_{c}", "note", [c])',
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL103", source) == []
