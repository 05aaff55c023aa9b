"""Which revisions lose or change rows? Kinds of them, for `benchmarks.planted_defects`."""

from __future__ import annotations

from benchmarks.planted_kind import PG, SQLITE, TABLE, Kind, batch, lite, pg, sql

#: A table made anew by hand, as SQLite needs it, with columns filled from these.
COPY = """
op.execute("CREATE TABLE {t}_copy (id INTEGER NOT NULL, code VARCHAR(40) NOT NULL,"
           " amount INTEGER DEFAULT '0', note TEXT, CONSTRAINT pk_{t} PRIMARY KEY (id))")
op.execute("INSERT INTO {t}_copy SELECT id, COLUMNS FROM {t} WHERE")
op.execute("DROP TABLE {t}")
op.execute("ALTER TABLE {t}_copy RENAME TO {t}")
""".strip()


def copied(columns: str, where: str = "true") -> str:
    return COPY.replace("COLUMNS", columns).replace("WHERE", f"WHERE {where}")


LOSSES = {
    "lost_rows": Kind(sql("DELETE FROM {t} WHERE amount < 0"), "pass", ("table {t}: 1 of 3 rows",)),
    "emptied_table": Kind(sql("DELETE FROM {t}"), "pass", ("table {t}: all 3 rows lost",)),
    "changed_rows": Kind(
        sql("UPDATE {t} SET note = 'same' WHERE note IS NOT NULL"), "pass", ("column {t}.note: ",)
    ),
    "wrongly_undone_rows": Kind(
        sql("UPDATE {t} SET amount = amount + 2"),
        sql("UPDATE {t} SET amount = amount - 1"),
        ("column {t}.amount: ",),
    ),
    "left_over_rows": Kind(
        sql("INSERT INTO {t} (id, code) SELECT 1, 'seed' WHERE NOT EXISTS"
            " (SELECT 1 FROM {t} WHERE id = 1)"),
        "pass",
        ("table {t}: 1 row left over",),
    ),
    "dropped_column": Kind(
        batch('drop_column("amount")'),
        batch('add_column(sa.Column("amount", sa.Integer, server_default="0"))'),
        ("column {t}.amount: ",),
    ),
    "dropped_table": Kind(
        sql("DROP TABLE {t}"), TABLE, ("table {t}: all 3 rows lost",)
    ),
    "data_step_on_sqlite_only": Kind(
        lite(sql("DELETE FROM {t} WHERE amount < 0")),
        "pass",
        ("table {t}: 1 of 3 rows lost",),
        SQLITE,
    ),
    "data_step_on_postgresql_only": Kind(
        pg(sql("UPDATE {t} SET code = upper(code)")), "pass", ("column {t}.code: ",), PG
    ),
    "columns_swapped_in_a_copy": Kind(
        lite(copied("coalesce(note, 'none'), amount, code")),
        "pass",
        ("column {t}.code: ", "column {t}.note: "),
        SQLITE,
    ),
    "rows_forgotten_in_a_copy": Kind(
        lite(copied("code, amount, note", "amount > 0")),
        "pass",
        ("table {t}: 2 of 3 rows lost",),
        SQLITE,
    ),
    "cut_values": Kind(
        pg(sql("ALTER TABLE {t} ALTER note TYPE varchar(3) USING left(note, 3)")),
        pg(sql("ALTER TABLE {t} ALTER note TYPE text")),
        ("column {t}.note: ",),
        PG,
    ),
    "rounded_values": Kind(
        pg(sql("ALTER TABLE {t} ALTER amount DROP DEFAULT, ALTER amount TYPE int"
               " USING amount / 10 * 10, ALTER amount SET DEFAULT 0")),
        "pass",
        ("column {t}.amount: ",),
        PG,
    ),
    "children_lost_by_cascade": Kind(
        pg(sql("DELETE FROM {t}_parent")),
        "pass",
        ("table {t}_child: all 3 rows lost", "table {t}_parent: all 3 rows lost"),
        PG,
        setup='op.create_table("{t}_parent", sa.Column("id", sa.Integer, primary_key=True))\n'
        'op.create_table("{t}_child", sa.Column("id", sa.Integer, primary_key=True),'
        ' sa.Column("parent_id", sa.Integer, nullable=False), sa.ForeignKeyConstraint('
        '["parent_id"], ["{t}_parent.id"], name="fk_{t}_child", ondelete="CASCADE"))',
    ),
}  # fmt: skip
