import pytest

from tests.unit.lint.project import Lint

BLOCK = "with op.get_context().autocommit_block():\n    "
CREATE = 'op.create_index("i", "note", ["a"], postgresql_concurrently=True)'
DROP = 'op.drop_index("i", "note", postgresql_concurrently=True)'
VACUUM = 'op.execute("VACUUM note")'
ENV = "from alembic import context\nfrom app.db import engine\n"

REFUSED = [
    "CREATE INDEX CONCURRENTLY i ON note (a)",
    "create unique index concurrently if not exists i on note (a)",
    "DROP INDEX CONCURRENTLY IF EXISTS i",
    "REINDEX INDEX CONCURRENTLY i",
    "REINDEX (VERBOSE, CONCURRENTLY) TABLE note",
    "REINDEX DATABASE app",
    "/* all of it */ REINDEX SCHEMA public",
    "ALTER TABLE note DETACH PARTITION old CONCURRENTLY",
    "VACUUM",
    "VACUUM (ANALYZE) note;",
    "CREATE DATABASE other",
    "DROP DATABASE IF EXISTS other",
    "CREATE TABLESPACE fast LOCATION '/fast'",
    "DROP TABLESPACE fast",
    "ALTER SYSTEM SET work_mem = '1GB'",
    "ALTER DATABASE app SET TABLESPACE fast",
    "CLUSTER",
    "CLUSTER VERBOSE;",
    "DISCARD ALL",
    "SET lock_timeout = 0; VACUUM note",
    "DO $$ BEGIN EXECUTE 'VACUUM note'; END $$",
]
ALLOWED = [
    "CREATE INDEX i ON note (a)",
    "DROP INDEX i",
    "REINDEX TABLE note",
    "ALTER TABLE note DETACH PARTITION old",
    "ALTER TABLE note DETACH PARTITION old FINALIZE",
    "ANALYZE note",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY newest",
    "CLUSTER note USING i",
    "ALTER DATABASE app SET work_mem = '1GB'",
    "DISCARD TEMP",
    "COMMENT ON INDEX i IS 'made with CREATE INDEX CONCURRENTLY'",
    "SELECT 'VACUUM note'",
    "-- VACUUM note",
    "ALTER TABLE note SET (autovacuum_enabled = false)",
    "DO $$ BEGIN IF false THEN EXECUTE 'VACUUM note'; END IF; END $$",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_reports_statements(sql: str, lint: Lint) -> None:
    [found] = lint("CAL312", f"op.execute({sql!r})")
    assert found.finding.message.startswith("PostgreSQL refuses `")
    assert "autocommit_block()" in found.finding.message


@pytest.mark.parametrize("sql", ALLOWED)
def test_leaves_statements_alone(sql: str, lint: Lint) -> None:
    assert lint("CAL312", f"op.execute({sql!r})") == []


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (CREATE, 1),
        (DROP, 1),
        (CREATE.replace("True)", "True, unique=True, if_not_exists=True)"), 1),
        ('op.execute(sa.text("VACUUM note"))', 1),
        ('op.get_bind().execute(sa.text("VACUUM note"))', 1),
        ('op.get_bind().exec_driver_sql("VACUUM note")', 1),
        ('op.execute(sa.DDL("VACUUM note"))', 1),
        ('for table in ("note", "tag"):\n    op.execute(f"VACUUM {table}")', 2),
        ('import os\nop.execute(f"VACUUM {os.environ[\'TABLE\']}")', 1),
        (f"if op.get_bind().dialect.name == 'postgresql':\n    {CREATE}", 1),
        (f"{BLOCK}{CREATE}\n{DROP}", 1),
        (f"{BLOCK}op.execute('SET lock_timeout = 0; VACUUM note')", 1),
        (BLOCK + """op.execute("DO $$ BEGIN EXECUTE 'VACUUM'; END $$")""", 1),
        (('with op.batch_alter_table("note") as batch:\n'
         '    batch.create_index("i", ["a"], postgresql_concurrently=True)'), 1),
        ("def upgrade():\n    pass\n\n\ndef downgrade():\n    " + DROP, 1),
        (("def vacuum(table):\n    op.execute(f'VACUUM {table}')\n\n\ndef upgrade():\n"
         "    vacuum('note')\n\n\ndef downgrade():\n    vacuum('note')\n"), 2),
    ],
)  # fmt: skip
def test_reports(body: str, count: int, lint: Lint) -> None:
    assert len(lint("CAL312", body)) == count


@pytest.mark.parametrize(
    "body",
    [
        BLOCK + CREATE,
        BLOCK + DROP,
        BLOCK + VACUUM,
        BLOCK + "op.execute('VACUUM note; ')",
        "context = op.get_context()\nwith context.autocommit_block():\n    " + CREATE,
        "from contextlib import ExitStack\nwith ExitStack() as stack:\n"
        "    stack.enter_context(op.get_context().autocommit_block())\n    " + CREATE,
        "block = op.get_context().autocommit_block()\nblock.__enter__()\n" + CREATE,
        'op.execute("COMMIT")\n' + CREATE,
        f"if op.get_bind().dialect.name == 'sqlite':\n    {VACUUM}",
        f"if op.get_bind().dialect.name != 'postgresql':\n    {VACUUM}",
        'op.create_index("i", "note", ["a"], postgresql_concurrently=False)',
        (
            'with op.get_bind().engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:\n'
            '    c.execute(sa.text("VACUUM note"))'
        ),
        'op.get_bind().connection.set_isolation_level(0)\nop.execute("VACUUM note")',
        'op.get_bind().connection.connection.autocommit = True\nop.execute("VACUUM note")',
        (
            "from contextlib import contextmanager\n\n\n@contextmanager\ndef outside():\n"
            "    with op.get_context().autocommit_block():\n        yield\n\n\ndef upgrade():\n"
            f"    with outside():\n        {CREATE}\n\n\ndef downgrade():\n    pass\n"
        ),
    ],
)
def test_leaves_alone(body: str, lint: Lint) -> None:
    assert lint("CAL312", body) == []


@pytest.mark.parametrize(
    ("env", "app", "count"),
    [
        (ENV, "from sqlalchemy import create_engine\nengine = create_engine('x')\n", 1),
        (ENV, "session = sessionmaker(autocommit=False)\n", 1),
        (ENV, "engine = create_engine('x', isolation_level='AUTOCOMMIT')\n", 0),
        (ENV + "engine.execution_options(isolation_level='AUTOCOMMIT')\n", "", 0),
        (ENV + "engine.execution_options(isolation_level='SERIALIZABLE')\n", "", 1),
    ],
)
def test_knows_where_env_opens_no_transaction(env: str, app: str, count: int, lint: Lint) -> None:
    revision = 'revision = "a"\ndown_revision = None\n\n\ndef upgrade():\n    '
    files = {
        "../env.py": env,
        "../../app/__init__.py": "",
        "../../app/db.py": app,
        "20250826_1030_example.py": f"from alembic import op\n{revision}{VACUUM}\n",
    }
    assert len(lint("CAL312", files)) == count


def test_says_nothing_where_postgresql_is_not_configured(lint: Lint) -> None:
    assert lint("CAL312", CREATE, 'dialects = ["sqlite"]') == []
