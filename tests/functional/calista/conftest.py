"""What the tests of `calista` share: its commands on an empty database of each dialect."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, event

from calista.cli import main
from calista.db.catalog import Catalog, read
from calista.db.database import Database
from calista.db.revisions import migrations_folder
from calista.settings import Settings
from tests.servers import client_programs


class Result(NamedTuple):
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


class Place:
    """A database and what there is to look at around it."""

    def __init__(self, url: URL, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.backup_dir = folder / "backups"

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "CALISTA_DB_URL": self.url.render_as_string(hide_password=False),
            "CALISTA_BACKUP_DIR": str(self.backup_dir),
            "CALISTA_PG_BIN": str(client_programs()),
        }

    @property
    def database(self) -> Database:
        return Database.of(Settings.read(self.environment, folder=self.folder))

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with self.database.connect(create=True) as connection:
            yield connection

    def alembic(self, revision: str) -> None:
        """Upgrade as a developer does, with Alembic alone."""
        config = Config()
        config.set_main_option("script_location", str(migrations_folder()))
        url = self.url.render_as_string(hide_password=False)
        config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
        command.upgrade(config, revision)

    def execute(self, statement: str) -> None:
        with self.connect() as connection:
            connection.exec_driver_sql(statement)
            connection.commit()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    def catalog(self) -> Catalog:
        with self.connect() as connection:
            return read(connection)

    def backups(self) -> list[Path]:
        return sorted(self.backup_dir.iterdir()) if self.backup_dir.exists() else []


@pytest.fixture
def place(database_url: URL, tmp_path: Path) -> Place:
    """An empty database of each dialect."""
    return Place(database_url, tmp_path)


@pytest.fixture
def calista(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs `calista` in this process, on the test's database."""
    for name in [name for name in os.environ if name.startswith("CALISTA_")]:
        if name != "CALISTA_TEST_PG_URL":
            monkeypatch.delenv(name)
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(place.folder)

    def run(*arguments: str) -> Result:
        capsys.readouterr()
        try:
            code = main(list(arguments))
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Result(code, *capsys.readouterr())

    return run


@pytest.fixture
def at_commit() -> Iterator[list[Callable[[], object]]]:
    """Called, once, when SQLAlchemy is about to commit."""
    calls: list[Callable[[], object]] = []

    def commit(_connection: object) -> None:
        if calls:
            calls.pop()()

    event.listen(Engine, "commit", commit)
    yield calls
    event.remove(Engine, "commit", commit)
