import pytest

from tests.unit.lint.project import Lint

LITE = 'if op.get_bind().dialect.name == "sqlite":\n    '


@pytest.mark.parametrize(
    "step",
    [
        'op.execute("PRAGMA foreign_keys=OFF")',
        'op.execute("INSERT OR REPLACE INTO tag (id) VALUES (1)")',
        'op.execute("REPLACE INTO tag (id) VALUES (1)")',
        'op.execute("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)")',
        "op.execute(\"UPDATE note SET at = strftime('%s', at)\")",
        'op.get_bind().execute(sa.text("SELECT name FROM sqlite_master")).fetchall()',
        'op.add_column("note", sa.Column("at", sa.DATETIME()))',
        'op.add_column("note", sa.Column("body", sa.BLOB()))',
        'if op.get_bind().dialect.name != "sqlite":\n    op.execute("PRAGMA foreign_keys=OFF")',
        'op.create_table("note", sa.Column("body", sa.BLOB))',
        'op.create_table("note", sa.Column("at", sa.DATETIME))',
        'op.create_table("note", sa.Column("at", sa.VARBINARY(3)))',
        'op.execute("CREATE TABLE note (a INT) STRICT")',
        'op.execute("UPDATE note SET `a` = 1")',
        'op.execute("UPDATE note SET [a] = 1")',
        "op.execute(\"VACUUM INTO 'copy.db'\")",
        'op.execute("REINDEX")',
        'op.execute("CREATE INDEX ix ON note (a COLLATE NOCASE)")',
        'op.execute("CREATE TABLE note (a INTEGER, UNIQUE (a) ON CONFLICT REPLACE)")',
    ],
)
def test_reports(step: str, lint: Lint) -> None:
    [found] = lint("CAL204", step)
    assert "SQLite only: PostgreSQL runs this line, too" in found.finding.message


@pytest.mark.parametrize(
    "step",
    [
        LITE + 'op.execute("PRAGMA foreign_keys=OFF")',
        'if op.get_bind().dialect.name == "postgresql":\n    return\nop.execute("PRAGMA x")',
        'if op.get_bind().dialect.name == "postgresql":\n    pass\nelse:\n    op.execute("PRAGMA x")',
        'op.add_column("note", sa.Column("at", sa.DateTime()))',
        'op.add_column("note", sa.Column("body", sa.LargeBinary()))',
        'op.execute("UPDATE note SET at = CURRENT_TIMESTAMP")',
        "op.execute(\"INSERT INTO note (body) VALUES ('PRAGMA foreign_keys')\")",
        'op.execute("DELETE FROM note WHERE id = 1")',
        'op.create_table("note", sa.Column("a", sa.NCHAR(3)), sa.Column("b", sa.LargeBinary))',
        'if op.get_bind().dialect.name == "postgresql":\n    op.execute("UPDATE note SET a = ARRAY[[1, 2], [3, 4]], b = c[1]")',
        'op.execute("INSERT INTO note (a) VALUES (1) ON CONFLICT DO NOTHING")',
        "op.execute(\"UPDATE note SET a = '`x` [y]'\")",
        'op.execute("REINDEX note_index")',
    ],
)
def test_leaves_alone(step: str, lint: Lint) -> None:
    assert lint("CAL204", step) == []


def test_a_project_without_postgresql_needs_no_guard(lint: Lint) -> None:
    assert lint("CAL204", 'op.execute("PRAGMA x")', 'dialects = ["sqlite"]') == []
