"""What only SQLite has, and what a recreation makes of it."""

from __future__ import annotations

from tests.integration.roundtrip.pairs.pair import SQLITE, Pair, Step, batch, sql

KEY = "id INTEGER NOT NULL PRIMARY KEY"
COLUMNS = f"{KEY}, code VARCHAR(40) NOT NULL, amount INTEGER, note TEXT"
SAME = 'alter_column("note", nullable=True)'
ALWAYS = ', recreate="always"'
WIDER, NARROWER = (
    batch(f'alter_column("amount", type_=sa.{name})') for name in ("BigInteger", "Integer")
)
INDEX = sql("CREATE INDEX ix_{t} ON {t} (lower(code))")
GO = "CREATE TRIGGER {t}_go AFTER UPDATE OF code, note ON {t} BEGIN SELECT 1; END"
LOOK = "CREATE VIEW {t}_v AS SELECT id, note FROM {t}"


def table(columns: str = COLUMNS, *more: str, tail: str = "") -> str:
    return sql(f"CREATE TABLE {{t}} ({columns}){tail}", *more)


def remade(columns: str, tail: str = "") -> Step:
    return Step(
        sql(
            f"CREATE TABLE {{t}}_new ({columns}){tail}",
            "INSERT INTO {t}_new SELECT * FROM {t}",
            "DROP TABLE {t}",
            "ALTER TABLE {t}_new RENAME TO {t}",
        )
    )


def by_hand(before: str, bad: str, says: str, good: str, tail: str = "") -> Pair:
    """Return a table that is made anew by hand, as it was or not."""
    return Pair(table(before, tail=tail), remade(bad, tail), (says,), remade(good, tail), SQLITE)


def again(before: str, drop: str, bad: str, says: str, good: str) -> Pair:
    """Return what is dropped and made again, as it was or not."""
    return Pair(
        table(COLUMNS, before), Step(sql(drop, bad)), (says,), Step(sql(drop, good)), SQLITE
    )


RECREATED = {
    "batch_expression_index": Pair(
        table() + "\n" + INDEX,
        Step(WIDER, f"{NARROWER}\n{INDEX}"),
        ("-index ix_{t} on {t}: lost when {t} was recreated",),
        Step(f"{WIDER}\n{INDEX}", f"{NARROWER}\n{INDEX}"),
        SQLITE,
    ),
    "batch_copy_from": Pair(
        table(),
        Step(
            'columns = [sa.Column("id", sa.Integer, primary_key=True),'
            ' sa.Column("code", sa.String(40), nullable=False), sa.Column("amount", sa.Integer)]\n'
            'copy = sa.Table("{t}", sa.MetaData(), *columns)\n'
            + batch('alter_column("amount", nullable=True)', options=f"{ALWAYS}, copy_from=copy"),
            batch('add_column(sa.Column("note", sa.Text))'),
        ),
        ("column {t}.note: ",),
        Step(
            'columns = [sa.Column("id", sa.Integer, primary_key=True),'
            ' sa.Column("code", sa.String(40), nullable=False), sa.Column("amount", sa.Integer),'
            ' sa.Column("note", sa.Text)]\n'
            'copy = sa.Table("{t}", sa.MetaData(), *columns)\n'
            + batch('alter_column("amount", nullable=True)', options=f"{ALWAYS}, copy_from=copy")
        ),
        SQLITE,
    ),
    "batch_autoincrement": Pair(
        table("id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, note TEXT"),
        Step(batch(SAME, options=ALWAYS)),
        ("~table {t}: autoincrement",),
        Step(batch(SAME, options=f'{ALWAYS}, table_kwargs={{"sqlite_autoincrement": True}}')),
        SQLITE,
    ),
    "batch_collation": Pair(
        table(f"{KEY}, code TEXT COLLATE NOCASE, note TEXT"),
        Step(batch(SAME, options=ALWAYS)),
        ("~column {t}.code: collation",),
        Step(batch(SAME, 'alter_column("code", type_=sa.Text(collation="NOCASE"))', options=ALWAYS)),
        SQLITE,
    ),
    "descending_key": by_hand(
        "id INTEGER PRIMARY KEY DESC, v TEXT", "id INTEGER PRIMARY KEY, v TEXT",
        "~primary key unnamed on {t}: columns in key", '"id" INTEGER PRIMARY KEY DESC, [v] TEXT',
    ),
    "key_with_collation": by_hand(
        "id TEXT, v TEXT, PRIMARY KEY (id COLLATE NOCASE)", "id TEXT, v TEXT, PRIMARY KEY (id)",
        "~primary key unnamed on {t}: columns in key",
        "id TEXT, v TEXT, PRIMARY KEY (id COLLATE nocase)",
    ),
    "key_of_a_clustered_table": by_hand(
        "a INT, b INT, PRIMARY KEY (a, b DESC)", "a INT, b INT, PRIMARY KEY (a, b)",
        "~primary key unnamed on {t}: columns in key", "a INT, b INT, PRIMARY KEY (a ASC, b DESC)",
        " WITHOUT ROWID",
    ),
    "conflict_of_not_null": by_hand(
        f"{KEY}, a TEXT NOT NULL ON CONFLICT REPLACE DEFAULT 'x'",
        f"{KEY}, a TEXT NOT NULL DEFAULT 'x'", "~column {t}.a: on conflict",
        f"{KEY}, a TEXT DEFAULT 'x' NOT NULL ON CONFLICT REPLACE",
    ),
    "check_at_its_column": by_hand(
        f"{KEY}, a INTEGER CHECK (a > -99999999)", f"{KEY}, a INTEGER",
        "-check (a > - 99999999) on {t}", f"{KEY}, a INTEGER, CHECK (a > -99999999)",
    ),
}  # fmt: skip

OTHERS = {
    "trigger_for_each_row": again(
        GO, "DROP TRIGGER {t}_go", GO.replace(", note", ""), "~trigger {t}_go on {t}",
        GO.replace("BEGIN", "FOR EACH ROW BEGIN").replace("AFTER", "after"),
    ),
    "trigger_before": again(
        GO.replace("AFTER ", ""), "DROP TRIGGER {t}_go", GO, "~trigger {t}_go on {t}",
        GO.replace("AFTER", "BEFORE"),
    ),
    "view_of_other_columns": again(
        LOOK.replace(" AS", " (a, b) AS"), "DROP VIEW {t}_v", LOOK.replace(" AS", " (b, a) AS"),
        "~view {t}_v: definition", LOOK.replace(" AS", " (a, b) AS  -- the same\n"),
    ),
    "view_renamed_into": Pair(
        table(COLUMNS, LOOK),
        Step(
            sql("ALTER TABLE {t} RENAME COLUMN note TO body"),
            sql("DROP VIEW {t}_v", "ALTER TABLE {t} RENAME COLUMN body TO note"),
        ),
        ("-view {t}_v",),
        Step(
            sql("ALTER TABLE {t} RENAME COLUMN note TO body"),
            sql("ALTER TABLE {t} RENAME COLUMN body TO note"),
        ),
        SQLITE,
    ),
    "rows_beside_a_virtual_table": Pair(
        sql("CREATE VIRTUAL TABLE {t} USING fts5 (body)", "CREATE TABLE {t}_tag (id INTEGER PRIMARY KEY)"),
        Step(sql("DELETE FROM {t}_tag")),
        ("table {t}_tag: all 3 rows lost",),
        Step(sql("DROP TABLE {t}"), sql("CREATE VIRTUAL TABLE {t} USING fts5 (body)")),
        SQLITE,
    ),
    "tables_of_a_virtual_one": Pair(
        sql("CREATE VIRTUAL TABLE {t} USING rtree (id, low, high)"),
        Step(sql("DROP TABLE {t}"), "pass"),
        ("-virtual table {t}",),
        Step(sql("DROP TABLE {t}"), sql("CREATE VIRTUAL TABLE {t} USING rtree (id, low, high)")),
        SQLITE,
    ),
}  # fmt: skip

ON_SQLITE = {f"lite_{name}": pair for name, pair in (RECREATED | OTHERS).items()}
