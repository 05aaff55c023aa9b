import pytest

from tests.unit.lint.project import Lint


@pytest.mark.parametrize(
    "source",
    [
        'op.create_unique_constraint("note_title_unique", "note", ["title"])',
        'op.create_unique_constraint("uq_note_titel", "note", ["title"])',
        'op.create_unique_constraint(columns=["title"], table_name="note", constraint_name="title")',
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.UniqueConstraint("title", name="one_title"))',
        'with op.batch_alter_table("note") as anything:\n    anything.create_unique_constraint("t", ["title"])',
        'op.execute("ALTER TABLE note ADD CONSTRAINT titles UNIQUE (title)")',
        'args = {"constraint_name": "t", "table_name": "note", "columns": ["title"]}\nop.create_unique_constraint(**args)',
        'op.create_unique_constraint("%s_%s_key" % ("note", "title"), "note", ["title"])',
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    [found] = lint("CAL102", source)
    assert "expected `uq_note_title`" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        'op.create_unique_constraint("uq_note_title", "note", ["title"])',
        'op.create_unique_constraint(op.f("uq_note_title_body"), "note", ["title", "body"])',
        'with op.batch_alter_table("note") as b:\n    b.create_unique_constraint(b.f("uq_note_title"), ["title"])',
        'op.create_unique_constraint(f"uq_note_{title()}", "note", [title()])',
        'op.create_unique_constraint("uq_{}_{}".format("note", "title"), "note", ["title"])',
        'op.create_unique_constraint(None, "note", ["title"])',
        'other.create_unique_constraint("t", "note", ["title"])',
        "\"op.create_unique_constraint('t', 'note', ['title'])\"",
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL102", source) == []
