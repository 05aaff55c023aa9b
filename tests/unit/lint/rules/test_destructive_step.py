import pytest

from tests.unit.lint.project import Lint

_MODEL = """\
from alembic.ddl.base import DropColumn
from sqlalchemy.orm import Session, declarative_base
from sqlalchemy.schema import DropSchema, DropTable
class Note(declarative_base()):
    __tablename__ = "note"
    body = sa.Column(sa.Text)
session = Session(bind=op.get_bind())
"""
_NOTE = 'note = sa.table("note", sa.column("body"))\n'


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ('op.drop_table("note")', "drops table `note`"),
        ('op.drop_column("note", "body")', "drops column `note.body`"),
        (
            'with op.batch_alter_table("note") as batch:\n    batch.drop_column("body")',
            "drops column `note.body`",
        ),
        ('op.execute("DROP TABLE IF EXISTS note CASCADE")', "drops table `note`"),
        ('op.execute("ALTER TABLE note DROP COLUMN body")', "drops column `note.body`"),
        ('op.execute("DELETE FROM note")', "empties table `note`"),
        ('op.execute("TRUNCATE TABLE note")', "empties table `note`"),
        ('table = "note"\nop.drop_table(table)', "drops table `note`"),
        (
            'op.execute("UPDATE tag SET name = 1")\nop.drop_column("note", "body")',
            "drops column `note.body`",
        ),
        (
            "op.execute(\"UPDATE note SET x = 1 WHERE body > ''\"); op.drop_column('note', 'body')",
            "drops column `note.body`",
        ),
        (
            "op.execute('DELETE FROM note WHERE id = 1 AND body = 2'); op.drop_column('note', 'body')",
            "drops column `note.body`",
        ),
        (
            "op.execute('INSERT INTO note (body) VALUES (1)'); op.drop_column('note', 'body')",
            "drops column `note.body`",
        ),
        ('op.execute("DROP SCHEMA archive CASCADE")', "drops schema `archive`"),
        (f"{_NOTE}op.execute(note.delete())", "empties table `note`"),
        (f"{_NOTE}op.get_bind().execute(sa.delete(note))", "empties table `note`"),
        (f"{_MODEL}session.query(Note).delete()", "empties table `note`"),
        (f"{_MODEL}Note.query.delete(synchronize_session=False)", "empties table `note`"),
        (f"{_MODEL}op.execute(DropTable(Note.__table__))", "drops table `note`"),
        (f"{_MODEL}Note.__table__.drop(op.get_bind())", "drops table `note`"),
        (f"{_MODEL}op.execute(DropColumn('note', sa.Column('body')))", "drops column `note.body`"),
        (f"{_MODEL}op.execute(DropSchema('old', cascade=True))", "drops schema `old`"),
        (f"{_NOTE}emptied = sa.delete(note)\nop.execute(emptied)", "empties table `note`"),
        ('op.execute("DELETE FROM note WHERE true")', "empties table `note`"),
        ('op.execute("DELETE FROM note WHERE (1 = 1);")', "empties table `note`"),
        ('op.execute("DROP DATABASE old")', "drops a database"),
        (
            'op.create_table("new", sa.Column("a", sa.Integer))\nop.drop_table("note")\nop.rename_table("new", "note")',
            "drops table `note`",
        ),
    ],
)
def test_reports(step: str, words: str, lint: Lint) -> None:
    [found] = lint("CAL301", step)
    assert found.finding.message.startswith(words)


def test_reports_each_loss(lint: Lint) -> None:
    found = lint("CAL301", 'for name in ("a", "b"):\n    op.drop_column("note", name)')
    assert [item.finding.message.split("`")[1] for item in found] == ["note.a", "note.b"]


@pytest.mark.parametrize(
    "source",
    [
        'op.drop_index("ix_note_note_body", table_name="note")',
        'op.drop_constraint("uq_note_title", "note")',
        'op.execute("DROP TRIGGER note_forbid_mod ON note")',
        'op.execute("DELETE FROM note WHERE body IS NULL")',
        f"{_MODEL}session.query(Note).filter(Note.body.is_(None)).delete()",
        f"{_MODEL}session.query(Note).filter_by(body=None).delete()",
        f"{_MODEL}op.execute(DropSchema('old'))",
        'op.execute("CREATE TEMPORARY TABLE t (id int)")',
        'op.create_table("scratch", sa.Column("id", sa.Integer()))\nop.drop_table("scratch")',
        'op.add_column("note", sa.Column("x", sa.Text()))\nop.drop_column("note", "x")',
        (
            'op.add_column("note", sa.Column("text", sa.Text()))\n'
            'op.execute("UPDATE note SET text = body")\nop.drop_column("note", "body")'
        ),
        (
            'op.execute("CREATE TABLE note_new (id int)")\n'
            'op.execute("INSERT INTO note_new SELECT id FROM note")\nop.drop_table("note")'
        ),
        "def upgrade():\n    pass\n\n\ndef downgrade():\n    op.drop_table('note')\n",
        (
            'op.add_column("note", sa.Column("kind", sa.Text()))\n'
            "op.execute(\"UPDATE note SET kind = 'long' WHERE body > ''\")\n"
            'op.drop_column("note", "body")'
        ),
        (
            'op.execute("UPDATE note SET size = (SELECT max(body) FROM part WHERE id = 1)")\n'
            'op.drop_column("note", "body")'
        ),
        'op.execute("DROP SCHEMA archive")',
        f'{_NOTE}op.execute(note.delete().where(note.c.body == "x"))',
        f"{_NOTE}op.execute(sa.delete(note).filter_by(body=None))",
        f"{_NOTE}op.execute(note.delete(note.c.body.is_(None)))",
        'op.drop_column("note", "body")  # noqa: CAL301 - empty since 3f2a moved the texts',
        (
            '# file: 20250826_1030_x.py\n"""drop body\n\nData migration: 3f2a\n"""\n'
            'from alembic import op\nrevision = "b7"\ndown_revision = "3f2a"\n'
            'def upgrade():\n    op.drop_column("note", "body")\n'
        ),
        'op.execute("DELETE FROM note WHERE trueish")',
        'op.execute("DELETE FROM note WHERE 1 = kind")',
        'op.execute("CREATE TABLE new AS SELECT * FROM note")\nop.execute("DROP TABLE note")',
        'new = op.create_table("new", sa.Column("a", sa.Integer))\nrows = sa.select(sa.column("a")).select_from(sa.table("note"))\nop.execute(new.insert().from_select(["a"], rows))\nop.drop_table("note")\nop.rename_table("new", "note")',
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL301", source) == []


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("Data migration: none", False),
        ("Data migration: none, the 12 rows were test data", False),
        ("Data migration: not needed", False),
        ("Data migration: n/a", False),
        ("Data migration: somebody will do it", False),
        ("Data migration: 3f2a copied the texts", True),
        ("Data-Migration: see 20250826_1030_move_note_bodies.py", True),
        ("Data migration: move_note_bodies", True),
        ("Data migration: in initial, two years ago", True),
    ],
)
def test_the_docstring_names_a_revision(line: str, named: bool, lint: Lint) -> None:
    source = (
        f'# file: 20250826_1031_x.py\n"""drop body\n\n{line}\n"""\nfrom alembic import op\n'
        'revision = "b7"\ndown_revision = "initial"\n'
        'def upgrade():\n    op.drop_column("note", "body")\n'
    )
    assert bool(lint("CAL301", source)) is not named


@pytest.mark.parametrize(
    "copy",
    [
        "CREATE TABLE kept AS SELECT * FROM note",
        "INSERT INTO kept SELECT n.* FROM note AS n WHERE n.id > 5",
        "INSERT INTO kept SELECT 1, note.*, 2 FROM note",
        "create table kept as\\nselect distinct *\\nfrom note",
        'INSERT INTO kept SELECT id, "note".* FROM "note"',
    ],
)
def test_a_copy_of_all_columns_saves_each(copy: str, lint: Lint) -> None:
    made = (
        "" if "CREATE" in copy.upper() else "op.create_table('kept', sa.Column('a', sa.Text()))\n"
    )
    step = f"{made}op.execute('''{copy}''')\nop.drop_column('note', 'body')"
    assert lint("CAL301", step) == []


@pytest.mark.parametrize(
    "copy",
    [
        "CREATE TABLE kept AS SELECT count(*) FROM note",
        "CREATE TABLE kept AS SELECT id FROM note",
        "CREATE TABLE kept AS SELECT * FROM page",
        "INSERT INTO kept SELECT id, 2 * size FROM note",
        "INSERT INTO kept SELECT p.* FROM page AS p",
        "INSERT INTO kept SELECT p.* FROM page AS p JOIN note AS n ON n.id = p.id",
        "SELECT * FROM note",
    ],
)
def test_a_copy_of_something_else_saves_no_column(copy: str, lint: Lint) -> None:
    made = (
        "" if "CREATE" in copy.upper() else "op.create_table('kept', sa.Column('a', sa.Text()))\n"
    )
    step = f"{made}op.execute('''{copy}''')\nop.drop_column('note', 'body')"
    [found] = lint("CAL301", step)
    assert found.finding.message.startswith("drops column `note.body`")
