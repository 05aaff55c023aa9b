"""Rows of revisions that declare that there is no way back, and of tables that refer to themselves."""

from __future__ import annotations

from tests.integration.roundtrip.pairs.pair import (
    BOTH,
    PG,
    SQLITE,
    TABLE,
    Pair,
    Step,
    batch,
    sql,
)
from tests.integration.roundtrip.pairs.partitions import (
    ASIDE,
    BY_HASH,
    COPY,
    DETACH,
    GONE,
    PARTS,
    PLAIN,
)
from tests.integration.roundtrip.pairs.written import by_hand, family

DECLARED = "pass  # noqa: CAL305 - nobody goes back from here\n"
SELF = (
    'op.create_table("{t}", sa.Column("id", sa.Integer, primary_key=True),'
    ' sa.Column("up", sa.Integer), sa.Column("note", sa.Text),'
    ' sa.ForeignKeyConstraint(["up"], ["{t}.id"], name="fk_{t}"))'
)
CLEAR = "CREATE FUNCTION {t}_clear() RETURNS void LANGUAGE sql AS 'DELETE FROM {t}'"

LOOK = 'op.get_bind().execute(sa.text("SELECT lower(note) FROM {t}")).all()'


def one_way(
    setup: str,
    good: str | None,
    bad: str | None = None,
    *says: str,
    backends: tuple[str, ...] = BOTH,
) -> Pair:
    """Return what may be done to rows where that is said to be for good, and what may not."""
    declared = [Step(DECLARED + code) if code else None for code in (bad, good)]
    return Pair(setup, declared[0], says, declared[1], backends)


ONE_WAY = {
    "one_way_update": one_way(TABLE, sql("UPDATE {t} SET amount = 1", "DELETE FROM {t} WHERE id = 0")),
    "one_way_column": one_way(TABLE, batch('drop_column("note")')),
    "one_way_renamed": one_way(
        TABLE, f'op.rename_table("{{t}}", "{{t}}_b")\n{sql("UPDATE {t}_b SET amount = 2")}'
    ),
    "one_way_cast": one_way(
        TABLE, sql("ALTER TABLE {t} ALTER amount TYPE numeric USING amount / 100.0"), backends=PG
    ),
    "one_way_function": one_way(
        f"{TABLE}\n{sql(CLEAR)}", sql("SELECT {t}_clear()"), backends=PG
    ),
    "one_way_cascade": one_way(
        family("CASCADE"),
        sql("DELETE FROM {t}_c", "DELETE FROM {t}"),
        sql("DELETE FROM {t}"),
        "table {t}_c: all 3 rows lost",
        backends=PG,
    ),
    "one_way_detached": one_way(PARTS, sql(DETACH), backends=PG),
    "one_way_partitioned": one_way(
        sql(PLAIN),
        sql(*ASIDE, *BY_HASH, COPY, GONE),
        sql(*ASIDE, *BY_HASH, f"{COPY} WHERE note IS NOT NULL", GONE),
        "table {t}: 1 of 3 rows lost",
        backends=PG,
    ),
    "one_way_copy": one_way(
        TABLE,
        by_hand("id, code, amount, note"),
        by_hand("id, coalesce(note, '-'), amount, code"),
        "column {t}.code: ",
        "column {t}.note: ",
        backends=SQLITE,
    ),
    "one_way_copy_after_a_look": one_way(
        TABLE,
        f"{LOOK}\n{by_hand('id, code, amount, note')}",
        f"{LOOK}\n{by_hand('id, code, amount, NULL')}",
        "column {t}.note: ",
        backends=SQLITE,
    ),
    "roots_of_a_tree": Pair(
        SELF,
        Step(sql("UPDATE {t} SET note = 'root' WHERE up IS NULL AND note IS NOT NULL")),
        ("column {t}.note: ",),
        Step(
            sql("UPDATE {t} SET note = note || '/' WHERE up IS NULL"),
            sql("UPDATE {t} SET note = substr(note, 1, length(note) - 1) WHERE up IS NULL"),
        ),
    ),
}  # fmt: skip
