"""Which data steps are undone wrongly? Kinds of them, for `planted_defects`."""

from __future__ import annotations

from benchmarks.planted_kind import BOTH, PG, SQLITE, Kind, batch, lite, pg, sql


def update(change: str, *says: str, setup: str = "", undo: str = "") -> Kind:
    """Return a step on both dialects that nothing undoes."""
    return Kind(sql(change), "pass", says, BOTH, setup, undo)


def cast(column: str, before: str, there: str, back: str, says: str, more: str = "") -> Kind:
    """Return a column whose type goes there and back, and its values do not."""
    alter = f"ALTER TABLE {{t}} ALTER {column} TYPE "
    return Kind(
        pg(sql(alter + there)),
        pg(sql(alter + back)),
        (says,),
        PG,
        pg(sql(f"ALTER TABLE {{t}} ADD COLUMN {column} {before}{more}")),
    )


SIDE = 'op.create_table("{t}_side", sa.Column("id", sa.Integer), sa.Column("note", sa.Text))'
CHILD = (
    'op.create_table("{t}_parent", sa.Column("id", sa.Integer, primary_key=True))\n'
    'op.create_table("{t}_child", sa.Column("id", sa.Integer, primary_key=True),'
    ' sa.Column("parent_id", sa.Integer), sa.ForeignKeyConstraint(["parent_id"],'
    ' ["{t}_parent.id"], name="fk_{t}_child"))'
)
TIMES = 'op.add_column("{t}", sa.Column("at", sa.DateTime))'
RATIO = 'op.add_column("{t}", sa.Column("ratio", sa.Float))'

DATA = {
    "values_swapped": update(
        "UPDATE {t} SET note = code, code = coalesce(note, '')",
        "column {t}.code: ",
        "column {t}.note: ",
    ),
    "text_cut": update("UPDATE {t} SET note = substr(note, 1, 3)", "column {t}.note: "),
    "text_in_lower_case": update("UPDATE {t} SET note = lower(note)", "column {t}.note: "),
    "null_made_empty": Kind(
        sql("UPDATE {t} SET note = '' WHERE note IS NULL"),
        sql("UPDATE {t} SET note = 'none' WHERE note = ''"),
        ("column {t}.note: ",),
    ),
    "null_on_the_way_back": Kind(
        "pass", sql("UPDATE {t} SET note = NULL"), ("column {t}.note: ",)
    ),
    "keys_numbered_anew": update("UPDATE {t} SET id = id + 1", "{t}"),
    "duplicates_deleted": update(
        "DELETE FROM {t} WHERE id NOT IN (SELECT min(id) FROM {t})",
        "table {t}: 2 of 3 rows lost",
    ),
    "rows_deleted_on_the_way_back": Kind(
        "pass", sql("DELETE FROM {t} WHERE amount IS NULL OR amount > 0"), ("table {t}: ",)
    ),
    "rows_doubled": update(
        "INSERT INTO {t} (id, code) SELECT 77, code FROM {t} LIMIT 1",
        "table {t}: 1 row left over",
    ),
    "children_of_one_parent": update(
        "UPDATE {t}_child SET parent_id = (SELECT min(id) FROM {t}_parent)",
        "column {t}_child.parent_id: ",
        setup=CHILD,
    ),
    "moved_aside_and_lost": Kind(
        'op.rename_table("{t}_side", "{t}_old")\n' + SIDE,
        'op.drop_table("{t}_old")',
        ("table {t}_side: all 3 rows lost",),
        setup=SIDE,
        undo='op.drop_table("{t}_side")',
    ),
    "moved_and_half_back": Kind(
        sql("INSERT INTO {t}_side SELECT id, note FROM {t} WHERE note IS NOT NULL")
        + "\n"
        + sql("DELETE FROM {t}"),
        sql("INSERT INTO {t} (id, code, note) SELECT id, 'c', note FROM {t}_side"
            " WHERE id IN (SELECT id FROM {t}_side WHERE note IS NOT NULL)")
        + "\n"
        + sql("DELETE FROM {t}_side"),
        ("{t}",),
        setup=SIDE,
        undo='op.drop_table("{t}_side")',
    ),
    "column_renamed_by_adding": Kind(
        batch('add_column(sa.Column("remark", sa.Text))', 'drop_column("note")'),
        batch('add_column(sa.Column("note", sa.Text))', 'drop_column("remark")'),
        ("column {t}.note: ", "{t}"),
    ),
    "times_shifted": Kind(
        f"{pg(sql('''UPDATE {t} SET at = at + interval '1 hour' '''))}\nelse:\n    "
        + sql("UPDATE {t} SET at = datetime(at, '+1 hour')"),
        "pass",
        ("column {t}.at: ",),
        setup=TIMES,
    ),
    "ratios_rounded": update(
        "UPDATE {t} SET ratio = round(ratio * 10)", "column {t}.ratio: ", setup=RATIO
    ),
    "zone_assumed_otherwise": cast(
        "at", "timestamp", "timestamptz USING at AT TIME ZONE 'Europe/Berlin'",
        "timestamp USING at AT TIME ZONE 'UTC'", "column {t}.at: ",
    ),
    "numbers_rounded_by_a_cast": cast(
        "price", "numeric(12, 4)", "numeric(12, 1)", "numeric(12, 4)", "column {t}.price: "
    ),
    "numbers_made_less_precise": cast(
        "price", "double precision", "real", "double precision", "column {t}.price: "
    ),
    "time_of_day_lost": cast("at", "timestamp", "date", "timestamp", "column {t}.at: "),
    "seconds_lost": cast("at", "timestamp", "timestamp(0)", "timestamp", "column {t}.at: "),
    "truth_inverted": cast(
        "flag", "boolean", "int USING flag::int", "boolean USING flag = 0", "column {t}.flag: "
    ),
    "only_the_first_of_an_array": cast(
        "tags", "text[]", "text USING tags[1]", "text[] USING ARRAY[tags]", "column {t}.tags: "
    ),
    "document_quoted": cast(
        "doc", "jsonb", "text USING doc::text", "jsonb USING to_jsonb(doc)", "column {t}.doc: "
    ),
    "document_emptied": cast(
        "doc", "json", "text USING doc::text", "json USING json_object(ARRAY[]::text[])", "column {t}.doc: "
    ),
    "label_merged_into_another": Kind(
        pg(sql("UPDATE {t} SET kind = 'a' WHERE kind = 'b'")),
        "pass",
        ("column {t}.kind: ",),
        PG,
        setup=pg(sql("CREATE TYPE {t}_kind AS ENUM ('b', 'a')")
                 + "; " + sql("ALTER TABLE {t} ADD COLUMN kind {t}_kind")),
        undo=pg('op.drop_column("{t}", "kind")\n' + sql("DROP TYPE {t}_kind")),
    ),
    "bytes_made_text": cast(
        "raw", "bytea", "text USING encode(raw, 'hex')", "bytea USING raw::bytea",
        "column {t}.raw: ",
    ),
    "rows_replaced_on_sqlite": Kind(
        lite(sql("INSERT OR REPLACE INTO {t} (id, code) SELECT id, code FROM {t}")),
        "pass",
        ("column {t}.", "column {t}."),
        SQLITE,
    ),
    "rows_ignored_on_sqlite": Kind(
        lite(sql("UPDATE OR IGNORE {t} SET amount = 3")), "pass", ("column {t}.amount: ",), SQLITE
    ),
    "text_made_a_number_on_sqlite": Kind(
        lite(sql("UPDATE {t} SET note = CAST(note AS INTEGER)")),
        "pass",
        ("column {t}.note: ",),
        SQLITE,
    ),
}  # fmt: skip
