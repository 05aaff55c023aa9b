"""The proof of ``--names`` itself: that it runs histories, reads catalogs, and sees every mistake."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from sqlalchemy import URL

from tests.corpora import compare_names
from tests.corpora.compare_names import (
    Comparison,
    History,
    HistoryError,
    compare,
    listed,
    read_truth,
    report,
    run,
)
from tests.corpora.live_names import LiveName, live_names

HEAD = """\
import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import DeclarativeBase, Mapped, declarative_base, mapped_column
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

revision = "{number}"
down_revision = {parent}
"""
TABLES = """
op.create_table(
    "note",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("title", sa.Text(), unique=True),
    sa.Column("body", sa.Text(), index=True),
    sa.CheckConstraint("length(title) > 0", name="ck_note_title"),
)
op.create_table(
    "tag",
    sa.Column("note_id", sa.Integer(), sa.ForeignKey("note.id", name="fk_tag_note")),
    sa.UniqueConstraint("note_id", name="uq_tag_note_id"),
)
"""
TRIGGERS = """
if op.get_bind().dialect.name == "postgresql":
    op.execute("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    op.execute("CREATE TRIGGER note_no BEFORE DELETE ON note EXECUTE FUNCTION no()")
else:
    op.execute("CREATE TRIGGER note_no BEFORE DELETE ON note BEGIN SELECT RAISE(ABORT, 'no'); END")
op.execute("CREATE UNIQUE INDEX ix_note_lower ON note (lower(title))")
"""
MODELS = """
class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={
            "uq": "unq_%(table_name)s_%(column_0_name)s",
            "ix": "idx_%(table_name)s_%(column_0_name)s",
        }
    )

class Stamped:
    made_at = sa.Column("made", sa.DateTime, index=True)

class Author(Stamped, Base):
    __tablename__ = "author"
    __table_args__ = (sa.UniqueConstraint("mail", "nick", name="uq_author"), {"comment": "who"})
    id: Mapped[int] = mapped_column(primary_key=True)
    nick: Mapped[str]
    mail: Mapped[str] = mapped_column(sa.Text, unique=True)

class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("author.id"))

Plain = declarative_base()

class Shelf(Plain):
    __tablename__ = "shelf"
    id = sa.Column(sa.Integer, primary_key=True)
    place = sa.Column(sa.Integer, unique=True)

class Left(Plain):
    __tablename__ = "left_out"
    id = sa.Column(sa.Integer, primary_key=True)

metadata = sa.MetaData()
core = sa.Table("core", metadata, sa.Column("a", sa.Integer, unique=True), sa.Index("ix_core_a", "a"))
gone = sa.Table("gone", metadata, sa.Column("a", sa.Integer, index=True))
more = sa.Table("more", sa.MetaData(), sa.Column("a", sa.Integer), sa.Column("b", sa.Integer))
"""
MODEL_STEPS = """
bind = op.get_bind()
Base.metadata.create_all(bind)
Base.metadata.create_all(bind)
Plain.metadata.create_all(bind=bind, tables=[Shelf.__table__])
metadata.create_all(bind)
metadata.tables["gone"].drop(bind)
op.execute(CreateTable(more))
bind.execute(CreateIndex(sa.Index("ix_more_b", more.c.b)))
Left.__table__.create(bind, checkfirst=True)
op.execute(DropTable(Left.__table__))
"""


def write(folder: Path, *bodies: str, before: str = "") -> History:
    """Write a line of revisions with these bodies of ``upgrade()``."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    for number, body in enumerate(bodies):
        head = HEAD.format(number=number, parent=repr(str(number - 1)) if number else None)
        text = f"{head}\n{dedent(before)}\ndef upgrade():\n{indent(dedent(body), '    ')}\n"
        (versions / f"r{number}.py").write_text(text)
    return History(name="made-up", versions=versions, root=folder)


def judged(history: History, url: URL) -> Comparison:
    """Run a history and compare."""
    run(history, url)
    return compare(history, url.get_backend_name(), listed(history.versions), live_names(url))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> URL:
    """An empty database of each dialect."""
    found: URL = request.getfixturevalue(f"{request.param}_url")
    return found


def test_every_kind_of_name_is_counted_where_it_belongs(tmp_path: Path, url: URL) -> None:
    found = judged(write(tmp_path, TABLES, TRIGGERS), url)

    assert found.passes, report(found, details=True)
    assert found.explicit == [5, 5]
    if found.dialect == "sqlite":
        assert (found.implicit, found.unnamed) == ([1, 1], [2, 2])
    else:
        assert (found.implicit, found.unnamed) == ([3, 3], [0, 0])
    assert (found.elsewhere, found.unknown, found.other_columns) == ([], [], [])
    line = report(found, details=True)
    assert "explicit    5/5    100.0 %" in line
    assert len(line.splitlines()) == 1


def test_tables_of_models_and_metadata_are_as_sqlalchemy_makes_them(
    tmp_path: Path, url: URL
) -> None:
    found = judged(write(tmp_path, MODEL_STEPS, before=MODELS), url)
    assert (found.missed, found.wrong, found.elsewhere, found.unknown) == ([], [], [], [])
    assert found.explicit == [3, 3]


class Known(NamedTuple):
    """A history that was run on SQLite, what is live there, and what is listed."""

    history: History
    database: Path
    entries: list[dict[str, Any]]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """One run for many questions."""
    folder = tmp_path_factory.mktemp("known")
    # The second name stands in the history only, so that a miss is one of an explicit name.
    spare = "op.create_index('ix_note_id', 'note', ['id', 'title'])\nspare = 'ix_note_more'"
    history = write(folder, TABLES, spare)
    database = folder / "at_head.db"
    run(history, URL.create("sqlite", database=str(database)))
    return Known(history, database, listed(history.versions))


@pytest.mark.parametrize(
    ("statement", "part"),
    [
        ("CREATE INDEX ix_note_more ON note (id)", "missed (explicit): ix ix_note_more on note"),
        ("DROP INDEX ix_note_body", "not there: ix ix_note_body on note"),
        ("DROP TABLE tag", "not there: fk fk_tag_note on tag"),
        (
            "CREATE TABLE other (id INTEGER CONSTRAINT pk_other PRIMARY KEY)",
            "no revision makes: other",
        ),
    ],
)
def test_what_differs_from_the_database_is_seen(
    tmp_path: Path, known: Known, statement: str, part: str
) -> None:
    copy = URL.create("sqlite", database=str(tmp_path / "copy.db"))
    shutil.copyfile(known.database, tmp_path / "copy.db")
    engine = sa.create_engine(copy)
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()

    found = compare(known.history, "sqlite", known.entries, live_names(copy))

    assert part in report(found, details=True)
    assert found.passes is ("other" in statement)


@pytest.mark.parametrize(
    ("change", "passes"),
    [
        ({}, True),
        ({"kind": "uq"}, False),
        ({"table": "tag"}, False),
        ({"name": "ix_else"}, False),
        ({"op": "drop"}, False),
        ({"dialects": ["postgresql"]}, False),
        ({"columns": ["id"]}, True),
        ({"name": None, "reason": "who knows"}, False),
    ],
)
def test_a_wrong_prediction_fails(known: Known, change: dict[str, Any], passes: bool) -> None:
    entries = [one | change if one["name"] == "ix_note_id" else one for one in known.entries]
    live = live_names(URL.create("sqlite", database=str(known.database)))

    found = compare(known.history, "sqlite", entries, live)

    assert found.passes is passes
    assert bool(found.other_columns) is ("columns" in change)


def test_a_history_that_fails_says_why(tmp_path: Path, sqlite_url: URL) -> None:
    history = write(tmp_path, "op.drop_table('nowhere')")
    with pytest.raises(HistoryError, match="no such table: nowhere"):
        run(history, sqlite_url)


def test_the_convention_that_is_read_is_the_one_it_runs_with(tmp_path: Path, url: URL) -> None:
    history = write(tmp_path, TABLES)
    (history.versions.parent / "env.py").write_text(
        "import sqlalchemy as sa\n"
        "naming = {'pk': 'pk_%(table_name)s', 'ix': 'ix_%(column_0_name)s'}\n"
        "target_metadata = sa.MetaData(naming_convention=naming)\n"
        "raise SystemExit('only read, never run')\n"
    )
    found = judged(history, url)
    assert found.passes, report(found, details=True)
    assert "pk_note" in {one.name for one in live_names(url)}


def test_its_own_env_py_runs_where_it_is_given(tmp_path: Path, sqlite_url: URL) -> None:
    history = write(tmp_path, TABLES)
    history.env = history.versions.parent / "env.py"
    history.env.write_text(
        "from alembic import context\n"
        "from sqlalchemy import MetaData\n"
        "context.configure(connection=context.config.attributes['connection'],\n"
        "                  target_metadata=MetaData(), version_table='seen')\n"
        "with context.begin_transaction():\n    context.run_migrations()\n"
    )
    run(history, sqlite_url)
    assert "seen" in {one.table for one in live_names(sqlite_url)}


def test_live_names_of_what_sqlalchemy_misreads(sqlite_url: URL) -> None:
    engine = sa.create_engine(sqlite_url)
    with engine.begin() as connection:
        for statement in (
            'CREATE TABLE "a b" (x INTEGER, CONSTRAINT "uq a" UNIQUE (x), CONSTRAINT [c 1] CHECK (x))',
            "CREATE TABLE t (x INTEGER PRIMARY KEY, y INTEGER REFERENCES t (x))",
            'CREATE INDEX "ix ""t" ON t (y + 1, y DESC)',
            "CREATE TABLE alembic_version (x INTEGER CONSTRAINT nobody PRIMARY KEY)",
        ):
            connection.exec_driver_sql(statement)
    engine.dispose()

    found = live_names(sqlite_url)

    assert LiveName("a b", "uq", "uq a", ("x",)) in found
    assert LiveName("t", "ix", 'ix "t', (None, "y")) in found
    assert LiveName("t", "pk", None, ("x",)) in found
    assert LiveName("t", "fk", None, ("y",)) in found
    assert "alembic_version" not in {one.table for one in found}


def test_live_names_of_postgresql_leave_out_what_stands_behind_others(postgresql_url: URL) -> None:
    engine = sa.create_engine(postgresql_url)
    with engine.begin() as connection:
        for statement in (
            "CREATE SCHEMA app",
            "CREATE TABLE app.t (x INTEGER PRIMARY KEY, y INTEGER NOT NULL UNIQUE, z INTEGER CHECK (z > 0))",
            "CREATE TABLE u (x INTEGER REFERENCES app.t)",
            "CREATE INDEX ix_t ON app.t (lower(y::text), z) INCLUDE (x)",
        ):
            connection.exec_driver_sql(statement)
    engine.dispose()

    assert live_names(postgresql_url) == [
        LiveName("t", "ck", "t_z_check", ("z",)),
        LiveName("t", "ix", "ix_t", (None, "z")),
        LiveName("t", "pk", "t_pkey", ("x",)),
        LiveName("t", "uq", "t_y_key", ("y",)),
        LiveName("u", "fk", "u_x_fkey", ("x",)),
    ]


def test_the_script_prints_a_table_and_exits_with_what_it_found(
    tmp_path: Path, known: Known
) -> None:
    live = live_names(URL.create("sqlite", database=str(known.database)))
    truth = tmp_path / "truth.json"

    def told(names: list[LiveName]) -> subprocess.CompletedProcess[str]:
        told = {"about": {"backend": "sqlite"}, "names": [one._asdict() for one in names]}
        truth.write_text(json.dumps(told))
        versions = str(known.history.versions)
        command = [sys.executable, compare_names.__file__, "--versions", versions]
        return subprocess.run(
            [*command, "--truth", str(truth)], capture_output=True, text=True, check=False
        )

    good = told(live)
    assert (good.returncode, len(good.stdout.splitlines())) == (0, 1)
    assert read_truth(truth) == live
    bad = told([one for one in live if one.name != "fk_tag_note"])
    assert bad.returncode == 1
    assert "not there: fk fk_tag_note on tag" in bad.stdout
