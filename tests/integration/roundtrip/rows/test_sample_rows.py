"""Every table that can hold rows gets some, and what cannot is said with the reason."""

from __future__ import annotations

from typing import Any

from calista_tools.backends import PostgresServer
from tests.servers import need_major

Database = Any

TYPES = [
    "int2",
    "int4",
    "int8",
    "numeric",
    "numeric(5,2)",
    "numeric(3,3)",
    "money",
    "float4",
    "float8",
    "text",
    "varchar",
    "varchar(1)",
    "varchar(5)",
    "varchar(60)",
    "char",
    "char(26)",
    "name",
    "bytea",
    "bool",
    "date",
    "timestamp",
    "timestamp(0)",
    "timestamptz",
    "time",
    "timetz",
    "interval",
    "uuid",
    "json",
    "jsonb",
    "int[]",
    "text[]",
    "numeric(4,1)[]",
    "inet",
    "cidr",
    "macaddr",
    "macaddr8",
    "bit",
    "bit(5)",
    "varbit",
    "varbit(9)",
    "tsvector",
    "tsquery",
    "pg_lsn",
    "jsonpath",
    "point",
    "line",
    "lseg",
    "box",
    "path",
    "polygon",
    "circle",
    "int4range",
    "numrange",
    "daterange",
    "tstzrange",
    "oid",
    "xid",
    "mood",
    "posint",
    "code",
    "moods",
    "pair",
    "mood[]",
]


def test_multiranges_get_values(postgresql: Database, postgres_scratch: PostgresServer) -> None:
    need_major(postgres_scratch, 14, "int4multirange")
    state = postgresql.fill("CREATE TABLE many (id int, spans int4multirange NOT NULL)")
    [content] = state.contents.values()
    assert len({repr(row) for row in content.rows}) == 3
    assert not postgresql.samples.unfilled


def test_every_postgresql_type_gets_values(postgresql: Database) -> None:
    columns = ", ".join(f"c{number} {name} NOT NULL" for number, name in enumerate(TYPES))
    state = postgresql.fill(
        "CREATE TYPE mood AS ENUM ('sad', 'it''s happy')",
        "CREATE DOMAIN posint AS int NOT NULL CHECK (VALUE > 0) CHECK (VALUE < 100)",
        "CREATE DOMAIN code AS varchar(6) CHECK (VALUE ~ '^[A-Z]{3}-[0-9]{2}$')",
        "CREATE DOMAIN moods AS mood[]",
        "CREATE TYPE pair AS (a int, b text)",
        f"CREATE TABLE many ({columns})",
    )
    [content] = state.contents.values()
    assert len(content.rows) == 3
    assert not postgresql.samples.unfilled
    distinct = {name: len({repr(value) for value in values}) for name, values in _columns(content)}
    alike = {TYPES[number] for number in range(len(TYPES)) if distinct[f"c{number}"] == 1}
    assert alike == {"pair"}


def _columns(content: Any) -> list[tuple[str, list[object]]]:
    return [(name, [row[at] for row in content.rows]) for at, name in enumerate(content.columns)]


CHECKS = [
    ("a INTEGER NOT NULL", "a BETWEEN 5 AND 9"),
    ("a VARCHAR(9) NOT NULL", "a IN ('new', 'it''s old')"),
    ("a VARCHAR(26) NOT NULL", "length(a) = 26"),
    ("a TEXT NOT NULL", "a LIKE 'pre%fix_'"),
    ("a TEXT NOT NULL", "a = upper(a) AND length(a) BETWEEN 2 AND 4"),
    ("a TEXT NOT NULL", "a <> '' AND trim(a) = a"),
    ("a INTEGER, b INTEGER", "a < b AND b < a + 10 AND a IS NOT NULL"),
    ("a INTEGER, b TEXT", "(a IS NULL) <> (b IS NULL)"),
    ("a NUMERIC(6, 2) NOT NULL", "a > 100.5 AND a <= 102"),
    ("a INTEGER NOT NULL", "a % 7 = 3"),
    ("a DATE NOT NULL, b DATE NOT NULL", "a >= '2030-01-01' AND b > a"),
    ("a SMALLINT NOT NULL", "a = 0 OR a = -1"),
    ('"a b" INTEGER NOT NULL', '"a b" > 1000000'),
    ("a BOOLEAN, b TEXT", "a IS NULL OR b IS NOT NULL"),
]
POSTGRESQL_CHECKS = [
    "a = ANY (ARRAY['p', 'q'])",
    "a ~ '^[a-z]+@[a-z]+\\.com$'",
    "a ~* '^(red|green)-\\d{3,5}$'",
    "char_length(a) = 7",
    "a SIMILAR TO '(x|y)%'",
]


def test_checks_are_satisfied(database: Database) -> None:
    checks = list(CHECKS)
    if database.dialect == "postgresql":
        checks += [("a TEXT NOT NULL", check) for check in POSTGRESQL_CHECKS]
    state = database.fill(
        *(
            f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, {columns}, CHECK ({check}))"
            for number, (columns, check) in enumerate(checks)
        )
    )
    assert not database.samples.unfilled
    few = [name for name, content in state.contents.items() if len(content.rows) < 2]
    assert not few


def test_rows_are_ordinary_at_the_edges_and_empty(database: Database) -> None:
    database.fill("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b VARCHAR(20), c TEXT)")
    plain, edge, empty = database.rows("t")
    assert None not in plain
    assert edge[1] < 0
    assert len(edge[2]) == 20
    assert not edge[2].isascii()
    assert empty[1:] == (None, None, None)


def test_keys_are_far_from_what_revisions_insert(database: Database) -> None:
    database.fill("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER)")
    assert all(row[0] > 1_000_000 for row in database.rows("t"))
    database.step("INSERT INTO t (id, a) VALUES (1, 1), (2, 2), (3, 3)")
    assert len(database.rows("t")) == 6


REFERENCES = [
    "CREATE TABLE a (id INTEGER PRIMARY KEY, x VARCHAR(9) NOT NULL, UNIQUE (id, x))",
    "CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER NOT NULL REFERENCES a (id))",
    (
        "CREATE TABLE c (a INTEGER NOT NULL, x VARCHAR(9) NOT NULL, FOREIGN KEY (a, x)"
        " REFERENCES a (id, x))"
    ),
    (
        "CREATE TABLE pairs (a INTEGER REFERENCES a (id), b INTEGER REFERENCES b (id),"
        " PRIMARY KEY (a, b))"
    ),
    "CREATE TABLE tree (id INTEGER PRIMARY KEY, up INTEGER NOT NULL REFERENCES tree (id))",
    "CREATE TABLE maybe (id INTEGER PRIMARY KEY, up INTEGER REFERENCES maybe (id))",
    "CREATE TABLE single (id INTEGER PRIMARY KEY REFERENCES a (id))",
]


def test_references_are_served(database: Database) -> None:
    if database.dialect == "sqlite":
        database.connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        database.connection.commit()
    state = database.fill(*REFERENCES)
    assert {
        str(name): len(content.rows) for name, content in state.contents.items()
    } == dict.fromkeys(("a", "b", "c", "pairs", "tree", "maybe", "single"), 3)
    if database.dialect == "sqlite":
        assert database.live.query("PRAGMA foreign_key_check") == []


def test_tables_that_need_each_other_are_filled_together(database: Database) -> None:
    cycle = (
        ["CREATE TABLE x (id INTEGER PRIMARY KEY, y INTEGER NOT NULL REFERENCES y (id))"]
        if database.dialect == "sqlite"
        else ["CREATE TABLE x (id INTEGER PRIMARY KEY, y INTEGER NOT NULL)"]
    )
    cycle.append("CREATE TABLE y (id INTEGER PRIMARY KEY, x INTEGER NOT NULL REFERENCES x (id))")
    if database.dialect == "postgresql":
        cycle.append("ALTER TABLE x ADD FOREIGN KEY (y) REFERENCES y (id)")
    database.fill(*cycle)
    assert len(database.rows("x")) == len(database.rows("y")) == 2


def test_postgresql_specials(postgresql: Database) -> None:
    state = postgresql.fill(
        "CREATE TABLE part (id int NOT NULL, at date NOT NULL, PRIMARY KEY (id, at))"
        " PARTITION BY RANGE (at)",
        "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2021-01-01') TO ('2021-02-01')",
        "CREATE TABLE hashed (id int NOT NULL) PARTITION BY HASH (id)",
        "CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
        "CREATE TABLE listed (k text NOT NULL) PARTITION BY LIST (k)",
        "CREATE TABLE listed_a PARTITION OF listed FOR VALUES IN ('eu', 'us')",
        "CREATE TABLE excluded (during tstzrange NOT NULL, EXCLUDE USING gist (during WITH &&))",
        "CREATE TABLE always (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
        "twice int GENERATED ALWAYS AS (1 * 2) STORED)",
        "CREATE TABLE flags (flag bool NOT NULL, email text)",
        "CREATE UNIQUE INDEX ON flags (lower(email)) WHERE flag",
        'CREATE SCHEMA "Other"',
        'CREATE TABLE "Other"."we ird%" ("Col""x" int, "select" text, calista_row text)',
        "CREATE VIEW seen AS SELECT 1",
    )
    counts = {str(name): len(content.rows) for name, content in state.contents.items()}
    assert counts == dict.fromkeys(
        ("part", "hashed", "listed", "excluded", "always", "flags", "Other.we ird%"), 3
    )


def test_sqlite_specials(sqlite: Database) -> None:
    state = sqlite.fill(
        "CREATE TABLE strict (a INT NOT NULL, b REAL NOT NULL, c TEXT NOT NULL, d BLOB NOT NULL,"
        " e ANY NOT NULL) STRICT",
        "CREATE TABLE bare (k TEXT PRIMARY KEY, a, b) WITHOUT ROWID",
        "CREATE TABLE made (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT,"
        " twice INT GENERATED ALWAYS AS (a * 2) VIRTUAL)",
        "CREATE TABLE checked (a TEXT NOT NULL /* CHECK (no) */ CHECK (json_valid(a)),"
        " b TEXT DEFAULT 'CHECK (x)' CHECK (b GLOB 'x*')) -- CHECK (",
        "CREATE VIRTUAL TABLE words USING fts5 (a)",
        "CREATE VIEW seen AS SELECT 1",
    )
    counts = {str(name): len(content.rows) for name, content in state.contents.items()}
    assert counts == {"strict": 3, "bare": 3, "made": 3, "checked": 3}


def test_what_cannot_be_filled_is_said(database: Database) -> None:
    if database.dialect == "postgresql":
        trigger = [
            (
                "CREATE FUNCTION nope() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'no rows here'; END $$"
            ),
            "CREATE TRIGGER nope BEFORE INSERT ON closed FOR EACH ROW EXECUTE FUNCTION nope()",
        ]
    else:
        trigger = [
            (
                "CREATE TRIGGER nope BEFORE INSERT ON closed"
                " BEGIN SELECT RAISE(ABORT, 'no rows here'); END"
            )
        ]
    database.fill(
        "CREATE TABLE closed (id INTEGER PRIMARY KEY)",
        "CREATE TABLE riddle (a INTEGER NOT NULL CHECK (a * a = 15129 AND a > 0))",
        "CREATE TABLE waits (id INTEGER NOT NULL REFERENCES closed (id))",
        *trigger,
    )
    said = {str(name): why for name, why in database.samples.unfilled.items()}
    assert said.keys() == {"closed", "riddle", "waits"}
    assert "no rows here" in said["closed"]
    assert "not understood: CHECK" in said["riddle"]
    assert said["waits"] == "it must refer to closed, which has no rows"


def test_a_new_column_gets_a_value_in_a_new_row(database: Database) -> None:
    database.fill("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL)")
    database.fill("ALTER TABLE t ADD COLUMN b TEXT")
    assert [row[2] is None for row in database.rows("t")] == [True, True, True, False]


def test_an_empty_reference_is_filled_when_there_are_rows_to_refer_to(
    postgresql: Database,
) -> None:
    postgresql.fill(
        "CREATE TABLE nothing (id integer PRIMARY KEY, CHECK (id > 5 AND id < 5))",
        "CREATE TABLE parent (id integer PRIMARY KEY, n integer NOT NULL REFERENCES nothing (id))",
        "CREATE TABLE child (id integer PRIMARY KEY, p integer REFERENCES parent (id))",
    )
    assert {row[1] for row in postgresql.rows("child")} == {None}
    postgresql.fill("DROP TABLE nothing CASCADE", "CREATE TABLE nothing (id integer PRIMARY KEY)")
    postgresql.fill()
    assert {row[1] for row in postgresql.rows("child")} > {None}


def test_tables_that_a_revision_fills_are_left(database: Database) -> None:
    database.fill("CREATE TABLE t (a TEXT, b TEXT)", "INSERT INTO t (a) VALUES ('ours')")
    assert database.rows("t") == [("ours", None)]


def test_only_touched_tables_are_read(database: Database) -> None:
    database.fill("CREATE TABLE a (id INTEGER PRIMARY KEY)", "CREATE TABLE b (x INTEGER)")
    before = database.samples.state()
    after = database.step("INSERT INTO b (x) VALUES (5)")
    changed = [str(n) for n in after.contents if after.contents[n] is not before.contents[n]]
    assert changed == ["b"]
    assert database.samples.state() is after


def test_writing_by_a_cached_statement_is_seen(sqlite: Database) -> None:
    sqlite.fill("CREATE TABLE t (x INTEGER)")
    for _ in range(3):
        before = len(sqlite.rows("t"))
        sqlite.step("INSERT INTO t (x) VALUES (5)")
        assert len(sqlite.rows("t")) == before + 1


def test_writing_by_triggers_functions_and_cascades_is_seen(database: Database) -> None:
    if database.dialect == "sqlite":
        database.connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        database.connection.commit()
    database.fill(
        "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
        "CREATE TABLE child (p INTEGER REFERENCES parent (id) ON DELETE CASCADE)",
    )
    assert len(database.rows("child")) == 3
    database.step("DELETE FROM parent")
    assert [row for row in database.rows("child") if row[0] is not None] == []


def test_renamed_and_dropped_tables_are_followed(database: Database) -> None:
    database.fill("CREATE TABLE a (x INTEGER)", "CREATE TABLE b (x INTEGER)")
    state = database.step("ALTER TABLE a RENAME TO c", "DROP TABLE b")
    assert [str(name) for name in state.contents] == ["c"]
    state = database.step("CREATE TABLE b (y INTEGER)")
    assert sorted(map(str, state.contents)) == ["b", "c"]


def test_the_same_schema_gets_the_same_rows(database_url: Any) -> None:
    from tests.integration.roundtrip.rows.conftest import open_database

    with open_database(database_url) as database:
        create = (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"
        )
        first = database.fill(create)
        database.step("DROP TABLE t")
        assert database.fill(create).contents == first.contents
