"""What ``--names`` says of a history is what Alembic then leaves in a real database."""

import json
from argparse import Namespace
from pathlib import Path
from textwrap import dedent, indent

import pytest
from sqlalchemy import URL

from calista_tools.lint.cli import main
from tests.corpora.compare_names import History, compare
from tests.corpora.live_names import live_names
from tests.corpora.run_history import upgrade

HEAD = """\
import sqlalchemy as sa
from alembic import op
revision = {revision!r}
down_revision = {parent!r}
"""
TABLES = """
op.create_table(
    "stream",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.PrimaryKeyConstraint("id", name="pk_stream"),
    sa.UniqueConstraint("kind", name="uq_stream_kind"),
)
op.create_table(
    "event",
    sa.Column("stream_id", sa.Integer(), nullable=False),
    sa.Column("kind", sa.String(20)),
    sa.Column("number", sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint("stream_id", "number", name="pk_event"),
    sa.ForeignKeyConstraint(["stream_id"], ["stream.id"], name="fk_event_stream"),
    sa.ForeignKeyConstraint(["kind"], ["stream.kind"], name="fk_event_kind"),
)
op.create_index("ix_event_kind", "event", ["kind"])
"""
#: ``if postgresql:`` before what SQLite does not understand.
GUARD = 'if op.get_bind().dialect.name == "postgresql":\n'
#: A table of the same name in another schema.
ELSEWHERE = (
    GUARD
    + """\
    op.execute("CREATE SCHEMA other")
    op.execute(
        "CREATE TABLE other.stream (id int CONSTRAINT pk_other PRIMARY KEY,"
        " kind text CONSTRAINT uq_other UNIQUE)"
    )
"""
)
#: What refers to that one, in each of the ways to say so.
REFERRING = (
    ELSEWHERE
    + """\
    op.execute("CREATE TABLE a (id int CONSTRAINT fk_a REFERENCES other.stream (id))")
    key = sa.ForeignKey("other.stream.id", name="fk_b")
    op.create_table("b", sa.Column("id", sa.Integer(), key))
    keys = sa.ForeignKeyConstraint(["id"], ["other.stream.id"], name="fk_c")
    op.create_table("c", sa.Column("id", sa.Integer()), keys)
    op.create_table("d", sa.Column("id", sa.Integer()))
    op.create_foreign_key("fk_d", "d", "stream", ["id"], ["id"], referent_schema="other")
"""
)
HISTORIES = {
    "a copied table gets no key on the new name of a column": """
        with op.batch_alter_table("event") as batch:
            batch.alter_column("number", new_column_name="version", existing_type=sa.Integer())
            if op.get_bind().dialect.name == "postgresql":
                batch.drop_constraint("pk_event", type_="primary")
            batch.create_primary_key("pk_event_new", ["stream_id", "version"])
            batch.create_unique_constraint("uq_event_kind_version", ["kind", "version"])
            batch.create_unique_constraint("uq_event_kind_stream", ["kind", "stream_id"])
    """,
    "a dropped key takes along what refers to it": (
        GUARD + '    op.execute("ALTER TABLE stream DROP CONSTRAINT pk_stream CASCADE")'
    ),
    "a dropped key takes along what refers to its renamed column": (
        'op.alter_column("stream", "kind", new_column_name="sort")\n'
        + GUARD
        + '    op.execute("ALTER TABLE stream DROP CONSTRAINT uq_stream_kind CASCADE")'
    ),
    "a dropped column takes along what refers to it": (
        GUARD + '    op.execute("ALTER TABLE stream DROP COLUMN kind CASCADE")'
    ),
    "a dropped table takes along what refers to it": (
        GUARD + '    op.execute("DROP TABLE IF EXISTS stream CASCADE")'
    ),
    "a helper that would say no after an error": """
        def there(table):
            look = sa.inspect(op.get_bind())
            try:
                return table in look.get_table_names()
            except Exception:
                return False

        def indexed(table, columns):
            look = sa.inspect(op.get_bind())
            try:
                have = look.get_indexes(table)
            except Exception:
                return False, None
            for one in have:
                if set(one["column_names"]) == set(columns):
                    return True, one["name"]
            return False, None

        def index(name, table, columns):
            if not there(table):
                return
            found, _ = indexed(table, columns)
            if not found:
                op.create_index(name, table, columns)

        index("ix_event_number", "event", ["number"])
        index("ix_event_kind_again", "event", ["kind"])
        index("ix_elsewhere", "elsewhere", ["kind"])
    """,
    "Alembic's own table is there, with its key": """
        look = sa.inspect(op.get_bind())
        if not look.get_pk_constraint("alembic_version")["constrained_columns"]:
            op.create_index("ix_event_version", "event", ["number"])
        if not look.has_table("alembic_version"):
            op.create_index("ix_event_number", "event", ["number"])
    """,
    "a dropped key takes along nothing of its namesake": (
        ELSEWHERE + '    op.execute("ALTER TABLE other.stream DROP CONSTRAINT pk_other CASCADE")'
    ),
    "a dropped column takes along nothing of its namesake": (
        ELSEWHERE + '    op.execute("ALTER TABLE other.stream DROP COLUMN kind CASCADE")'
    ),
    "a renamed column takes along nothing of its namesake": (
        ELSEWHERE
        + '    op.execute("ALTER TABLE other.stream RENAME kind TO sort")\n'
        + '    op.execute("ALTER TABLE other.stream DROP COLUMN sort CASCADE")'
    ),
    "a dropped key takes along what refers to it in its schema": (
        REFERRING + '    op.execute("ALTER TABLE other.stream DROP CONSTRAINT pk_other CASCADE")'
    ),
    "a dropped column takes along what refers to it in its schema": (
        REFERRING + '    op.execute("ALTER TABLE other.stream DROP COLUMN id CASCADE")'
    ),
    "a renamed column takes along what refers to it in its schema": (
        REFERRING
        + '    op.execute("ALTER TABLE other.stream RENAME id TO number")\n'
        + '    op.execute("ALTER TABLE other.stream DROP COLUMN number CASCADE")'
    ),
    "a table that is handed a metadata is known": """
        op.create_table("note", sa.MetaData(), sa.Column("id", sa.Integer(), primary_key=True))
        if "text" not in [one["name"] for one in sa.inspect(op.get_bind()).get_columns("note")]:
            op.create_index("ix_note_id", "note", ["id"])
        else:
            op.create_index("ix_note_text", "note", ["text"])
    """,
}


@pytest.mark.parametrize("what", HISTORIES)
def test_names(
    what: str, database_url: URL, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    parent = None
    for revision, body in (("first", TABLES), ("second", HISTORIES[what])):
        text = HEAD.format(revision=revision, parent=parent)
        text += f"\ndef upgrade():\n{indent(dedent(body), '    ')}\n"
        (versions / f"{revision}.py").write_text(text)
        parent = revision
    assert main(["--names", "--output-format", "json", "--no-cache", str(versions)]) == 0
    entries = json.loads(capsys.readouterr().out)
    url = database_url.render_as_string(hide_password=False)
    upgrade(Namespace(env=None, url=url, versions=versions, convention="{}"), tmp_path)
    history = History(name=what, versions=versions, root=tmp_path)
    found = compare(history, database_url.get_backend_name(), entries, live_names(database_url))
    assert (found.missed, found.wrong, found.elsewhere) == ([], [], [])
