"""What the report says to do by hand shows the defect: its commands and its SQL are run here."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.run import Options, prove

Write = Callable[..., Path]

CREATE = (
    """
    op.create_table(
        "owner",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
    )
    kinds = sa.Column("kinds", sa.ARRAY(sa.Text) if is_pg else sa.Text)
    op.create_table(
        "note",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("owner_id", sa.Integer, sa.ForeignKey("owner.id"), nullable=False),
        sa.Column("size", sa.Integer),
        sa.Column("twice", sa.Integer, sa.Computed("size * 2", persisted=True)),
        sa.Column("meta", sa.JSON),
        sa.Column("done", sa.Boolean),
        kinds,
    )
    """.replace("is_pg", 'op.get_bind().dialect.name == "postgresql"'),
    'op.drop_table("note")\nop.drop_table("owner")',
)


@contextmanager
def by_hand(ini: Path, url: URL, steps: Sequence[str]) -> Iterator[Connection]:
    """Do what the report says; yield a connection to look at the result."""
    config = Config(str(ini))
    address = url.render_as_string(hide_password=False)
    config.set_main_option("sqlalchemy.url", address.replace("%", "%%"))
    engine = create_engine(url, poolclass=NullPool)
    for step in steps:
        if step.startswith("alembic "):
            _, verb, target = shlex.split(step)
            getattr(command, verb)(config, target)
            continue
        assert step.endswith(";")
        with engine.begin() as connection:
            connection.exec_driver_sql(step.replace("%", "%%"))
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def backend(database_url: URL) -> str:
    """The dialect of the test's database."""
    return database_url.get_backend_name()


def test_rows_that_are_lost(backend: str, database_url: URL, project: Write) -> None:
    ini = project({"r00": CREATE, "r01": ('op.execute("DELETE FROM note WHERE size > 0")', "")})
    _, step = prove(Project(ini), Options(backend=backend, cache=False)).steps
    before, after = step.reproduce.index("alembic upgrade r01"), step.reproduce[-1]
    assert step.reproduce[0] == "alembic upgrade r00"
    assert after == "alembic upgrade r01"
    count = text("SELECT count(*) FROM note")
    with by_hand(ini, database_url, step.reproduce[:before]) as connection:
        rows = connection.execute(count).scalar_one()
        connection.rollback()
        with by_hand(ini, database_url, step.reproduce[before:-1]) as later:
            lost = rows - later.execute(count).scalar_one()
    assert lost > 0
    assert any(f"{lost} of {rows} rows lost" in line for line in step.differences)


def test_a_downgrade_that_fails_on_rows(backend: str, database_url: URL, project: Write) -> None:
    up = 'op.create_index("ix_size", "note", ["size"])'
    down = """op.execute("UPDATE note SET owner_id = NULL WHERE done")"""
    ini = project({"r00": CREATE, "r01": (up, down)})
    _, step = prove(Project(ini), Options(backend=backend, cache=False)).steps
    assert step.downgrade == "error"
    assert step.reproduce[-1] == "alembic downgrade r00"
    with pytest.raises(DBAPIError), by_hand(ini, database_url, step.reproduce):
        pass


def test_no_rows_where_none_matter(backend: str, project: Write) -> None:
    ini = project({"r00": CREATE, "r01": ('op.create_index("ix_size", "note", ["size"])', "")})
    _, step = prove(Project(ini), Options(backend=backend, cache=False)).steps
    up = "alembic upgrade r01"
    assert step.reproduce == ["alembic upgrade r00", up, "alembic downgrade r00", up]


def test_tables_that_refer_to_each_other(postgresql_url: URL, project: Write) -> None:
    circle = """
    op.execute("CREATE TABLE hen (id int PRIMARY KEY, egg_id int NOT NULL)")
    op.execute("CREATE TABLE egg (id int PRIMARY KEY, hen_id int NOT NULL REFERENCES hen (id))")
    op.execute("ALTER TABLE hen ADD CONSTRAINT fk FOREIGN KEY (egg_id) REFERENCES egg (id)"
               " DEFERRABLE INITIALLY DEFERRED")
    """
    drop = 'op.execute("DROP TABLE hen, egg")'
    lose = 'op.execute("DELETE FROM egg WHERE false; UPDATE hen SET egg_id = (SELECT max(id) FROM egg)")'
    ini = project({"r00": (circle, drop), "r01": (lose, "")})
    _, step = prove(Project(ini), Options(backend="postgresql", cache=False)).steps
    assert not step.data_kept
    with by_hand(ini, postgresql_url, step.reproduce[:-1]) as connection:
        assert connection.execute(text("SELECT count(DISTINCT egg_id) FROM hen")).scalar_one() == 1


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_no_rows_that_the_upgrade_refuses(backend: str, project: Write) -> None:
    refuses = """
    op.execute("UPDATE note SET size = size + 1")
    for (size,) in op.get_bind().execute(sa.text("SELECT size FROM note")):
        raise ValueError(f"unknown: {size}")
    op.create_index("ix_size", "note", ["size"])
    """
    ini = project({"r00": CREATE, "r01": (refuses, "")})
    _, step = prove(Project(ini), Options(backend=backend, cache=False)).steps
    assert step.refused_rows is not None
    assert step.differences[0] == "+index ix_size on note"
    up = "alembic upgrade r01"
    assert step.reproduce == ["alembic upgrade r00", up, "alembic downgrade r00", up]


def test_rows_that_a_cascade_takes(backend: str, database_url: URL, project: Write) -> None:
    create = """
    op.create_table("owner", sa.Column("id", sa.Integer, primary_key=True))
    mine = sa.ForeignKey("owner.id", ondelete="CASCADE")
    op.create_table(
        "note",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("owner_id", sa.Integer, mine, nullable=False),
    )
    """
    lose = """
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA foreign_keys=ON")
    op.execute("DELETE FROM owner")
    """
    drop = 'op.drop_table("note")\nop.drop_table("owner")'
    ini = project({"r00": (create, drop), "r01": (lose, "")})
    _, step = prove(Project(ini), Options(backend=backend, cache=False)).steps
    after = step.reproduce.index("alembic upgrade r01")
    lost = [line for line in step.differences if line.startswith("table note: all")]
    assert lost or backend == "sqlite"  # its keys are not enforced inside a transaction
    with by_hand(ini, database_url, step.reproduce[:after]) as connection:
        assert connection.execute(text("SELECT count(*) FROM note")).scalar_one() > 0
        connection.rollback()
        with by_hand(ini, database_url, step.reproduce[after:]) as later:
            left = later.execute(text("SELECT count(*) FROM note")).scalar_one()
            assert bool(left) == (not lost)
            assert later.execute(text("SELECT count(*) FROM owner")).scalar_one() == 0


def test_a_column_that_only_an_empty_table_takes(sqlite_url: URL, project: Write) -> None:
    drop = 'op.drop_column("note", "done")'
    anew = 'op.add_column("note", sa.Column("done", sa.Boolean, nullable=False))'
    ini = project({"r00": CREATE, "r01": (drop, anew)})
    _, step = prove(Project(ini), Options(backend="sqlite", cache=False)).steps
    assert (
        step.error
        == "downgrade: OperationalError: Cannot add a NOT NULL column with default value NULL"
    )
    with pytest.raises(DBAPIError, match="NOT NULL"), by_hand(ini, sqlite_url, step.reproduce):
        pass


def test_what_a_revision_made_of_rows_before(
    backend: str, database_url: URL, project: Write
) -> None:
    size = 'sa.Column("size", sa.Integer)'
    create = f'op.create_table("note", sa.Column("id", sa.Integer, primary_key=True), {size})'
    tighten = """
    from sqlalchemy.exc import IntegrityError
    try:
        with op.get_bind().begin_nested(), op.batch_alter_table("note") as batch:
            batch.alter_column("size", existing_type=sa.Integer, nullable=False)
    except IntegrityError:
        op.execute("DROP TABLE IF EXISTS _alembic_tmp_note")
    """
    loosen = """
    with op.batch_alter_table("note") as batch:
        batch.alter_column("size", existing_type=sa.Integer, nullable=True)
    """
    tight = loosen.replace("True", "False")
    drop = 'op.drop_table("note")'
    ini = project({"r00": (create, drop), "r01": (tighten, loosen), "r02": (loosen, tight)})
    _, swallows, step = prove(Project(ini), Options(backend=backend, cache=False)).steps
    assert any("it goes on after an error: IntegrityError" in note for note in swallows.notes)
    assert step.downgrade == "error"
    assert step.reproduce[0] == "alembic upgrade r00"
    assert step.reproduce[-1] == "alembic downgrade r01"
    with pytest.raises(DBAPIError, match=r"(?i)null"), by_hand(ini, database_url, step.reproduce):
        pass
