"""The names that nobody wrote: predicted from source, compared with what PostgreSQL keeps."""

import ast
from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import URL, text

from calista_tools.effects.evaluator import evaluate
from calista_tools.effects.schema import Schema, apply, changes_of

LONG = "an_extraordinarily_long_table_name_of_fifty_letters"
SOURCE = """
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

def upgrade():
    op.create_table(
        "author",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("mail", sa.Text(), unique=True),
        sa.Column("nick", sa.Text(), index=True),
        sa.Column("code", sa.Text(), unique=True, index=True),
        sa.Column("age", sa.Integer(), sa.CheckConstraint("age > 0")),
        sa.UniqueConstraint("mail"),
        sa.UniqueConstraint("mail", "nick"),
        sa.CheckConstraint("length(mail) > length(nick)"),
        sa.CheckConstraint("'age' <> nick"),
    )
    op.create_table(
        "{LONG}",
        sa.Column("a_rather_long_column_name", sa.Integer(), sa.ForeignKey("author.id")),
        sa.Column("b", sa.Integer(), sa.ForeignKey("author.id")),
        sa.PrimaryKeyConstraint("a_rather_long_column_name", "b"),
        sa.UniqueConstraint("b", "a_rather_long_column_name"),
        sa.ForeignKeyConstraint(["b"], ["author.id"]),
    )
    op.add_column("author", sa.Column("boss", sa.Integer(), sa.ForeignKey("author.id")))
    op.execute("ALTER TABLE author ADD UNIQUE (age), ADD CHECK (age < 200)")
    op.create_foreign_key(None, "author", "author", ["boss"], ["id"])
    op.create_table("author_mail", sa.Column("key", sa.Integer(), unique=True))
    op.rename_table("author_mail", "mails")
    op.create_table("gone", sa.Column("id", sa.Integer(), primary_key=True))
    op.drop_table("gone")
    op.create_table("gone", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("CREATE TABLE slot (room int, during tsrange, n int, s text, \\"Q\\" int, {LONG} int)")
    op.create_exclude_constraint(
        None, "slot", ("n", "="), ("Q", "="), using="btree", where=sa.text("n > 0")
    )
    op.create_exclude_constraint(None, "slot", ("during", "&&"))
    op.create_exclude_constraint(None, "slot", ("during", "&&"))
    op.create_exclude_constraint("excl_slot", "slot", (sa.column("room"), "="), using="btree")
    for clause in (
        "EXCLUDE (n WITH =, room WITH =)",
        "EXCLUDE (n WITH =, n WITH =)",
        "EXCLUDE ((n + 1) WITH =, ((n + 2)) WITH =)",
        "EXCLUDE (lower(s) WITH =, pg_catalog.UPPER(s) WITH =)",
        "EXCLUDE ((s::varchar(3)) WITH =, (lower(s)::text) WITH =, ((n + 1)::bigint) WITH =)",
        "EXCLUDE (CAST(n AS text) WITH =, coalesce(n, 0) WITH =, (CASE WHEN n > 0 THEN 1 END) WITH =)",
        'EXCLUDE ("Q" WITH =, (room) WITH =, s COLLATE "C" WITH =, s text_pattern_ops DESC WITH =)',
        "EXCLUDE USING btree (room WITH =) INCLUDE (n, s) WHERE (n > 0)",
        "EXCLUDE USING gist (tsrange(NULL, NULL, '[)') WITH &&)",
        "EXCLUDE ({LONG} WITH =, room WITH =)",
        "UNIQUE (room) INCLUDE (n)",
        "UNIQUE (room, n)",
        "PRIMARY KEY (room) INCLUDE (n)",
        "CONSTRAINT own EXCLUDE (s WITH =)",
    ):
        op.execute(f"ALTER TABLE slot ADD {clause}")
    op.execute("CREATE INDEX ON slot (lower(s), n) INCLUDE (room)")
    op.execute("CREATE INDEX ON slot ((n + 1), (room::text))")
    op.execute("CREATE TABLE {LONG}2 (n int, m int, EXCLUDE (n WITH =, m WITH =), UNIQUE (n) INCLUDE (m))")
    op.create_table(
        "shift",
        sa.Column("room", sa.Integer()),
        sa.Column("during", postgresql.TSRANGE()),
        postgresql.ExcludeConstraint(("room", "="), ("during", "&&"), using="gist", name="own2"),
        postgresql.ExcludeConstraint((sa.column("during"), "&&")),
        postgresql.ExcludeConstraint((sa.text("upper(during)"), "="), using="btree"),
        postgresql.ExcludeConstraint((sa.func.lower(sa.column("during")), "="), using="btree"),
        sa.UniqueConstraint("room", postgresql_include=["during"]),
    )
    op.drop_column("author", "code")
    op.alter_column("author", "age", new_column_name="years")
""".replace("{LONG}", LONG)
CATALOG = """
SELECT c.relname, k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE k.contype <> 'n' AND c.relnamespace = 'public'::regnamespace
UNION
SELECT c.relname, i.relname FROM pg_index x
    JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
    WHERE c.relnamespace = 'public'::regnamespace
"""


def test_names_that_postgresql_gives(postgresql_url: URL) -> None:
    engine = sa.create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE EXTENSION btree_gist"))
        with Operations.context(MigrationContext.configure(connection)):
            names: dict[str, object] = {}
            exec(compile(SOURCE, "revision", "exec"), names)
            names["upgrade"]()  # type: ignore[operator]
        live = {tuple(row) for row in connection.execute(text(CATALOG))}
    engine.dispose()
    operations = evaluate(ast.parse(SOURCE), Path("x.py")).operations
    schema = Schema("postgresql")
    apply(schema, changes_of(operations, "postgresql", {"ix": "ix_%(column_0_label)s"}))
    ours = {(table.name, one.name) for table in schema.tables.values() for one in table.objects}
    assert sorted(ours) == sorted(live)
