"""Does `migrations/env.py` keep the policy's promises, whoever calls it?"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL
from sqlalchemy.pool import NullPool

from calista.db.engine import DatabaseURLError
from calista.errors import CalistaError

ROOT = Path(__file__).parents[2]
REVISION = '''"""{revision}"""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {parent!r}


def upgrade():
    bind = op.get_bind()
{upgrade}


def downgrade():
{downgrade}
'''


def spelt(url: URL) -> str:
    return url.render_as_string(hide_password=False)


class Project:
    """A folder of migrations with this repository's env.py and revisions of the test's own."""

    def __init__(self, folder: Path, url: URL) -> None:
        self.folder = folder
        self.url = url
        (folder / "versions").mkdir(parents=True)
        shutil.copy(ROOT / "migrations" / "env.py", folder)
        self.last: str | None = None

    def add(self, revision: str, *upgrade: str, downgrade: tuple[str, ...] = ("pass",)) -> None:
        source = REVISION.format(
            revision=revision,
            parent=self.last,
            upgrade="\n".join(f"    {line}" for line in upgrade),
            downgrade="\n".join(f"    {line}" for line in downgrade),
        )
        (self.folder / "versions" / f"{revision}.py").write_text(source)
        self.last = revision

    def config(self) -> Config:
        config = Config()
        config.set_main_option("script_location", str(self.folder))
        config.set_main_option("sqlalchemy.url", spelt(self.url).replace("%", "%%"))
        return config

    def tables(self) -> set[str]:
        engine = sa.create_engine(self.url, poolclass=NullPool)
        schema = "calista" if self.url.get_backend_name() == "postgresql" else None
        return set(sa.inspect(engine).get_table_names(schema=schema)) - {"alembic_version"}


@pytest.fixture
def project(database_url: URL, tmp_path: Path) -> Project:
    return Project(tmp_path / "migrations", database_url)


def test_a_revision_that_fails_leaves_nothing(project: Project) -> None:
    project.add("one", "op.execute('CREATE TABLE a (x int)')")
    project.add(
        "two",
        "op.execute('CREATE TABLE b (x int)')",
        "op.execute('INSERT INTO a VALUES (1)')",
        "op.execute('CREATE TABLE a (x int)')",
    )
    with pytest.raises(sa.exc.DBAPIError):
        command.upgrade(project.config(), "head")
    assert project.tables() == {"a"}
    (project.folder / "versions" / "two.py").unlink()
    project.last = "one"
    project.add("two", "op.execute('CREATE TABLE b (x int)')")
    command.upgrade(project.config(), "head")
    assert project.tables() == {"a", "b"}


def test_an_autocommit_block_leaves_the_next_revision_whole(project: Project) -> None:
    project.add(
        "one",
        "with op.get_context().autocommit_block():",
        "    op.execute('CREATE TABLE a (x int)')",
    )
    project.add("two", "op.execute('CREATE TABLE b (x int)')", "raise ValueError('no')")
    with pytest.raises(ValueError, match="no"):
        command.upgrade(project.config(), "head")
    assert project.tables() == {"a"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_foreign_keys_neither_cascade_nor_dangle(project: Project) -> None:
    project.add(
        "one",
        "op.execute('CREATE TABLE parent (id INTEGER PRIMARY KEY, a int, b int)')",
        "op.execute('CREATE TABLE child (p int REFERENCES parent (id) ON DELETE CASCADE)')",
        "op.execute('INSERT INTO parent VALUES (1, 2, 3)')",
        "op.execute('INSERT INTO child VALUES (1)')",
    )
    project.add(
        "two",
        "with op.batch_alter_table('parent', recreate='always') as batch_op:",
        "    batch_op.drop_column('b')",
    )
    project.add("three", "op.execute('DELETE FROM parent')")
    engine = sa.create_engine(project.url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        connection.commit()
        config = project.config()
        config.attributes["connection"] = connection
        command.upgrade(config, "two")
        assert connection.exec_driver_sql("SELECT * FROM child").all() == [(1,)]
        connection.rollback()
        with pytest.raises(CalistaError, match="revision three leaves rows of 'child'"):
            command.upgrade(config, "head")
        assert connection.exec_driver_sql("SELECT * FROM parent").all() == [(1, 2)]
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_walk_up_down_and_up_on_one_connection(database_url: URL) -> None:
    """What `calista-roundtrip` does: one run of env.py, looking at the database between steps."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    script = ScriptDirectory.from_config(config)
    seen: list[tuple[str, bool]] = []
    engine = sa.create_engine(database_url, poolclass=NullPool)

    with engine.connect() as connection:

        def look(step: str) -> None:
            schema = "calista" if connection.dialect.name == "postgresql" else None
            seen.append((step, sa.inspect(connection).has_table("event_store", schema=schema)))
            connection.commit()

        def walk(_revision: Any, _context: Any) -> Iterator[Any]:
            (base,) = script.get_bases()
            look("start")
            yield from script._upgrade_revs(base, "base")
            look("up")
            yield from script._downgrade_revs("base", base)
            look("down")
            yield from script._upgrade_revs(base, "base")
            look("up again")

        config.attributes["connection"] = connection
        with EnvironmentContext(config, script, fn=walk):
            script.run_env()
    assert seen == [("start", False), ("up", True), ("down", False), ("up again", True)]


def test_a_database_in_use_is_not_taken_back(database_url: URL, tmp_path: Path) -> None:
    environment = os.environ | {"CALISTA_DB_URL": spelt(database_url)}
    done = subprocess.run(
        [sys.executable, "-m", "calista", "db", "upgrade", "--yes", "--no-backup"],
        env=environment,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    refused = alembic("downgrade", "base", **environment)
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: this database was upgraded by `calista db upgrade`")
    assert len(refused.stderr.splitlines()) == 2
    assert "(head)" in alembic("current", **environment).stdout

    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", spelt(database_url).replace("%", "%%"))
    with pytest.raises(CalistaError, match="only goes forward"):
        command.downgrade(config, "base")
    assert "(head)" in alembic("current", **environment).stdout

    allowed = alembic("-x", "allow-downgrade=1", "downgrade", "base", **environment)
    assert allowed.returncode == 0, allowed.stderr
    assert alembic("current", **environment).stdout == ""


def alembic(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )


def without_url() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "CALISTA_DB_URL"}


def test_alembics_own_commands_from_an_empty_database(database_url: URL) -> None:
    environment = without_url() | {"CALISTA_DB_URL": spelt(database_url)}
    assert alembic("current", **environment).stdout == ""
    for arguments in (
        ["upgrade", "head"],
        ["downgrade", "base"],
        ["upgrade", "head"],
    ):
        done = alembic(*arguments, **environment)
        assert done.returncode == 0, done.stderr
    assert "(head)" in alembic("current", **environment).stdout


def test_the_metadata_is_what_the_revisions_make(database_url: URL) -> None:
    environment = without_url()
    url = ("-x", f"url={spelt(database_url)}")
    alembic(*url, "upgrade", "head", **environment)
    done = alembic(*url, "check", **environment)
    assert "No new upgrade operations detected" in done.stdout, done.stderr


def test_no_url_is_one_error_with_two_lines_to_copy() -> None:
    done = alembic("current", **without_url())
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert lines[0] == "error: no database URL"
    assert [line.split("=")[0] for line in lines[-2:]] == [
        "export CALISTA_DB_URL",
        "alembic -x url",
    ]


def test_no_url_names_the_flag_of_the_tasks_to_who_runs_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "invoke", "upgrade"],
        cwd=ROOT,
        env=without_url(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "error: no database URL",
        "hint: set CALISTA_DB_URL, or give --url: sqlite:///calista.db, for example",
    ]


def test_a_url_in_the_ini_file_is_not_used(tmp_path: Path) -> None:
    ini = tmp_path / "alembic.ini"
    ini.write_text(
        f"[alembic]\nscript_location = {ROOT / 'migrations'}\n"
        f"sqlalchemy.url = sqlite:///{tmp_path / 'committed.db'}\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CALISTA_DB_URL", raising=False)
        with pytest.raises(DatabaseURLError, match="no database URL"):
            command.current(Config(str(ini)))
    assert not (tmp_path / "committed.db").exists()
