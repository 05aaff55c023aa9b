import pytest

from tests.unit.lint.project import Lint


@pytest.mark.parametrize(
    "source",
    [
        'op.create_foreign_key("author_fk", "note", "author", ["author_id"], ["id"])',
        'op.create_foreign_key("fk_note_author", source_table="note", referent_table="author", local_cols=["author_id"], remote_cols=["id"])',
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.ForeignKeyConstraint(["author_id"], ["author.id"], name="author_fk"))',
        'op.add_column("note", sa.Column("author_id", sa.Integer(), sa.ForeignKey("author.id", name="to_author")))',
        'with op.batch_alter_table("note") as b:\n    b.create_foreign_key("fk", "author", ["author_id"], ["id"])',
        'op.execute("ALTER TABLE note ADD CONSTRAINT f FOREIGN KEY (author_id) REFERENCES author (id)")',
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.Column("author_id", sa.Integer(), sa.ForeignKey("app.author.id", name="f")))',
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    [found] = lint("CAL104", source)
    assert "expected `fk_note_author_id_author`" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        'op.create_foreign_key("fk_note_author_id_author", "note", "author", ["author_id"], ["id"])',
        'op.create_foreign_key("fk_note_author_id_author", "note", "author", local_cols=["author_id"], remote_cols=["id"])',
        'op.create_table("note", sa.Column("id", sa.Integer(), nullable=False), sa.Column("author_id", sa.Integer(), sa.ForeignKey("author.id", name="fk_note_author_id_author")))',
        'with op.batch_alter_table("note") as b:\n    b.create_foreign_key(op.f("fk_note_author_id_author"), "author", ["author_id"], ["id"])',
        'op.create_foreign_key("fk_note_a_b_pair", "note", "pair", ["a", "b"], ["a", "b"])',
        'op.create_foreign_key("f", "note", referred(), ["author_id"], ["id"])',
        'op.drop_constraint("author_fk", "note", type_="foreignkey")',
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL104", source) == []
