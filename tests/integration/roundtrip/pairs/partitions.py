"""Rows of partitions: detached, attached, moved, dropped."""

from __future__ import annotations

from tests.integration.roundtrip.pairs.pair import PG, Pair, Step, alone, sql

KEYED = "CREATE TABLE {t} (id int NOT NULL, at date NOT NULL, note text, PRIMARY KEY (id, at))"
PARENT = f"{KEYED} PARTITION BY RANGE (at)"
OLD = "FOR VALUES FROM (MINVALUE) TO ('2000-01-01')"
NEW = "FOR VALUES FROM ('2000-01-01') TO (MAXVALUE)"
PARTS = sql(
    PARENT, f"CREATE TABLE {{t}}_old PARTITION OF {{t}} {OLD}",
    f"CREATE TABLE {{t}}_new PARTITION OF {{t}} {NEW}",
)  # fmt: skip
DETACH = "ALTER TABLE {t} DETACH PARTITION {t}_old"
ATTACH = f"ALTER TABLE {{t}} ATTACH PARTITION {{t}}_old {OLD}"
PLAIN = "CREATE TABLE {t} (id int NOT NULL, note text, PRIMARY KEY (id))"
ASIDE = ("ALTER TABLE {t} RENAME TO {t}_was", "ALTER INDEX {t}_pkey RENAME TO {t}_was_pkey")
BY_HASH = (
    f"{PLAIN} PARTITION BY HASH (id)",
    "CREATE TABLE {t}_0 PARTITION OF {t} FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
    "CREATE TABLE {t}_1 PARTITION OF {t} FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
)
COPY, GONE = "INSERT INTO {t} SELECT * FROM {t}_was", "DROP TABLE {t}_was"
BACK_TO_PLAIN = sql(*ASIDE, PLAIN, COPY, GONE)
HALVES = (
    "CREATE TABLE {t}_a PARTITION OF {t} FOR VALUES FROM (MINVALUE) TO ('1970-01-01')",
    "CREATE TABLE {t}_b PARTITION OF {t} FOR VALUES FROM ('1970-01-01') TO ('2000-01-01')",
)
MERGE = sql(
    "CREATE TABLE {t}_old (LIKE {t} INCLUDING ALL)",
    "INSERT INTO {t}_old TABLE {t}_a UNION ALL TABLE {t}_b",
    "DROP TABLE {t}_a, {t}_b", ATTACH,
)  # fmt: skip
STAGED = sql(
    PARENT, "CREATE TABLE {t}_new PARTITION OF {t} FOR VALUES FROM ('2100-01-01') TO (MAXVALUE)",
    "CREATE TABLE {t}_old (LIKE {t} INCLUDING ALL)",
)  # fmt: skip
TAKE_IN = sql(
    "ALTER TABLE {t} ATTACH PARTITION {t}_old FOR VALUES FROM (MINVALUE) TO ('2100-01-01')"
)
NESTED = sql(
    "CREATE TABLE {t} (id int NOT NULL, region text NOT NULL) PARTITION BY LIST (region)",
    "CREATE TABLE {t}_r PARTITION OF {t} DEFAULT PARTITION BY RANGE (id)",
    "CREATE TABLE {t}_old PARTITION OF {t}_r FOR VALUES FROM (MINVALUE) TO (0)",
    "CREATE TABLE {t}_new PARTITION OF {t}_r FOR VALUES FROM (0) TO (MAXVALUE)",
)
LEAF = "FOR VALUES FROM (MINVALUE) TO (0)"
REFERRED = sql(
    "CREATE TABLE {t} (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)",
    "CREATE TABLE {t}_0 PARTITION OF {t} FOR VALUES FROM (MINVALUE) TO (2000000000)",
    "CREATE TABLE {t}_of (id int PRIMARY KEY, belongs int NOT NULL REFERENCES {t} ON DELETE CASCADE)",
)
NEXT = "CREATE TABLE {t}_1 PARTITION OF {t} FOR VALUES FROM (2000000000) TO (MAXVALUE)"
WRAP = sql(
    "ALTER TABLE {t} RENAME TO {t}_all",
    "CREATE TABLE {t} (LIKE {t}_all INCLUDING ALL) PARTITION BY RANGE (id)",
    "ALTER TABLE {t} ATTACH PARTITION {t}_all FOR VALUES FROM (MINVALUE) TO (MAXVALUE)",
)

PARTITIONS = {
    "detached": Pair(
        PARTS,
        Step(sql(DETACH), sql(ATTACH.replace("2000", "1999"))),
        ("~table {t}_old: bound",),
        Step(sql(DETACH), sql(ATTACH)),
        PG,
    ),
    "detached_and_dropped": Pair(
        PARTS,
        Step(sql(DETACH, "DROP TABLE {t}_old"), sql(f"CREATE TABLE {{t}}_old PARTITION OF {{t}} {OLD}")),
        ("table {t}: 1 of 3 rows lost",),
        Step(
            sql(DETACH, "ALTER TABLE {t}_old RENAME TO {t}_kept"),
            sql("ALTER TABLE {t}_kept RENAME TO {t}_old", ATTACH),
        ),
        PG,
    ),
    "detached_beside_readers": Pair(
        PARTS,
        Step(alone(f"{DETACH} CONCURRENTLY"), sql("DELETE FROM {t}_old", ATTACH)),
        ("table {t}: 1 of 3 rows lost", "+check {t}_old_at_check on {t}_old"),
        Step(
            alone(f"{DETACH} CONCURRENTLY"),
            sql(ATTACH, "ALTER TABLE {t}_old DROP CONSTRAINT {t}_old_at_check"),
        ),
        PG,
        since=14,
    ),
    "dropped": Pair(
        PARTS,
        Step(sql("DROP TABLE {t}_old"), sql(f"CREATE TABLE {{t}}_old PARTITION OF {{t}} {OLD}")),
        ("table {t}: 1 of 3 rows lost",),
        Step(
            sql("DROP TABLE {t}_old") + "  # noqa: CAL301 - rows of {t} are archived at night",
            sql(f"CREATE TABLE {{t}}_old PARTITION OF {{t}} {OLD}"),
        ),
        PG,
    ),
    "dropped_for_good": Pair(
        PARTS,
        None,
        (),
        Step(f"pass  # noqa: CAL305 - a year is over\n{sql('TRUNCATE {t}_new', 'DROP TABLE {t}_old')}"),
        PG,
    ),
    "taken_in": Pair(
        STAGED,
        Step(TAKE_IN, sql("DELETE FROM {t}_old", "ALTER TABLE {t} DETACH PARTITION {t}_old")),
        ("table {t}_old: all 3 rows lost",),
        Step(TAKE_IN, sql("ALTER TABLE {t} DETACH PARTITION {t}_old")),
        PG,
    ),
    "made_partitioned": Pair(
        sql(PLAIN),
        Step(sql(*ASIDE, *BY_HASH, f"{COPY} WHERE note IS NOT NULL", GONE), BACK_TO_PLAIN),
        ("table {t}: 1 of 3 rows lost",),
        Step(sql(*ASIDE, *BY_HASH, COPY, GONE), BACK_TO_PLAIN),
        PG,
    ),
    "wrapped": Pair(
        sql(PLAIN),
        Step(WRAP, sql("DROP TABLE {t}", PLAIN)),
        ("table {t}: all 3 rows lost",),
        Step(
            WRAP,
            sql("ALTER TABLE {t} DETACH PARTITION {t}_all", "DROP TABLE {t}",
                "ALTER TABLE {t}_all RENAME TO {t}"),
        ),
        PG,
    ),
    "split": Pair(
        PARTS,
        Step(
            sql(DETACH, *HALVES, "INSERT INTO {t} SELECT * FROM {t}_old WHERE at >= '1970-01-01'",
                "DROP TABLE {t}_old"),
            MERGE,
        ),
        ("table {t}: 1 of 3 rows lost",),
        Step(
            sql(DETACH, *HALVES, "INSERT INTO {t} TABLE {t}_old", "DROP TABLE {t}_old"), MERGE
        ),
        PG,
    ),
    "leaf_detached": Pair(
        NESTED,
        Step(
            sql("ALTER TABLE {t}_r DETACH PARTITION {t}_old"),
            sql("DROP TABLE {t}_old", f"CREATE TABLE {{t}}_old PARTITION OF {{t}}_r {LEAF}"),
        ),
        ("table {t}: 1 of 3 rows lost",),
        Step(
            sql("ALTER TABLE {t}_r DETACH PARTITION {t}_old"),
            sql(f"ALTER TABLE {{t}}_r ATTACH PARTITION {{t}}_old {LEAF}"),
        ),
        PG,
    ),
    "branch_detached": Pair(
        NESTED,
        Step(
            sql("ALTER TABLE {t} DETACH PARTITION {t}_r", "DELETE FROM {t}_old"),
            sql("ALTER TABLE {t} ATTACH PARTITION {t}_r DEFAULT"),
        ),
        ("table {t}: 1 of 3 rows lost",),
        Step(
            sql("ALTER TABLE {t} DETACH PARTITION {t}_r"),
            sql("ALTER TABLE {t} ATTACH PARTITION {t}_r DEFAULT"),
        ),
        PG,
    ),
    "written_by_partition": Pair(
        PARTS,
        Step(sql("UPDATE {t}_old SET note = 'x'")),
        ("column {t}.note: ",),
        Step(
            sql("UPDATE {t}_old SET note = note || 'x'"),
            sql("UPDATE {t}_old SET note = left(note, -1)"),
        ),
        PG,
    ),
    "inherited": Pair(
        sql("CREATE TABLE {t} (id int, note text)", "CREATE TABLE {t}_kid (LIKE {t})"),
        Step(
            sql("ALTER TABLE {t}_kid INHERIT {t}", "DELETE FROM {t}"),
            sql("ALTER TABLE {t}_kid NO INHERIT {t}"),
        ),
        ("table {t}: all 3 rows lost", "table {t}_kid: all 3 rows lost"),
        Step(
            sql("ALTER TABLE {t}_kid INHERIT {t}"), sql("ALTER TABLE {t}_kid NO INHERIT {t}")
        ),
        PG,
    ),
    "renamed": Pair(
        PARTS,
        Step(
            sql("ALTER TABLE {t} RENAME TO {t}_x"),
            sql("ALTER TABLE {t}_x RENAME TO {t}", "DELETE FROM {t}"),
        ),
        ("table {t}: all 3 rows lost",),
        Step(
            sql("ALTER TABLE {t} RENAME TO {t}_x", "UPDATE {t}_x SET note = note || 'x'"),
            sql("UPDATE {t}_old SET note = left(note, -1)", "UPDATE {t}_new SET note = left(note, -1)",
                "ALTER TABLE {t}_x RENAME TO {t}"),
        ),
        PG,
    ),
    "referred_to": Pair(
        REFERRED,
        Step(sql("DELETE FROM {t}")),
        ("table {t}: all 3 rows lost", "table {t}_of: all 3 rows lost"),
        Step(sql(NEXT), sql("ALTER TABLE {t} DETACH PARTITION {t}_1", "DROP TABLE {t}_1")),
        PG,
    ),
    "new_and_referred_to": Pair(REFERRED, Step(sql(NEXT)), ("+table {t}_1",), None, PG),
}  # fmt: skip
