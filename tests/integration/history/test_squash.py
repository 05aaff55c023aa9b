"""A squash is equal on both dialects, adopted without a stamp, and taken back byte for byte."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.config import main as alembic_main
from alembic.util import CommandError
from sqlalchemy import URL, create_engine, inspect, text

from benchmarks.generated_history import write_project
from calista.cli import main as calista
from calista.db import revisions
from calista_tools.config import load
from calista_tools.errors import ToolError
from calista_tools.history import History
from calista_tools.history.project_history import read_project
from calista_tools.rework.commands import record, squash, undo_squash, verify


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty revisions with a merge among them, all published."""
    folder = tmp_path / "project"
    write_project(folder, 40, seed=5, branches=1)
    monkeypatch.chdir(folder)
    record()
    return folder


@pytest.fixture
def project(both: Path) -> Path:
    """The same for SQLite alone, which is proven in a second."""
    path = both / "pyproject.toml"
    path.write_text(path.read_text().replace(', "postgresql"]', "]"))
    return both


def history() -> History:
    return read_project(load(), thorough=True)


def data_revisions(through: str) -> list[str]:
    from calista_tools.rework.squash import find_chain

    return [revision.revision for revision in find_chain(history(), through).data]


def squash_30() -> str:
    """Squash the first thirty revisions, or up to where the lines are one again."""
    found = history()
    for revision in found.ordered[29:]:
        below = found.ancestors(revision.revision)
        beside = [r for r in found.ordered if r.revision not in below]
        if not any(set(r.down_revisions) & (below - {revision.revision}) for r in beside):
            squash("baseline 2026", revision.revision, data_revisions(revision.revision))
            return revision.revision
    raise AssertionError


def alembic(folder: Path, url: URL | str) -> Config:
    config = Config(str(folder / "alembic.ini"))
    text_ = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    config.set_main_option("sqlalchemy.url", text_.replace("%", "%%"))
    return config


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_databases_go_on(both: Path, database_url: URL, tmp_path: Path) -> None:
    config = alembic(both, database_url)
    old = tmp_path / "old"
    shutil.copytree(both, old)

    last = squash_30()

    # A database that had run the replaced revisions, and stands where the baseline is.
    command.upgrade(alembic(old, database_url), last)
    command.upgrade(config, "head")
    command.check(config)
    engine = create_engine(database_url)
    adopted = sorted(inspect(engine).get_table_names())
    # An empty one.
    command.downgrade(config, "base")
    assert inspect(create_engine(database_url)).get_table_names() == ["alembic_version"]
    command.upgrade(config, "head")
    command.check(config)
    assert sorted(inspect(create_engine(database_url)).get_table_names()) == adopted


ASYNCHRONOUS = """
import asyncio

from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine


def migrate(connection):
    context.configure(connection=connection, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


async def main():
    engine = create_async_engine(context.config.get_main_option("sqlalchemy.url"))
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


asyncio.run(main())
"""
BY_A_VARIABLE = """
import os

from alembic import context
from sqlalchemy import create_engine

with create_engine(os.environ["OUR_DATABASE"]).connect() as connection:
    context.configure(connection=connection, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
"""


@pytest.mark.parametrize("env", [ASYNCHRONOUS, BY_A_VARIABLE], ids=["asynchronous", "variable"])
def test_each_way_of_env_py_to_its_database(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, env: str
) -> None:
    (project / "migrations" / "env.py").write_text(env)
    monkeypatch.setenv("OUR_DATABASE", f"sqlite:///{tmp_path / 'production.db'}")
    before = contents(project)
    if env is BY_A_VARIABLE:
        with pytest.raises(ToolError, match=r"env.py connects to sqlite:.*production.db"):
            squash_30()
        assert contents(project) == before
    with (project / "pyproject.toml").open("a") as file:
        file.write('\n[tool.calista.roundtrip]\nurl-env = ["OUR_DATABASE"]\n')

    squash_30()

    assert not inspect(create_engine(f"sqlite:///{tmp_path / 'production.db'}")).get_table_names()


def test_databases_before_it_are_refused_by_alembic(project: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    early = history().ordered[5].revision
    command.upgrade(alembic(project, url), early)

    squash_30()

    with pytest.raises(CommandError, match=f"Can't locate revision identified by '{early}'"):
        command.upgrade(alembic(project, url), "head")


def test_lock_and_manifest(project: Path) -> None:
    before = history()

    last = squash_30()

    after = history()
    assert after.bases == (last,)
    assert after.line is not None
    lock = (project / "migrations" / "history.lock").read_text()
    assert f"baseline {last}\n" in lock
    assert after.published == set(after.revisions)
    verify()
    gone = before.revisions.keys() - after.revisions.keys()
    kept = project / "migrations" / "replaced" / last
    assert json.loads((kept / "manifest.json").read_text())["revision"] == last
    assert len(list(kept.glob("*.py.txt"))) == len(gone) + 1
    source = after.revisions[last].path.read_text()
    assert all(f'"{name}"' in source for name in gone)
    for name in gone:
        assert f"replaced {name} by {last}\n" in lock


def test_undo_brings_every_byte_back(project: Path) -> None:
    before = contents(project)

    squash_30()
    assert contents(project) != before
    undo_squash()

    assert contents(project) == before


def test_undo_keeps_what_was_published_since(project: Path) -> None:
    squash_30()
    head = history().heads[0]
    path = project / "migrations" / "versions" / "20300101_0000_new.py"
    path.write_text(f'"""new"""\nrevision = "new1"\ndown_revision = "{head}"\n')
    record()

    undo_squash()

    assert "new1" in history().published
    verify()


def test_undo_refuses_a_changed_baseline(project: Path) -> None:
    last = squash_30()
    path = history().revisions[last].path
    path.write_text(path.read_text() + "X = 1\n")

    with pytest.raises(ToolError, match="is not as the squash wrote it"):
        undo_squash()


def test_nothing_to_undo(project: Path) -> None:
    with pytest.raises(ToolError, match="there is no squash to take back"):
        undo_squash()


def test_data_migrations_want_to_be_named(project: Path) -> None:
    before = contents(project)
    found = history()
    head = found.heads[0]
    data = data_revisions(head)
    assert data

    with pytest.raises(ToolError) as caught:
        squash("baseline", head, data[1:])

    assert f"  {data[0]}  {found.revisions[data[0]].path.name}  " in caught.value.message
    assert caught.value.hint.endswith(f"--acknowledge {data[0]}")
    assert contents(project) == before


def test_rows_of_the_chain_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(tmp_path, 6, seed=3)
    monkeypatch.chdir(tmp_path)
    head = history().revisions[history().heads[0]]
    path = head.path.with_name("20300101_0000_fill.py")
    path.write_text(
        'from alembic import op\nimport sqlalchemy as sa\nrevision = "fill"\n'
        f'down_revision = "{head.revision}"\n\n\n'
        'def upgrade():\n    op.create_table("kind", sa.Column("code", sa.Text()))\n'
        "    op.execute(\"INSERT INTO kind VALUES ('it''s 10:30')\")\n\n\n"
        'def downgrade():\n    op.drop_table("kind")\n'
    )

    squash("baseline", "fill", ["fill"])

    url = f"sqlite:///{tmp_path / 'test.db'}"
    command.upgrade(alembic(tmp_path, url), "head")
    with create_engine(url).connect() as connection:
        assert connection.scalars(text("SELECT code FROM kind")).all() == ["it's 10:30"]


def test_refuses_a_chain_that_others_leave_early(project: Path) -> None:
    found = history()
    fork = next(name for name, children in found.children.items() if len(children) > 1)
    inside = found.children[fork][0]

    with pytest.raises(ToolError, match=f"not {inside}"):
        squash("baseline", inside)


def test_refuses_what_is_half_published(project: Path) -> None:
    head = history().heads[0]
    path = project / "migrations" / "versions" / "20300101_0000_new.py"
    path.write_text(f'"""new"""\nrevision = "new1"\ndown_revision = "{head}"\n')

    with pytest.raises(ToolError, match="not all of these are published yet: new1"):
        squash("baseline", "new1", data_revisions(head))


def test_a_baseline_can_be_squashed_again(project: Path) -> None:
    first = squash_30()
    before = contents(project)
    head = history().heads[0]

    squash("second baseline", head, [*data_revisions(head), first])
    assert list(history().revisions) == [head]
    verify()
    undo_squash()

    assert contents(project) == before


def test_git_sees_moves(project: Path) -> None:
    def git(*arguments: str) -> str:
        command_ = ["git", "-c", "user.name=x", "-c", "user.email=x@x", *arguments]
        done = subprocess.run(command_, cwd=project, capture_output=True, text=True, check=True)
        return done.stdout

    (project / ".gitignore").write_text("__pycache__/\n")
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "-m", "start")

    squash_30()

    status = git("status", "--short").splitlines()
    assert status
    assert all(line[1] == " " for line in status)
    undo_squash()
    assert git("status", "--short") == ""


def copy_own_project(folder: Path) -> None:
    """Copy this repository's migrations and their settings; nothing is published."""
    root = Path(__file__).parents[3]
    shutil.copytree(root / "migrations", folder / "migrations")
    (folder / "migrations" / "history.lock").unlink(missing_ok=True)
    (folder / "src").mkdir()
    for name in ("alembic.ini", "pyproject.toml", "src/pyproject.toml"):
        shutil.copy(root / name, folder / name)


def test_own_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_own_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = history()
    head = before.heads[0]

    squash("baseline 2026", head, data_revisions(head))

    assert list(history().revisions) == [head]


def test_databases_before_it_are_told_what_to_upgrade_with(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    database_url: URL,
    capfd: pytest.CaptureFixture[str],
) -> None:
    copy_own_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(revisions, "migrations_folder", lambda: tmp_path / "migrations")
    url = database_url.render_as_string(hide_password=False)
    monkeypatch.setenv("CALISTA_DB_URL", url)
    first, head = (revision.revision for revision in (history().ordered[0], history().ordered[-1]))
    command.upgrade(alembic(tmp_path, url), first)
    path = tmp_path / "pyproject.toml"
    path.write_text(path.read_text().replace('["sqlite", "postgresql"]', '["sqlite"]', 1))
    squash("baseline 2026", head, data_revisions(head))
    said = (
        f"error: this database is at revision {first}, older than the baseline of this version of"
        r" CALISTA; nothing was touched\n"
        r"hint: upgrade it with calista-eventstore [\d.]+ first, then with this version\n"
    )
    capfd.readouterr()

    assert calista(["db", "upgrade", "--yes"]) == 4
    assert re.fullmatch(said, capfd.readouterr().err)
    # The `alembic` program asks the project's own env.py.
    for words in (["upgrade", "head"], ["current"]):
        with pytest.raises(SystemExit) as ended:
            alembic_main(words)
        assert ended.value.code == 4
        assert re.search(said, capfd.readouterr().err)

    engine = create_engine(database_url)
    with engine.connect() as connection:
        table = "alembic_version" if url.startswith("sqlite") else "calista.alembic_version"
        assert connection.scalar(text(f"SELECT version_num FROM {table}")) == first
    engine.dispose()


@pytest.mark.slow
def test_three_hundred_revisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: URL
) -> None:
    folder, old = tmp_path / "project", tmp_path / "old"
    write_project(folder, 301, seed=9, branches=2)
    shutil.copytree(folder, old)
    monkeypatch.chdir(folder)
    record()
    last = history().ordered[299].revision

    squash("baseline 2026", last, data_revisions(last))

    assert len(history().revisions) == 2
    command.upgrade(alembic(old, database_url), last)
    command.upgrade(alembic(folder, database_url), "head")
    command.check(alembic(folder, database_url))
