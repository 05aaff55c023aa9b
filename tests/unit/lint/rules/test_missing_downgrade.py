import pytest

from tests.unit.lint.project import Lint

UPGRADE = 'def upgrade():\n    op.add_column("note", sa.Column("body", sa.Text()))\n\n\n'


@pytest.mark.parametrize(
    "downgrade",
    [
        "",
        "def downgrade():\n    pass\n",
        "def downgrade():\n    ...\n",
        'def downgrade():\n    """Nothing to undo."""\n',
        "def downgrade():\n    return\n",
        "def downgrade():\n    return None\n",
        "def downgrade():\n    # op.drop_column()\n    pass\n",
        "def downgrade():\n    raise NotImplementedError\n",
        'def downgrade():\n    """No."""\n    raise NotImplementedError("cannot be undone")\n',
        "async def downgrade():\n    pass\n",
        "def downgrade_all():\n    op.drop_column('note', 'body')\n",
        'def downgrade():\n    print("no way back")\n',
        "def downgrade():\n    bind = op.get_bind()\n",
        "downgrade = None\n",
        'def downgrade():\n    assert False, "no way back"\n',
        'def downgrade():\n    if False:\n        op.drop_column("note", "body")\n',
        'def downgrade():\n    op.execute("SELECT 1")\n',
        'def downgrade():\n    op.execute("-- nothing to undo")\n',
        'def refuse():\n    raise RuntimeError("no way back")\n\ndef downgrade():\n    refuse()\n',
        'def downgrade():\n    import warnings\n    warnings.warn("no way back")\n',
    ],
)
def test_reports(downgrade: str, lint: Lint) -> None:
    [found] = lint("CAL305", UPGRADE + downgrade)
    assert "downgrade()" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        UPGRADE + 'def downgrade():\n    op.drop_column("note", "body")\n',
        UPGRADE + "def downgrade():\n    undo(op)\n",
        UPGRADE + "from helpers import downgrade\n",
        UPGRADE + "from helpers import *\n",
        UPGRADE + "downgrade = lambda: op.drop_column('note', 'body')\n",
        UPGRADE + "if True:\n    def downgrade():\n        op.drop_column('note', 'body')\n",
        UPGRADE + "def downgrade():\n    for table in TABLES:\n        op.drop_table(table)\n",
        UPGRADE + "def downgrade():\n    if op.get_bind():\n        raise RuntimeError\n",
        # A merge: nothing up, nothing down.
        "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n",
        'def upgrade():\n    """Join the branches."""\n',
        UPGRADE + "def downgrade():  # noqa: CAL305 - the texts are gone; restore the backup\n"
        "    raise NotImplementedError\n",
        'def upgrade():\n    op.add_column("note", sa.Column("body", sa.Text()))\n\n\ndef drop():\n    op.drop_column("note", "body")\n\ndef downgrade():\n    drop()\n',
        'def upgrade():\n    op.add_column("note", sa.Column("body", sa.Text()))\n\n\ndrop = helpers()\n\ndef downgrade():\n    drop()\n',
        'def upgrade():\n    op.add_column("note", sa.Column("body", sa.Text()))\n\n\ndef downgrade():\n    op.execute("SELECT undo()")\n',
        'def upgrade():\n    op.add_column("note", sa.Column("body", sa.Text()))\n\n\ndef downgrade():\n    run = op.drop_column\n    run("note", "body")\n',
        "def upgrade():\n    print(op.get_bind().dialect.name)\n\ndef downgrade():\n    pass\n",
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL305", source) == []


#: What leaves nothing to undo, one in each of the ways that a step is written.
NOTHING_LEFT = [
    "ALTER TABLE note VALIDATE CONSTRAINT ck_note_a",
    "ALTER TABLE note VALIDATE CONSTRAINT ck_note_a, VALIDATE CONSTRAINT ck_note_b",
    "ALTER DOMAIN positive VALIDATE CONSTRAINT ck_positive",
    "ANALYZE note",
    "VACUUM (ANALYZE) note",
    "REINDEX INDEX CONCURRENTLY ix_note_a",
    "CLUSTER note USING ix_note_a",
    "REFRESH MATERIALIZED VIEW newest",
    "LOCK TABLE note IN SHARE MODE",
    "SET LOCAL lock_timeout = '5s'; ANALYZE note",
    "SELECT count(*) FROM note WHERE a IS NULL",
    "SELECT pg_advisory_xact_lock(1)",
    "SELECT setval('note_id_seq', (SELECT max(id) FROM note))",
    "SELECT pg_catalog.setval('note_id_seq', 7, false)",
    "SELECT set_config('app.user', 'none', true)",
    "CREATE TEMPORARY TABLE seen AS SELECT a FROM note",
    "CREATE TEMP TABLE seen (a int); INSERT INTO seen VALUES (1); DROP TABLE seen",
    "DO $$ BEGIN PERFORM pg_advisory_xact_lock(1); END $$",
]
#: What does, however like it is.
SOMETHING_LEFT = [
    "ALTER TABLE note VALIDATE CONSTRAINT ck_note_a, ADD COLUMN b int",
    "ANALYZE note; UPDATE note SET a = 1",
    "CREATE TABLE seen AS SELECT a FROM note",
    "CREATE TEMP TABLE seen (a int); INSERT INTO note SELECT a FROM seen",
    "SELECT a INTO seen FROM note",
    "SELECT forget_everything()",
    "SELECT setval('note_id_seq', forget_everything())",
    "WITH gone AS (DELETE FROM note RETURNING a) SELECT a FROM gone",
    "EXPLAIN ANALYZE DELETE FROM note",
    "ALTER DATABASE app SET work_mem = '1GB'",
    "ALTER TABLE note CLUSTER ON ix_note_a",
    "CREATE MATERIALIZED VIEW newest AS SELECT 1 AS a",
    "CALL forget()",
    "DO $$ BEGIN PERFORM forget(); END $$",
    "DO $$ BEGIN DELETE FROM note; END $$",
    "PRAGMA user_version = 3",
]
EMPTY = "\n\n\ndef downgrade():\n    pass\n"


@pytest.mark.parametrize("sql", NOTHING_LEFT)
@pytest.mark.parametrize(
    "step",
    [
        "op.execute({!r})",
        "with op.get_context().autocommit_block():\n        op.execute(sa.text({!r}))",
        "if op.get_bind().dialect.name == 'postgresql':\n        op.get_bind().exec_driver_sql({!r})",
    ],
)
def test_wants_no_undo_where_nothing_is_left(step: str, sql: str, lint: Lint) -> None:
    assert lint("CAL305", f"def upgrade():\n    {step.format(sql)}{EMPTY}") == []


@pytest.mark.parametrize("sql", SOMETHING_LEFT)
def test_wants_an_undo_where_something_is_left(sql: str, lint: Lint) -> None:
    assert len(lint("CAL305", f"def upgrade():\n    op.execute({sql!r}){EMPTY}")) == 1


@pytest.mark.parametrize(
    ("upgrade", "count"),
    [
        ('op.create_table("seen", sa.Column("a", sa.Integer()), prefixes=["TEMPORARY"])', 0),
        ('op.create_table("seen", sa.Column("a", sa.Integer()), prefixes=["UNLOGGED"])', 1),
        ('op.get_bind().execute(sa.select(sa.func.setval("note_id_seq", 7)))', 0),
        ('op.get_bind().execute(sa.select(sa.func.forget("note")))', 1),
        ('for key in ("a", "b"):\n        op.execute(f"ALTER TABLE t VALIDATE CONSTRAINT {key}")', 0),
        ('op.execute("ANALYZE note")\n    op.drop_column("note", "a")', 1),
        ('op.execute("ANALYZE note")\n    from app import repair\n    repair(op)', 1),
    ],
)  # fmt: skip
def test_looks_at_every_step(upgrade: str, count: int, lint: Lint) -> None:
    assert len(lint("CAL305", f"def upgrade():\n    {upgrade}{EMPTY}")) == count


def test_wants_a_reason_of_one_that_refuses_though_nothing_is_left(lint: Lint) -> None:
    upgrade = 'def upgrade():\n    op.execute("ANALYZE note")\n\n\n'
    assert len(lint("CAL305", upgrade + "def downgrade():\n    raise NotImplementedError\n")) == 1
    assert len(lint("CAL305", upgrade)) == 1  # without the function Alembic cannot pass it
