"""Which properties that only SQLite knows does a revision lose? For `planted_defects`."""

from __future__ import annotations

from benchmarks.planted_details import COLUMNS, by_hand, on_sqlite, table
from benchmarks.planted_kind import Kind, sql

KEY = "id INTEGER NOT NULL PRIMARY KEY"
REFERS = "FOREIGN KEY (amount) REFERENCES {t} (id)"
GO = "CREATE TRIGGER {t}_go BEFORE UPDATE ON {t}_x BEGIN SELECT 1; END"
LOOK = "CREATE VIEW {t}_v AS SELECT code FROM {t}_x"


def remade(before: str, after: str, *says: str) -> Kind:
    """Return a table that is made anew by hand, and otherwise than it was."""
    return on_sqlite(by_hand(after), *says, setup=table(before))


def again(drop: str, before: str, after: str, *says: str) -> Kind:
    """Return what is dropped and made again, and otherwise than it was."""
    return on_sqlite(f"{sql(drop)}\n{sql(after)}", *says, setup=f"{table()}\n{sql(before)}")


def index(before: str, after: str) -> Kind:
    create = "CREATE INDEX ix_{t} ON {t}_x "
    return again("DROP INDEX ix_{t}", create + before, create + after, "~index ix_{t} on {t}_x")


def trigger(after: str, before: str = GO) -> Kind:
    return again("DROP TRIGGER {t}_go", before, after, "~trigger {t}_go on {t}_x")


def view(after: str, *says: str) -> Kind:
    made = again("DROP VIEW {t}_v", LOOK, after, *says)
    return made._replace(
        undo=made.undo.replace("op.execute", f"{sql('DROP VIEW {t}_v')}\n    op.execute", 1)
    )


ON_SQLITE_ALONE = {
    "lite_index_other_predicate": index("(code) WHERE amount > 1", "(code) WHERE amount > 2"),
    "lite_index_other_expression": index("(lower(code))", "(upper(code))"),
    "lite_index_other_collation": index("(code COLLATE NOCASE)", "(code)"),
    "lite_trigger_without_its_when": trigger(
        GO, GO.replace("BEGIN", "WHEN old.amount > 1 BEGIN")
    ),
    "lite_trigger_of_other_columns": trigger(GO.replace("UPDATE", "UPDATE OF code"), GO),
    "lite_trigger_of_another_time": trigger(GO.replace("BEFORE", "AFTER")),
    "lite_trigger_of_another_event": trigger(GO.replace("UPDATE", "DELETE")),
    "lite_view_other_text": view(f"{LOOK} WHERE amount > 1", "~view {t}_v: definition"),
    "lite_view_other_column": view(
        LOOK.replace("code", "code AS word"), "~view {t}_v", "{t}_v"
    ),
    "lite_update_action_lost": remade(
        f"{COLUMNS}, {REFERS} ON UPDATE CASCADE", f"{COLUMNS}, {REFERS}", "~foreign key "
    ),
    "lite_reference_elsewhere": remade(
        f"{COLUMNS}, {REFERS}", f"{COLUMNS}, {REFERS.replace('{t}', '{t}_y')}", "foreign key "
    ),
    "lite_foreign_key_name_lost": remade(
        f"{COLUMNS}, CONSTRAINT fk_{{t}} {REFERS}", f"{COLUMNS}, {REFERS}", "~foreign key "
    ),
    "lite_unique_name_lost": remade(
        f"{COLUMNS}, CONSTRAINT uq_{{t}} UNIQUE (code)", f"{COLUMNS}, UNIQUE (code)", "~unique "
    ),
    "lite_check_name_lost": remade(
        f"{COLUMNS}, CONSTRAINT ck_{{t}} CHECK (code <> '')",
        f"{COLUMNS}, CHECK (code <> '')",
        "check ",
    ),
    "lite_check_other_text": remade(
        f"{COLUMNS}, CONSTRAINT ck_{{t}} CHECK (code <> 'A')",
        f"{COLUMNS}, CONSTRAINT ck_{{t}} CHECK (code <> 'a')",
        "~check ck_{t} on {t}_x",
    ),
    "lite_unique_other_collation": remade(
        f"{COLUMNS}, UNIQUE (code COLLATE NOCASE)", f"{COLUMNS}, UNIQUE (code)", "~unique "
    ),
    "lite_generated_column_stored": on_sqlite(
        f"{sql('CREATE TABLE {t}_y (id INTEGER PRIMARY KEY, twice INTEGER AS (id * 2) STORED)')}\n"
        f"{sql('INSERT INTO {t}_y (id) SELECT id FROM {t}_x')}\n"
        f"{sql('DROP TABLE {t}_x')}\n{sql('ALTER TABLE {t}_y RENAME TO {t}_x')}",
        "~column {t}_x.twice: generated",
        setup=table("id INTEGER PRIMARY KEY, twice INTEGER AS (id * 2) VIRTUAL"),
    ),
    "lite_generated_column_changed": on_sqlite(
        f"{sql('CREATE TABLE {t}_y (id INTEGER PRIMARY KEY, twice INTEGER AS (id * 3))')}\n"
        f"{sql('INSERT INTO {t}_y (id) SELECT id FROM {t}_x')}\n"
        f"{sql('DROP TABLE {t}_x')}\n{sql('ALTER TABLE {t}_y RENAME TO {t}_x')}",
        "~column {t}_x.twice: generated",
        "column {t}_x.twice: ",
        setup=table("id INTEGER PRIMARY KEY, twice INTEGER AS (id * 2)"),
    ),
    "lite_default_made_literal": remade(
        f"{KEY}, made DATETIME DEFAULT CURRENT_TIMESTAMP",
        f"{KEY}, made DATETIME DEFAULT '2030-01-01 00:00:00'",
        "~column {t}_x.made: default",
    ),
    "lite_not_null_without_clause": remade(
        f"{KEY}, code TEXT NOT NULL ON CONFLICT IGNORE",
        f"{KEY}, code TEXT NOT NULL",
        "~column {t}_x.code",
    ),
    "lite_key_without_its_clause": remade(
        "id TEXT NOT NULL, PRIMARY KEY (id) ON CONFLICT REPLACE",
        "id TEXT NOT NULL, PRIMARY KEY (id)",
        "primary key ",
    ),
    "lite_key_no_longer_the_rowid": remade(
        f"{KEY}, code TEXT", "id INT NOT NULL PRIMARY KEY, code TEXT", "~column {t}_x.id: type"
    ),
    "lite_affinity_changed": remade(
        f"{KEY}, code TEXT", f"{KEY}, code NUMERIC", "~column {t}_x.code: type",
        "column {t}_x.code: ",
    ),
    "lite_autoincrement_gained": remade(
        f"{KEY}, code TEXT", f"{KEY} AUTOINCREMENT, code TEXT", "~table {t}_x: autoincrement"
    ),
    "lite_strict_gained": on_sqlite(
        by_hand("id INTEGER PRIMARY KEY, code TEXT", " STRICT"),
        "~table {t}_x: options",
        setup=table("id INTEGER PRIMARY KEY, code TEXT"),
    ),
    "lite_full_text_other_options": on_sqlite(
        f"{sql('DROP TABLE {t}_s')}\n{sql('CREATE VIRTUAL TABLE {t}_s USING fts5 (body)')}",
        "~virtual table {t}_s",
        "{t}_s",
        setup=f"{table()}\n"
        + sql("CREATE VIRTUAL TABLE {t}_s USING fts5 (body, tokenize = 'porter')"),
        undo=sql("DROP TABLE {t}_s"),
    ),
    "lite_left_table_of_a_batch": on_sqlite(
        sql("CREATE TABLE _alembic_tmp_{t} (id INTEGER)"),
        "+table _alembic_tmp_{t}",
        setup=table(),
        undo=sql("DROP TABLE IF EXISTS _alembic_tmp_{t}"),
    ),
    "lite_user_version_left": on_sqlite(
        sql("PRAGMA user_version = 7"), "+pragma user_version", setup=table(),
        undo=sql("PRAGMA user_version = 0"),
    ),
}  # fmt: skip
