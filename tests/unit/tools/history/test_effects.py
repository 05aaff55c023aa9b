"""What a revision does to rows is read by the lint's own reader; what it cannot read is asked about."""

from __future__ import annotations

from pathlib import Path

import pytest

from calista_tools.effects.revision_kind import Effects, effects
from calista_tools.history import Revision, read_file

SOURCE = '''"""do it"""
import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session
{imports}

revision = "a"
down_revision = None

t = sa.table("t", sa.column("id"), sa.column("a"))


def upgrade() -> None:
{body}


def downgrade() -> None:
    pass
'''


def found(tmp_path: Path, body: str, imports: str = "") -> Effects:
    path = tmp_path / "20240101_0000_do_it.py"
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    path.write_text(SOURCE.format(body=lines, imports=imports))
    revision = read_file(path)
    assert isinstance(revision, Revision), revision
    return effects(revision)


def sql(tmp_path: Path, text: str) -> Effects:
    return found(tmp_path, f"op.execute({text!r})")


@pytest.mark.parametrize(
    "text",
    [
        "DO $$ BEGIN UPDATE t SET a = 1; END $$",
        "DO $$ BEGIN IF true THEN INSERT INTO t VALUES (1); END IF; END $$",
        "DO $$ BEGIN EXECUTE 'DELETE FROM t'; END $$",
        "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
        "WITH x AS (SELECT 1 AS id) INSERT INTO t SELECT id FROM x",
        "WITH RECURSIVE x AS (SELECT 1 AS id) UPDATE t SET a = 1 FROM x",
        "COPY t FROM '/tmp/rows'",
        "COPY t (id, a) FROM STDIN",
        "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE",
        "TRUNCATE t",
        "REPLACE INTO t VALUES (1)",
        "-- first\n/* then */ UPDATE t SET a = 1",
        "SELECT 1; DELETE FROM t",
    ],
)
def test_text_that_writes_rows(tmp_path: Path, text: str) -> None:
    told = sql(tmp_path, text)
    assert (told.kind, told.unsure, told.writes_rows) == ("data", False, True)
    assert "t" in told.tables


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("WITH x AS (SELECT 1) SELECT * FROM x", "empty"),
        ("SELECT count(*), lower(a), coalesce(max(id), 0) FROM t WHERE a IN (1, 2)", "empty"),
        ("(SELECT 1)", "empty"),
        ("WITH x (a) AS (SELECT 1), y (b, c) AS (SELECT 1, 2) SELECT * FROM x, y", "empty"),
        ("VALUES (1)", "empty"),
        ("COPY t TO '/tmp/rows'", "empty"),
        ("COPY (SELECT 1) TO '/tmp/rows'", "empty"),
        ("SET lock_timeout = '1s'", "empty"),
        ("SELECT pg_advisory_xact_lock(1)", "empty"),
        ("LOCK TABLE t", "empty"),
        ("EXPLAIN SELECT 1", "empty"),
        ("COMMENT ON TABLE t IS 'copied from account'", "schema"),
        ("COMMENT ON COLUMN t.a IS 'update; delete from x'", "schema"),
        ("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM t'", "schema"),
        ("CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f()", "schema"),
        ("CREATE VIEW v AS SELECT f(a) FROM t", "schema"),
        ("DO $$ BEGIN CREATE TYPE s AS ENUM ('a'); EXCEPTION WHEN others THEN NULL; END $$", "schema"),
        ("DO $$ DECLARE n varchar(20) := 'x'; BEGIN ALTER TABLE t ADD COLUMN b numeric(3); END $$", "schema"),
        ("DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type) THEN CREATE TABLE u (id int); END IF; END $$", "schema"),
        ("DO $$ BEGIN RAISE NOTICE 'x'; END $$", "empty"),
        ("GRANT SELECT, INSERT, UPDATE ON t TO app", "schema"),
    ],
)  # fmt: skip
def test_text_that_writes_none(tmp_path: Path, text: str, kind: str) -> None:
    told = sql(tmp_path, text)
    assert (told.kind, told.unsure, told.writes_rows) == (kind, False, False)


@pytest.mark.parametrize(
    "text",
    [
        "CALL move_rows()",
        "SELECT move_rows()",
        "SELECT app.move_rows(1)",
        'SELECT "Move"(1)',
        "WITH x AS (SELECT move_rows()) SELECT * FROM x",
        "SELECT * FROM move_rows(1) AS m(a, b)",
        "(SELECT move_rows())",
        "SELECT lower(a), move_rows(a) AS b FROM t",
        "DO $$ BEGIN PERFORM move_rows(); END $$",
        "DO $$ DECLARE n int := move_rows(); BEGIN NULL; END $$",
        "DO $$ BEGIN IF move_rows() > 1 THEN CREATE TABLE u (id int); END IF; END $$",
        "DO $$ BEGIN EXECUTE 'UPDATE ' || quote_ident('t') || ' SET a = 1'; END $$",
        "DO LANGUAGE plpython3u $$ plpy.execute('UPDATE t') $$",
        "EXECUTE prepared",
        "EXPLAIN ANALYZE DELETE FROM t",
        "SHRINK t",
    ],
)
def test_text_that_may_write_rows(tmp_path: Path, text: str) -> None:
    told = sql(tmp_path, text)
    assert (told.unsure, told.writes_rows) == (True, True)


@pytest.mark.parametrize(
    "body",
    [
        "op.bulk_insert(t, [{'id': 1}])",
        "op.execute(sa.insert(t).values(id=1))",
        "op.execute(t.update().values(a=1))",
        "op.get_bind().execute(sa.delete(t))",
        "for a in (1, 2):\n    op.execute(f'UPDATE t SET a = {a}')",
        "for name in open('/nowhere'):\n    op.execute(f'UPDATE {name} SET a = 1')",
        "def fill():\n    op.execute('UPDATE t SET a = 1')\nfill()",
        "for row in op.get_bind().execute(sa.text('SELECT id FROM t')):\n    op.execute('DELETE FROM t')",
        "session = Session(bind=op.get_bind())\nsession.add(object())\nsession.commit()",
        "Session(op.get_bind()).query(t).update({'a': 1})",
        "Session(op.get_bind()).bulk_insert_mappings(t, [{'id': 1}])",
        "op.get_bind().connection.cursor().execute('DELETE FROM t')",
        "with op.batch_alter_table('t') as batch:\n    pass\nop.execute('DELETE FROM t')",
    ],
)
def test_code_that_writes_rows(tmp_path: Path, body: str) -> None:
    told = found(tmp_path, body)
    assert told.kind in ("data", "mixed")
    assert told.writes_rows


@pytest.mark.parametrize(
    ("body", "imports"),
    [
        ("op.execute(sa.select(sa.func.move_rows()))", ""),
        ("op.get_bind().scalar(sa.func.move_rows())", ""),
        ("op.execute(open('/nowhere/a.sql').read())", ""),
        ("fill(op.get_bind())", "from somebody import fill"),
        ("somebody.fill(op)", "import somebody"),
        ("somebody.fill(session=Session(op.get_bind()))", "import somebody"),
        ("getattr(op, chr(101) + 'xecute')('DELETE FROM t')", ""),
        ("session = Session(op.get_bind())\nfor one in session.query(t):\n    one.a = 1\nsession.commit()", ""),
        ("with Session(op.get_bind()) as s, s.begin():\n    s.scalars(sa.select(t)).first().a = 1", ""),
        ("op.get_bind().connection.cursor().copy_expert('COPY t FROM STDIN', open('x'))", ""),
        ("op.invoke(somebody.Fill('t'))", "import somebody"),
        ("op.fill_rows('t')", ""),
    ],
)  # fmt: skip
def test_code_that_may_write_rows(tmp_path: Path, body: str, imports: str) -> None:
    told = found(tmp_path, body, imports)
    assert told.writes_rows, told


@pytest.mark.parametrize(
    "body",
    [
        "op.create_table('t', sa.Column('id', sa.Integer()))",
        "op.execute(sa.select(sa.func.count()).select_from(t))",
        "bind = op.get_bind()\nif not sa.inspect(bind).has_table('t'):\n    op.create_table('t')",
        "sa.Enum('a', name='s').create(op.get_bind(), checkfirst=True)",
        "if op.get_bind().execute(sa.text('SELECT 1 FROM t')).first():\n    op.drop_table('t')",
        "with op.get_context().autocommit_block():\n    op.execute('VACUUM')",
        "for name in open('/nowhere'):\n    op.execute(f'ALTER TABLE {name} ADD COLUMN b integer')",
        "print(op.get_bind().dialect.name)",
        "op.create_table_comment('t', 'copied from account')",
        "pass",
    ],
)
def test_code_that_writes_none(tmp_path: Path, body: str) -> None:
    told = found(tmp_path, body)
    assert not told.writes_rows, told


def test_a_helper_of_the_project_is_followed(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text(
        "from alembic import op\n\n\ndef fill(bind):\n    bind.execute('UPDATE t SET a = 1')\n"
    )
    told = found(tmp_path, "fill(op.get_bind())", "from helpers import fill")
    assert (told.kind, told.unsure) == ("data", False)


def test_a_table_made_of_another_ones_rows(tmp_path: Path) -> None:
    assert sql(tmp_path, "CREATE TABLE u AS SELECT * FROM t").kind == "mixed"
    assert sql(tmp_path, "SELECT * INTO u FROM t").kind == "mixed"
    assert not sql(tmp_path, "CREATE TEMP TABLE u AS SELECT * FROM t").writes_rows


def test_tables_are_those_of_the_statements(tmp_path: Path) -> None:
    text = (
        'INSERT INTO t SELECT extract(year FROM s.made) FROM public.s JOIN "R" ON true'
        " WHERE a IS DISTINCT FROM 'from nowhere' -- from a comment"
    )
    assert sql(tmp_path, text).tables == {"t", "s", "R"}
    assert sql(tmp_path, "WITH x AS (SELECT 1 FROM s) INSERT INTO t SELECT * FROM x").tables == {
        "t",
        "s",
    }
