"""The names that nobody wrote: predicted from source, compared with what PostgreSQL keeps."""

import ast
from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import URL, text

from calista_tools.lint.evaluator import evaluate
from calista_tools.lint.schema import Schema, changes_of

LONG = "an_extraordinarily_long_table_name_of_fifty_letters"
SOURCE = f'''
import sqlalchemy as sa
from alembic import op

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
    op.drop_column("author", "code")
    op.alter_column("author", "age", new_column_name="years")
'''
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
        with Operations.context(MigrationContext.configure(connection)):
            names: dict[str, object] = {}
            exec(compile(SOURCE, "revision", "exec"), names)
            names["upgrade"]()  # type: ignore[operator]
        live = {tuple(row) for row in connection.execute(text(CATALOG))}
    engine.dispose()
    operations = evaluate(ast.parse(SOURCE), Path("x.py")).operations
    schema = Schema("postgresql")
    schema.apply(changes_of(operations, "postgresql", {"ix": "ix_%(column_0_label)s"}))
    ours = {(table.name, one.name) for table in schema.tables.values() for one in table.objects}
    assert ours == live
