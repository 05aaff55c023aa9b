"""Rows that revisions write: data migrations, casts, cascades, and what brings them back."""

from __future__ import annotations

from tests.integration.roundtrip.pairs.pair import (
    PG,
    SQLITE,
    TABLE,
    Pair,
    Step,
    alone,
    batch,
    sql,
)

MORE, LESS = "UPDATE {t} SET amount = amount + 1", "UPDATE {t} SET amount = amount - 1"
VIEW = "CREATE VIEW {t}_v AS SELECT id, code, amount FROM {t}"
ADMIN = "op.bulk_insert(sa.table('{t}', sa.column('name')), [{'name': 'admin'}])"
NAMED = (
    'op.create_table("{t}", sa.Column("id", sa.Integer, primary_key=True),'
    ' sa.Column("name", sa.Text, nullable=False),'
    ' sa.Column("made", sa.DateTime, server_default=sa.func.now()))'
)
TOKENS = (
    'op.create_table("{t}", sa.Column("id", sa.String(36), primary_key=True),'
    ' sa.Column("name", sa.Text, nullable=False))'
)
TOKEN = (
    "import uuid\nop.bulk_insert(sa.table('{t}', sa.column('id'), sa.column('name')),"
    " [{'id': str(uuid.uuid4()), 'name': 'admin'}])"
)
CORE = """
t = sa.table("{t}", sa.column("id"), sa.column("code"))
for row in op.get_bind().execute(sa.select(t.c.id, t.c.code)).all():
    op.get_bind().execute(t.update().where(t.c.id == row.id).values(code=EXPRESSION))
"""
ORM = """
from sqlalchemy.orm import Session, declarative_base
class Note(declarative_base()):
    __tablename__ = "{t}"
    id = sa.Column(sa.Integer, primary_key=True)
    amount = sa.Column(sa.Integer)
with Session(bind=op.get_bind()) as session:
    for note in session.query(Note).where(Note.amount.is_not(None)):
        note.amount CHANGE
    session.flush()
"""
SPLIT = "\n".join(
    (
        batch('add_column(sa.Column("head", sa.Text))', 'add_column(sa.Column("rest", sa.Text))'),
        sql("UPDATE {t} SET head = substr(code, 1, 2), rest = substr(code, 3)"),
        batch('drop_column("code")'),
    )
)
JOINED = "\n".join(
    (
        batch('add_column(sa.Column("code", sa.String(40)))'),
        sql("UPDATE {t} SET code = head || rest"),
        batch(
            'alter_column("code", nullable=False, existing_type=sa.String(40))',
            'drop_column("head")', 'drop_column("rest")',
        ),
    )
)  # fmt: skip
KINDS = (
    'op.create_table("{t}_k", sa.Column("id", sa.Integer, primary_key=True),'
    ' sa.Column("name", sa.Text))'
)
LOOKUP = "\n".join(
    (
        KINDS,
        sql("INSERT INTO {t}_k SELECT row_number() OVER (ORDER BY note), note"
            " FROM (SELECT DISTINCT note FROM {t} WHERE note IS NOT NULL) q"),
        batch('add_column(sa.Column("kind", sa.Integer))'),
        sql("UPDATE {t} SET kind = (SELECT id FROM {t}_k WHERE name = {t}.note)"),
        batch('drop_column("note")'),
    )
)  # fmt: skip
RESOLVED = "\n".join(
    (
        batch('add_column(sa.Column("note", sa.Text))'),
        sql("UPDATE {t} SET note = (SELECT name FROM {t}_k WHERE id = {t}.kind)"),
        batch('drop_column("kind")'),
        'op.drop_table("{t}_k")',
    )
)
ARCHIVE = "\n".join(
    (
        TABLE.replace("{t}", "{t}_old"),
        sql("INSERT INTO {t}_old SELECT * FROM {t} WHERE amount < 0",
            "DELETE FROM {t} WHERE amount < 0"),
    )
)  # fmt: skip
EXCHANGE = sql(
    "ALTER TABLE {t} RENAME COLUMN code TO tmp", "ALTER TABLE {t} RENAME COLUMN note TO code",
    "ALTER TABLE {t} RENAME COLUMN tmp TO note",
)  # fmt: skip
TWO_TEXTS = (
    'op.create_table("{t}", sa.Column("id", sa.Integer, primary_key=True),'
    ' sa.Column("code", sa.Text), sa.Column("note", sa.Text))'
)


def by_hand(columns: str) -> str:
    return sql(
        "CREATE TABLE {t}_new (id INTEGER NOT NULL, code VARCHAR(40) NOT NULL, amount INTEGER,"
        " note TEXT, PRIMARY KEY (id))",
        f"INSERT INTO {{t}}_new SELECT {columns} FROM {{t}}",
        "DROP TABLE {t}", "ALTER TABLE {t}_new RENAME TO {t}",
    )  # fmt: skip


def cast(type_: str, there: str, using: str, back: str, wrong: str) -> Pair:
    """Return a column that becomes another type and comes back, or does not."""
    alter = "ALTER TABLE {t} ALTER v TYPE "
    up = sql(f"{alter}{there} USING {using}")
    return Pair(
        sql(f"CREATE TABLE {{t}} (id int PRIMARY KEY, v {type_})"),
        Step(up, sql(f"{alter}{type_} USING {wrong}")),
        ("column {t}.v: ",),
        Step(up, sql(f"{alter}{type_} USING {back}")),
        PG,
    )


def family(action: str) -> str:
    return (
        'op.create_table("{t}", sa.Column("id", sa.Integer, primary_key=True))\n'
        'op.create_table("{t}_c", sa.Column("id", sa.Integer, primary_key=True),'
        ' sa.Column("of", sa.Integer, nullable=NULLABLE), sa.ForeignKeyConstraint(["of"],'
        f' ["{{t}}.id"], name="fk_{{t}}_c", ondelete="{action}"))'
    ).replace("NULLABLE", str(action != "CASCADE"))


KEEP = ("CREATE TABLE {t}_1 AS TABLE {t}", "CREATE TABLE {t}_2 AS TABLE {t}_c", "DELETE FROM {t}")
AGAIN = ("INSERT INTO {t} TABLE {t}_1", "DROP TABLE {t}_1, {t}_2")

BY_STATEMENTS = {
    "core": Pair(
        TABLE,
        Step(CORE.replace("EXPRESSION", "row.code.swapcase()")),
        ("column {t}.code: ",),
        Step(*[CORE.replace("EXPRESSION", "row.code[::-1]")] * 2),
    ),
    "orm": Pair(
        TABLE,
        Step(ORM.replace("CHANGE", "+= 3"), ORM.replace("CHANGE", "-= 2")),
        ("column {t}.amount: ",),
        Step(ORM.replace("CHANGE", "+= 3"), ORM.replace("CHANGE", "-= 3")),
    ),
    "split": Pair(
        TABLE,
        Step(SPLIT, JOINED.replace("|| rest", "|| substr(rest, 2)")),
        ("column {t}.code: ",),
        Step(SPLIT, JOINED),
    ),
    "looked_up": Pair(
        TABLE,
        Step(LOOKUP, RESOLVED.replace("{t}.kind", "{t}.kind + 1")),
        ("column {t}.note: ",),
        Step(LOOKUP, RESOLVED),
    ),
    "archived": Pair(
        TABLE,
        Step(ARCHIVE, 'op.drop_table("{t}_old")'),
        ("table {t}: 1 of 3 rows lost",),
        Step(ARCHIVE, f'{sql("INSERT INTO {t} SELECT * FROM {t}_old")}\nop.drop_table("{{t}}_old")'),
    ),
    "renamed_and_written": Pair(
        TABLE,
        Step('op.rename_table("{t}", "{t}_b")', f'op.rename_table("{{t}}_b", "{{t}}")\n{sql(MORE)}'),
        ("column {t}.amount: ",),
        Step(
            f'op.rename_table("{{t}}", "{{t}}_b")\n{sql(MORE.replace("{t}", "{t}_b"))}',
            f'{sql(LESS.replace("{t}", "{t}_b"))}\nop.rename_table("{{t}}_b", "{{t}}")',
        ),
    ),
    "names_exchanged": Pair(
        TWO_TEXTS,
        Step(EXCHANGE, EXCHANGE + "\n" + sql("UPDATE {t} SET note = code")),
        ("column {t}.note: ",),
        Step(EXCHANGE, EXCHANGE),
    ),
    "through_a_view": Pair(
        TABLE + "\n" + sql(VIEW),
        Step(sql(MORE.replace("{t}", "{t}_v"))),
        ("column {t}.amount: ",),
        Step(sql(MORE.replace("{t}", "{t}_v")), sql(LESS.replace("{t}", "{t}_v"))),
        PG,
    ),
    "through_a_function": Pair(
        TABLE + "\n" + sql("CREATE FUNCTION {t}_add(n int) RETURNS void LANGUAGE sql"
                           " AS 'UPDATE {t} SET amount = amount + n'"),
        Step(sql("SELECT {t}_add(1)")),
        ("column {t}.amount: ",),
        Step(sql("SELECT {t}_add(1)"), sql("SELECT {t}_add(-1)")),
        PG,
    ),
    "through_a_text": Pair(
        TABLE,
        Step(sql(f"DO $$ BEGIN EXECUTE format('{MORE.replace('{t}', '%I')}', '{{t}}'); END $$")),
        ("column {t}.amount: ",),
        Step(
            sql(f"DO $$ BEGIN EXECUTE format('{MORE.replace('{t}', '%I')}', '{{t}}'); END $$"),
            sql(f"DO $$ BEGIN EXECUTE format('{LESS.replace('{t}', '%I')}', '{{t}}'); END $$"),
        ),
        PG,
    ),
    "outside_of_transactions": Pair(
        TABLE,
        Step(alone("UPDATE {t} SET note = NULL")),
        ("column {t}.note: ",),
        Step(alone(MORE), alone(LESS)),
        PG,
    ),
    "copied_by_hand": Pair(
        TABLE,
        Step(by_hand("id, code, amount * 2, note"), by_hand("id, code, amount, note")),
        ("column {t}.amount: ",),
        Step(by_hand("id, code, amount * 2, note"), by_hand("id, code, amount / 2, note")),
        SQLITE,
    ),
    "through_a_trigger": Pair(
        TABLE + "\n" + sql(VIEW, "CREATE TRIGGER {t}_u INSTEAD OF UPDATE ON {t}_v BEGIN"
                           " UPDATE {t} SET amount = NEW.amount WHERE id = NEW.id; END"),
        Step(sql(MORE.replace("{t}", "{t}_v"))),
        ("column {t}.amount: ",),
        Step(sql(MORE.replace("{t}", "{t}_v")), sql(LESS.replace("{t}", "{t}_v"))),
        SQLITE,
    ),
    "truncated_together": Pair(
        sql("CREATE TABLE {t} (a int)", "CREATE TABLE {t}_2 (a int)"),
        Step(sql("TRUNCATE {t}_2, {t}")),
        ("table {t}: all 3 rows lost", "table {t}_2: all 3 rows lost"),
        Step(
            sql("CREATE TABLE {t}_3 AS TABLE {t}", "CREATE TABLE {t}_4 AS TABLE {t}_2",
                "TRUNCATE TABLE {t}_2, ONLY {t}"),
            sql("INSERT INTO {t} TABLE {t}_3", "INSERT INTO {t}_2 TABLE {t}_4",
                "DROP TABLE {t}_3, {t}_4"),
        ),
        PG,
    ),
}  # fmt: skip

CASTS = {
    "cents": cast("int", "numeric(14, 2)", "v / 100.0", "(v * 100)::int", "v::int"),
    "zone": cast(
        "timestamp", "timestamptz", "v AT TIME ZONE 'Europe/Berlin'",
        "v AT TIME ZONE 'Europe/Berlin'", "v AT TIME ZONE 'UTC'",
    ),
    "words": cast(
        "boolean", "text", "CASE WHEN v THEN 'yes' WHEN NOT v THEN 'no' END", "v = 'yes'", "v = 'no'"
    ),
    "bytes": cast("bytea", "text", "encode(v, 'base64')", "decode(v, 'base64')", "v::bytea"),
    "wrapped_text": cast("text", "text[]", "ARRAY[v]", "v[1]", "v[2]"),
}  # fmt: skip

MADE_ANEW = {
    "filled_by_chance": Pair(
        TABLE,
        Step(sql("UPDATE {t} SET note = 'r' || random() WHERE note IS NULL"),
             sql("UPDATE {t} SET note = NULL")),
        ("column {t}.note: ",),
        Step(sql("UPDATE {t} SET note = 'r' || random() WHERE note IS NULL"),
             sql("UPDATE {t} SET note = NULL WHERE note LIKE 'r%'")),
    ),
    "numbered_seed": Pair(
        NAMED,
        Step(ADMIN, sql("DELETE FROM {t}")),
        ("table {t}: all 3 rows lost",),
        Step(ADMIN, sql("DELETE FROM {t} WHERE name = 'admin'")),
    ),
    "random_seed": Pair(
        TOKENS,
        Step(TOKEN),
        ("table {t}: 1 row left over",),
        Step(TOKEN, sql("DELETE FROM {t} WHERE name = 'admin'")),
    ),
    "fails_on_the_way_back": Pair(
        TABLE,
        Step(sql(MORE), "raise NotImplementedError('no way back')"),
        ("downgrade: NotImplementedError",),
        None,
    ),
}  # fmt: skip

CASCADES = {
    "cascade": Pair(
        family("CASCADE"),
        Step(sql(*KEEP), sql(*AGAIN)),
        ("table {t}_c: all 3 rows lost",),
        Step(sql(*KEEP), sql(AGAIN[0], "INSERT INTO {t}_c TABLE {t}_2", AGAIN[1])),
        PG,
    ),
    "set_null": Pair(
        family("SET NULL"),
        Step(sql(*KEEP), sql(*AGAIN)),
        ("column {t}_c.of: ",),
        Step(
            sql(*KEEP),
            sql(AGAIN[0], 'UPDATE {t}_c SET "of" = k."of" FROM {t}_2 k WHERE k.id = {t}_c.id',
                AGAIN[1]),
        ),
        PG,
    ),
}  # fmt: skip

WRITTEN = BY_STATEMENTS | CASTS | MADE_ANEW | CASCADES
