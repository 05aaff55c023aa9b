"""Which SQL does only one of the two dialects understand?"""

import pytest

from calista_tools.effects.sql import foreign


@pytest.mark.parametrize(
    ("text", "construct"),
    [
        ("CREATE INDEX i ON t USING gin (a)", "GIN index"),
        ("CREATE TABLE t (a JSONB)", "JSONB"),
        ("SELECT a::text FROM t", "::"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$", "dollar-quoted string"),
        ("DO $$ BEGIN NULL; END $$", "DO"),
        ("TRUNCATE t", "TRUNCATE"),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", "ALTER TABLE … ADD CONSTRAINT"),
        ("ALTER TABLE t ALTER a SET NOT NULL", "ALTER TABLE … SET NOT NULL"),
        ("ALTER TABLE t ADD COLUMN IF NOT EXISTS a int", "ALTER TABLE … IF NOT EXISTS"),
        ("DROP TABLE t CASCADE", "DROP TABLE … CASCADE"),
        ("DROP TRIGGER g ON t", "DROP TRIGGER … ON"),
        ("CREATE TRIGGER g BEFORE UPDATE ON t EXECUTE FUNCTION f()", "EXECUTE FUNCTION"),
        ("COMMENT ON TABLE t IS 'x'", "COMMENT"),
        ("UPDATE t SET a = now()", "now()"),
        ("UPDATE t SET a = E'\\n'", "E'' string"),
        ("SELECT * FROM t WHERE a ILIKE 'x'", "ILIKE"),
        ("SELECT INTERVAL '1 day'", "INTERVAL"),
        ("CREATE INDEX CONCURRENTLY i ON t (a)", "CONCURRENTLY"),
        ("DELETE FROM t USING u WHERE t.a = u.a", "DELETE … USING"),
        ("CREATE EXTENSION pg_trgm", "CREATE EXTENSION"),
        ("SET lock_timeout = '1s'", "SET"),
    ],
)
def test_sqlite_does_not_understand(text: str, construct: str) -> None:
    assert construct in [item.construct for item in foreign(text, "sqlite")]
    assert not foreign(text, "postgresql")


@pytest.mark.parametrize(
    ("text", "construct"),
    [
        ("PRAGMA foreign_keys = ON", "PRAGMA"),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)", "AUTOINCREMENT"),
        ("INSERT OR REPLACE INTO t VALUES (1)", "INSERT OR REPLACE"),
        ("REPLACE INTO t VALUES (1)", "REPLACE"),
        ("CREATE TRIGGER g DELETE ON t BEGIN SELECT RAISE(ABORT, 'x'); END", "RAISE()"),
        ("DROP TRIGGER g", "DROP TRIGGER without ON"),
        ("SELECT name FROM sqlite_master", "sqlite_master"),
        ("UPDATE t SET a = strftime('%s', b)", "strftime()"),
        ("CREATE TABLE t (a DATETIME)", "DATETIME"),
        ("CREATE VIRTUAL TABLE t USING fts5(a)", "VIRTUAL TABLE"),
        ("CREATE TABLE t (a INT PRIMARY KEY) WITHOUT ROWID", "WITHOUT ROWID"),
    ],
)
def test_postgresql_does_not_understand(text: str, construct: str) -> None:
    assert construct in [item.construct for item in foreign(text, "postgresql")]
    assert not foreign(text, "sqlite")


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT 'x', b TIMESTAMP)",
        "CREATE UNIQUE INDEX i ON t (a) WHERE b IS NULL",
        "ALTER TABLE t ADD COLUMN a INT DEFAULT 1",
        "ALTER TABLE t RENAME COLUMN a TO b",
        "INSERT INTO t (a) SELECT a FROM u WHERE TRUE ON CONFLICT (a) DO NOTHING",
        "UPDATE t SET a = b.x FROM b WHERE b.id = t.id",
        "SELECT CURRENT_TIMESTAMP, coalesce(a, 'now() ILIKE PRAGMA $$'), count(*) FROM t",
        "CREATE TABLE now (datetime TIMESTAMP, jsonb TEXT, array INT)",
        "DELETE FROM t WHERE a = :a AND b = :b",
        "CREATE VIEW v AS SELECT 1",
        "SELECT * FROM t -- PRAGMA, ILIKE, ::",
        'SELECT "ilike" FROM t',
    ],
)
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_both_understand(text: str, dialect: str) -> None:
    assert not foreign(text, dialect)
