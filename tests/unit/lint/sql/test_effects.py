"""Which objects does raw SQL create, rename and drop, on which table?"""

import pytest

from calista_tools.effects.sql import Statement, effects

BOTH = ("sqlite", "postgresql")


def objects(text: str, dialect: str) -> list[tuple[str, str, str | None, str | None]]:
    """The objects of a text: action, kind, table, name."""
    found = effects(text, dialect)
    assert not found.troubles
    return [(o.action, o.kind, o.table, o.name and o.name.text) for o in found.objects]


def one(text: str, dialect: str = "postgresql") -> Statement:
    """The only statement of a text."""
    found = effects(text, dialect)
    assert not found.troubles
    (statement,) = found.statements
    return statement


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE INDEX ix_a ON t (a)", [("create", "ix", "t", "ix_a")]),
        ("create unique index if not exists ix_a on t (a)", [("create", "ix", "t", "ix_a")]),
        ('CREATE INDEX "ix ""q""" ON "T t" (a)', [("create", "ix", "T t", 'ix "q"')]),
        ("DROP INDEX IF EXISTS ix_a", [("drop", "ix", None, "ix_a")]),
        ("DROP TABLE t", [("drop", "table", "t", "t")]),
        ("ALTER TABLE t RENAME TO u", [("rename", "table", "t", "t")]),
        (
            "CREATE TABLE t (id INTEGER CONSTRAINT pk_t PRIMARY KEY, a INT UNIQUE)",
            [
                ("create", "table", "t", "t"),
                ("create", "pk", "t", "pk_t"),
                ("create", "uq", "t", None),
            ],
        ),
        (
            (
                "CREATE TABLE t (a INT, CONSTRAINT ck_t_a CHECK (a > 0),"
                " CONSTRAINT fk_t FOREIGN KEY (a) REFERENCES u (id) ON DELETE CASCADE)"
            ),
            [
                ("create", "table", "t", "t"),
                ("create", "ck", "t", "ck_t_a"),
                ("create", "fk", "t", "fk_t"),
            ],
        ),
        (
            "-- why\nCREATE INDEX a ON t (a); /* and */ CREATE INDEX b ON t (b);",
            [("create", "ix", "t", "a"), ("create", "ix", "t", "b")],
        ),
        ("SELECT 'CREATE INDEX a ON t (a)'", []),
        ("INSERT INTO t (a) VALUES ('; DROP TABLE t')", []),
        ("-- DROP TABLE t", []),
        ("", []),
        (";;", []),
    ],
)
def test_on_both(text: str, dialect: str, expected: list[tuple[str, str, str, str]]) -> None:
    assert objects(text, dialect) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "ALTER TABLE t ADD CONSTRAINT uq_t_a UNIQUE (a), DROP CONSTRAINT old",
            [("create", "uq", "t", "uq_t_a"), ("drop", "", "t", "old")],
        ),
        ("ALTER TABLE ONLY s.t RENAME CONSTRAINT a TO b", [("rename", "", "t", "a")]),
        ("ALTER INDEX IF EXISTS s.a RENAME TO b", [("rename", "ix", None, "a")]),
        ("ALTER TRIGGER a ON t RENAME TO b", [("rename", "trigger", "t", "a")]),
        ("ALTER FUNCTION f(int, text) RENAME TO g", [("rename", "function", None, "f")]),
        (
            "DROP INDEX CONCURRENTLY a, s.b CASCADE",
            [("drop", "ix", None, "a"), ("drop", "ix", None, "b")],
        ),
        ("DROP TRIGGER IF EXISTS a ON s.t", [("drop", "trigger", "t", "a")]),
        (
            "DROP FUNCTION IF EXISTS f(text), g()",
            [("drop", "function", None, "f"), ("drop", "function", None, "g")],
        ),
        ("CREATE INDEX ON t (a)", [("create", "ix", "t", None)]),
        ("CREATE INDEX IX_Foo ON Bar (A)", [("create", "ix", "bar", "ix_foo")]),
        (
            "ALTER TABLE t ADD CONSTRAINT pk_t PRIMARY KEY USING INDEX ix_t",
            [("drop", "ix", "t", "ix_t"), ("create", "pk", "t", "pk_t")],
        ),
        (
            (
                "ALTER TABLE t ADD COLUMN IF NOT EXISTS u INT NOT NULL DEFAULT (1 + 2)"
                " CONSTRAINT fk_u REFERENCES u (id) NOT VALID"
            ),
            [("create", "fk", "t", "fk_u")],
        ),
        (
            "CREATE TRIGGER a BEFORE UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION s.f()",
            [("create", "trigger", "t", "a")],
        ),
        (
            (
                "CREATE OR REPLACE FUNCTION s.f() RETURNS trigger AS $body$ BEGIN DROP TABLE x; END"
                " $body$ LANGUAGE plpgsql; CREATE INDEX a ON t (a)"
            ),
            [("create", "function", None, "f"), ("create", "ix", "t", "a")],
        ),
        (
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; DROP TABLE t",
            [("create", "function", None, "f"), ("drop", "table", "t", "t")],
        ),
        (
            (
                "DO $$ BEGIN IF NOT EXISTS (SELECT 1) THEN ALTER TABLE t ADD CONSTRAINT a CHECK (b > 0);"
                " END IF; EXECUTE 'DROP INDEX x'; END $$"
            ),
            [("create", "ck", "t", "a"), ("drop", "ix", None, "x")],
        ),
        (
            (
                "DO $$ DECLARE n int; BEGIN CREATE INDEX a ON t (a); EXCEPTION WHEN duplicate_table THEN"
                " NULL; END $$"
            ),
            [("create", "ix", "t", "a")],
        ),
    ],
)
def test_on_postgresql(text: str, expected: list[tuple[str, str, str, str]]) -> None:
    assert objects(text, "postgresql") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            (
                "CREATE TRIGGER IF NOT EXISTS a BEFORE UPDATE OF x, y ON t WHEN old.x <> new.x BEGIN"
                " SELECT CASE WHEN 1 THEN RAISE(ABORT, 'no; never') END; DELETE FROM u; END; DROP TABLE t"
            ),
            [("create", "trigger", "t", "a"), ("drop", "table", "t", "t")],
        ),
        ("DROP TRIGGER main.a", [("drop", "trigger", None, "a")]),
        ("CREATE INDEX `a b` ON [t u] (a)", [("create", "ix", "t u", "a b")]),
        ("CREATE INDEX IX_Foo ON Bar (A)", [("create", "ix", "Bar", "IX_Foo")]),
        (
            "CREATE TABLE t (a INT, UNIQUE (a) CHECK (a > 1))",
            [
                ("create", "table", "t", "t"),
                ("create", "uq", "t", None),
                ("create", "ck", "t", None),
            ],
        ),
        ("CREATE VIRTUAL TABLE t USING fts5(a, b)", [("create", "table", "t", "t")]),
        ("CREATE TEMP TABLE IF NOT EXISTS t AS SELECT 1", [("create", "table", "t", "t")]),
    ],
)
def test_on_sqlite(text: str, expected: list[tuple[str, str, str, str]]) -> None:
    assert objects(text, "sqlite") == expected


def test_columns_and_referred_table() -> None:
    text = """CREATE TABLE IF NOT EXISTS t (
        id integer GENERATED BY DEFAULT AS IDENTITY (START 5) PRIMARY KEY,
        a varchar(10) DEFAULT 'x'::varchar NOT NULL CHECK (length(a) > 1 AND b IS NULL),
        b numeric(10, 2),
        c timestamp with time zone DEFAULT now(),
        CONSTRAINT fk FOREIGN KEY (a, b) REFERENCES s.u (x, y) MATCH FULL ON UPDATE SET NULL DEFERRABLE,
        CHECK (b > 0 AND coalesce(b, 1) < 3)
    ) WITH (fillfactor = 70)"""
    statement = one(text)
    by_kind = {o.kind: o for o in statement.objects}
    assert by_kind["fk"].columns == ("a", "b")
    assert by_kind["fk"].referred_table == "u"
    assert by_kind["fk"].referred_columns == ("x", "y")
    assert [o.columns for o in statement.objects if o.kind == "ck"] == [("a", "b"), ("b",)]
    shown = [
        (c.name, c.type, c.nullable, c.primary_key, c.server_default) for c in statement.columns
    ]
    assert shown == [
        ("id", "integer", False, True, None),
        ("a", "varchar(10)", False, False, "'x'::varchar"),
        ("b", "numeric(10, 2)", None, False, None),
        ("c", "timestamp with time zone", None, False, "now()"),
    ]


def test_index_columns() -> None:
    text = 'CREATE INDEX i ON t USING gin (a DESC NULLS LAST, lower(b), (c), "D" COLLATE "C", (a || b)) WHERE z'
    (index,) = one(text).objects
    assert index.columns == ("a", None, "c", "D", None)
    assert index.expression == "z"


@pytest.mark.parametrize(
    ("text", "what", "name", "flags"),
    [
        ("ALTER TABLE t ADD c int DEFAULT 1 NOT NULL", "add_column", "c", {"default", "not null"}),
        (
            "ALTER TABLE t DROP COLUMN IF EXISTS c CASCADE",
            "drop_column",
            "c",
            {"if exists", "cascade"},
        ),
        ("ALTER TABLE t RENAME c TO d", "rename_column", "c", set()),
        ("ALTER TABLE t ALTER c TYPE int USING c::int", "alter_type", "c", {"using"}),
        ("ALTER TABLE t ALTER COLUMN c SET NOT NULL", "set_not_null", "c", set()),
        ("ALTER TABLE t ALTER COLUMN c DROP DEFAULT", "drop_default", "c", set()),
        (
            "ALTER TABLE t ADD CONSTRAINT k CHECK (c > 0) NOT VALID",
            "add_constraint",
            "k",
            {"check", "not valid"},
        ),
        (
            "ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX i",
            "add_constraint",
            "k",
            {"unique", "using index"},
        ),
        ("ALTER TABLE t ADD EXCLUDE USING gist (c WITH &&)", "add_constraint", None, {"exclude"}),
        ("ALTER TABLE t VALIDATE CONSTRAINT k", "validate_constraint", "k", set()),
        ("ALTER TABLE t ENABLE ALWAYS TRIGGER g", "enable_always_trigger", "g", set()),
        ("ALTER TABLE t DISABLE TRIGGER ALL", "disable_trigger", "all", set()),
        ("ALTER TABLE t SET UNLOGGED", "other", None, {"set unlogged"}),
        ("ALTER TYPE e ADD VALUE IF NOT EXISTS 'x'", "add_value", "x", {"if not exists"}),
    ],
)
def test_changes(text: str, what: str, name: str | None, flags: set[str]) -> None:
    (change,) = one(text).changes
    assert (change.what, change.name, set(change.flags)) == (what, name, flags)


@pytest.mark.parametrize(
    ("text", "kind", "verb", "tables", "flags"),
    [
        ("INSERT INTO s.t (a) VALUES (:a)", "dml", "insert", ["t"], {"values"}),
        ("INSERT INTO t (SELECT a, EXTRACT(YEAR FROM b) FROM s)", "dml", "insert", ["t"], set()),
        ("INSERT INTO t (WITH x AS (SELECT 1) TABLE x)", "dml", "insert", ["t"], set()),
        (
            "INSERT INTO t ((SELECT 1)) ON CONFLICT DO NOTHING",
            "dml",
            "insert",
            ["t"],
            {"on conflict", "do nothing"},
        ),
        (
            "INSERT INTO t SELECT * FROM u ON CONFLICT (a) DO NOTHING",
            "dml",
            "insert",
            ["t"],
            {"on conflict", "do nothing"},
        ),
        (
            "INSERT INTO t SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM t)",
            "dml",
            "insert",
            ["t"],
            {"where", "not exists"},
        ),
        (
            "UPDATE ONLY t SET a = 1, b = (SELECT 2) WHERE a IS NULL",
            "dml",
            "update",
            ["t"],
            {"where", "is null"},
        ),
        ("DELETE FROM t USING u WHERE t.a = u.a", "dml", "delete", ["t"], {"using", "where"}),
        (
            "TRUNCATE TABLE t, s.u RESTART IDENTITY CASCADE",
            "dml",
            "truncate",
            ["t", "u"],
            {"cascade"},
        ),
        (
            "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
            "dml",
            "merge",
            ["t"],
            {"using"},
        ),
        (
            "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
            "dml",
            "delete",
            ["t"],
            {"returning"},
        ),
        (
            "WITH d AS (SELECT 1), e (x) AS (SELECT 2) UPDATE t SET a = 1",
            "dml",
            "update",
            ["t"],
            set(),
        ),
        ("COPY t (a) FROM STDIN", "dml", "copy", ["t"], set()),
        ("COPY t TO STDOUT", "other", "copy", [], set()),
        ("SELECT 1 UNION SELECT 2", "query", "select", [], set()),
        ("(SELECT 1)", "query", "select", [], set()),
        ("SET LOCAL lock_timeout = '2s'", "session", "set", [], set()),
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY v", "other", "refresh", [], {"concurrently"}),
        ("VACUUM (FULL) t", "other", "vacuum", [], {"full"}),
        ("COMMENT ON TABLE t IS 'x'", "ddl", "comment", [], set()),
        ("CREATE TABLE t AS SELECT 1", "ddl", "create table as", [], set()),
        (
            "CREATE EXTENSION IF NOT EXISTS pg_trgm",
            "ddl",
            "create extension",
            [],
            {"if not exists"},
        ),
        ("BEGIN", "transaction", "begin", [], set()),
    ],
)
def test_statements(text: str, kind: str, verb: str, tables: list[str], flags: set[str]) -> None:
    statement = one(text)
    assert (statement.kind, statement.verb, list(statement.tables)) == (kind, verb, tables)
    assert flags <= statement.flags


@pytest.mark.parametrize("conflict", ["REPLACE", "IGNORE", "ABORT"])
def test_insert_or(conflict: str) -> None:
    statement = one(f"INSERT OR {conflict} INTO t VALUES (1)", "sqlite")
    assert f"or {conflict.lower()}" in statement.flags
    assert statement.table == "t"


def test_trigger() -> None:
    text = "CREATE TRIGGER g AFTER INSERT OR UPDATE OF a, b ON t FOR EACH ROW WHEN (new.a > 1) EXECUTE PROCEDURE f()"
    trigger = one(text).trigger
    assert trigger is not None
    assert trigger.timing == "AFTER"
    assert trigger.events == ("INSERT", "UPDATE")
    assert trigger.columns == ("a", "b")
    assert (trigger.level, trigger.when, trigger.function) == ("ROW", "(new.a > 1)", "f")


def test_sqlite_trigger_that_raises() -> None:
    trigger = one(
        "CREATE TRIGGER g DELETE ON t BEGIN SELECT RAISE(ABORT, 'x'); END", "sqlite"
    ).trigger
    assert trigger is not None
    assert trigger.raises
    assert (trigger.timing, trigger.level, trigger.function) == ("BEFORE", "ROW", None)


@pytest.mark.parametrize(
    "text",
    [
        "SELEC 1",
        "CREATE TABLE t (a int",
        "ALTER TABLE",
        "INSERT INTO t VALUES ('x",
        "DO $$ BEGIN EXECUTE format('DROP TABLE %I', t); END $$",
        "CREATE TABLE t /* not closed",
        ":statement",
    ],
)
def test_trouble_is_said_once(text: str) -> None:
    found = effects(f"CREATE INDEX a ON t (a); {text}", "postgresql")
    assert len(found.troubles) == 1
    assert found.troubles[0].offset == 25
    assert found.objects[0].name is not None


def test_colons_escaped_for_sqlalchemy() -> None:
    statement = one(r"ALTER TABLE t ALTER a TYPE int USING a\:\:int")
    assert statement.changes[0].flags == {"using"}
