"""What each kind of revision does on a real database, as it is written and once it is filled in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import URL, Connection, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from benchmarks.generated_history import write_project
from calista_tools.authoring.write_revision import write_revisions
from calista_tools.config import Config, load
from calista_tools.environment.alembic_run import alembic_config
from calista_tools.roundtrip.roundtrip_cli import main as roundtrip

Move = Callable[..., None]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A project of one revision."""
    write_project(tmp_path, 1)
    return load(tmp_path)


@pytest.fixture
def move(config: Config, database_url: URL) -> Move:
    """Upgrade or downgrade the database."""

    def run(way: str, revision: str) -> None:
        url = database_url.render_as_string(hide_password=False)
        getattr(command, way)(alembic_config(config, url, words=[way, revision]), revision)

    return run


def connect(url: URL) -> Connection:
    return create_engine(url).connect()


REFUSED = {
    "sqlite": [
        "UPDATE {t} SET payload = '2'",
        "DELETE FROM {t}",
        "INSERT OR REPLACE INTO {t} (id, payload) VALUES (1, '2')",
        "REPLACE INTO {t} (id, payload) VALUES (1, '2')",
        "INSERT INTO {t} (id, payload) VALUES (1, '2') ON CONFLICT (id) DO UPDATE SET payload = '2'",
        "INSERT INTO {t} (id, payload) VALUES (-1, '2')",
    ],
    "postgresql": [
        "UPDATE {t} SET payload = '2'",
        "DELETE FROM {t}",
        "TRUNCATE {t}",
        """
        INSERT INTO {t} (id, payload) OVERRIDING SYSTEM VALUE VALUES (1, '2')
        ON CONFLICT (id) DO UPDATE SET payload = '2'
        """,
    ],
}


@pytest.mark.parametrize("table", ["audit_entry", "order"])
def test_append_only_refuses_what_it_says(
    config: Config, database_url: URL, move: Move, table: str
) -> None:
    write_revisions(config, "add the log", kind="append-only", table=table)
    move("upgrade", "head")
    dialect = database_url.get_backend_name()
    with connect(database_url) as connection:
        connection.execute(text(f"INSERT INTO \"{table}\" (payload) VALUES ('1')"))
        connection.commit()
        replica = ["", "SET session_replication_role = replica"][: 2 if dialect != "sqlite" else 1]
        for setting in replica:
            for statement in REFUSED[dialect]:
                if setting:
                    connection.execute(text(setting))
                with pytest.raises(DBAPIError, match=r"append-only|CHECK constraint"):
                    connection.execute(text(statement.format(t=f'"{table}"')))
                connection.rollback()
        rows = connection.execute(text(f'SELECT id, payload FROM "{table}"')).all()
        assert [(row.id, str(row.payload)) for row in rows] == [(1, "1")]
        connection.execute(text(f"INSERT INTO \"{table}\" (payload) VALUES ('2')"))


def test_append_only_leaves_nothing_behind(config: Config, database_url: URL, move: Move) -> None:
    write_revisions(config, "add the log", kind="append-only", table="audit_entry")
    move("upgrade", "head")
    move("downgrade", "-1")
    with connect(database_url) as connection:
        assert "audit_entry" not in inspect(connection).get_table_names()
        if database_url.get_backend_name() == "postgresql":
            found = "SELECT count(*) FROM pg_proc WHERE proname LIKE 'audit_entry%'"
        else:
            found = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'audit_entry%'"
        assert connection.scalar(text(found)) == 0


def test_a_data_step_fills_in_batches_and_can_run_twice(
    config: Config, database_url: URL, move: Move
) -> None:
    table = write_revisions(config, "create observation", table="observation")[0]
    table.write_text(
        table.read_text().replace(
            'sa.Column("id", sa.Integer(), nullable=False),',
            'sa.Column("id", sa.Integer(), nullable=False), sa.Column("band", sa.String(9)),',
        )
    )
    data = write_revisions(config, "name unknown bands", kind="data", table="observation")[0]
    data.write_text(
        data.read_text()
        .replace("pass  # fill(", "fill(")
        .replace("BATCH = 1000", "BATCH = 2")
        .replace('sa.column("id", sa.Integer())', 'sa.column("id"), sa.column("band", sa.String())')
    )
    move("upgrade", "head")
    move("downgrade", "-1")
    with connect(database_url) as connection:
        for number in range(5):
            band = "'red'" if number == 3 else "NULL"
            connection.execute(
                text(f"INSERT INTO observation (id, band) VALUES ({number}, {band})")
            )
        connection.commit()
    for _ in range(2):
        move("upgrade", "head")
        with connect(database_url) as connection:
            rows = connection.execute(text("SELECT band FROM observation ORDER BY id"))
            assert rows.scalars().all() == ["unknown", "unknown", "unknown", "red", "unknown"]
        move("downgrade", "-1")


def test_a_data_step_renders_without_a_database(
    config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_revisions(config, "name unknown bands", kind="data", table="observation")[0]
    data.write_text(
        data.read_text()
        .replace("pass  # fill(", "fill(")
        .replace('sa.column("id", sa.Integer())', 'sa.column("id"), sa.column("band", sa.String())')
    )
    command.upgrade(
        alembic_config(config, "postgresql://", words=["upgrade", "head"]), "base:head", sql=True
    )
    assert "UPDATE observation SET band='unknown' WHERE observation.band IS NULL;" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_every_kind_is_proven_as_it_is_written(
    config: Config, backend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_revisions(config, "a stub")
    write_revisions(config, "a table", table="note")
    write_revisions(config, "a log", kind="append-only", table="log")
    write_revisions(config, "some data", kind="data", table="note")
    code = roundtrip(["--config", str(config.alembic_ini), "--backend", backend])
    said = capsys.readouterr()
    assert code == 0, said.out + said.err
    assert "5 revisions, 5 proven" in said.out
