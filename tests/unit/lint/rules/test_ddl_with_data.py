import pytest

from tests.unit.lint.project import Lint

ADD = 'op.add_column("note", sa.Column("size", sa.Integer()))\n'
UPDATE = 'op.execute("UPDATE note SET size = 1")\n'
PG = 'if op.get_bind().dialect.name == "postgresql":\n    '


@pytest.mark.parametrize(
    "body",
    [
        ADD + UPDATE,
        UPDATE + ADD,
        'op.execute("ALTER TABLE note ADD size int")\n' + UPDATE,
        ADD + 'op.bulk_insert(sa.table("note", sa.column("id")), [{"id": 1}])',
        ADD + 'op.get_bind().execute(sa.text("DELETE FROM note WHERE size = 1"))',
        'with op.batch_alter_table("note") as batch:\n'
        '    batch.add_column(sa.Column("size", sa.Integer()))\n' + UPDATE,
        ADD + 'op.execute(sa.table("note", sa.column("size")).update().values(size=1))',
        PG + ADD + UPDATE,
        'from sqlalchemy.orm import Session\nsession = Session(op.get_bind())\nop.add_column("note", sa.Column("a", sa.Integer))\nsession.add(Note())',
        'op.execute("CREATE TEMP TABLE t AS SELECT 1")\nop.execute("UPDATE note SET a = 1")\nop.execute("DROP TABLE t, tag")',
    ],
)
def test_reports(body: str, lint: Lint) -> None:
    [found] = lint("CAL302", body)
    assert "data step beside DDL" in found.finding.message


@pytest.mark.parametrize(
    "body",
    [
        ADD,
        UPDATE,
        UPDATE + UPDATE,
        PG + ADD.rstrip() + "\nelse:\n    " + UPDATE,
        'op.execute("CREATE TEMPORARY TABLE ids (id int)")\n' + UPDATE,
        'op.execute("ALTER TABLE note DISABLE TRIGGER note_forbid_mod")\n' + UPDATE,
        ADD + 'op.execute("SELECT 1")',
        ADD + "op.execute(\"COMMENT ON TABLE note IS 'UPDATE note SET size = 1'\")",
        (
            'op.execute("CREATE TABLE note_new (id int)")\n'
            'op.execute("INSERT INTO note_new SELECT id FROM note")\nop.drop_table("note")\n'
            'op.rename_table("note_new", "note")'
        ),
        "def upgrade():\n    " + ADD + "\n\ndef downgrade():\n    " + UPDATE,
        'op.execute("CREATE TEMP TABLE t AS SELECT 1")\nop.execute("UPDATE note SET a = 1")\nop.execute("DROP TABLE t")',
        'op.execute("CREATE TEMP TABLE t (a int)")\nop.execute("INSERT INTO note SELECT a FROM t")\nop.drop_table("t")',
        'op.execute("UPDATE sqlite_sequence SET seq = 9 WHERE name = \'note\'")\nop.add_column("note", sa.Column("a", sa.Integer))',
    ],
)
def test_leaves_alone(body: str, lint: Lint) -> None:
    assert lint("CAL302", body) == []
