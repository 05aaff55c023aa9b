"""Projects of every shape run unmodified: their graphs, their schemas, the ways of their env.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from calista_tools.drivers import own_driver
from calista_tools.errors import ToolError
from calista_tools.roundtrip.live.live_database import snapshot_of
from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.result import Run
from calista_tools.roundtrip.proof.run import Options, prove
from tests.integration.conftest import ENV
from tests.libraries import since_alembic, since_sqlalchemy

Write = Callable[..., Path]
BACKENDS = pytest.mark.parametrize("backend", ["sqlite", "postgresql"])


class Node(NamedTuple):
    """A revision: its parents, what it needs, and whether its downgrade forgets."""

    parents: str | tuple[str, ...] | None
    needs: str | None = None
    forgets: bool = False


def write_graph(folder: Path, nodes: Mapping[str, Node]) -> Path:
    """Write a project in which every revision makes a table of its own."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "migrations" / "env.py").write_text(ENV, encoding="utf-8")
    for name, node in nodes.items():
        down = "pass" if node.forgets else f'op.drop_table("t_{name}")'
        (versions / f"{name}.py").write_text(
            f"import sqlalchemy as sa\nfrom alembic import op\n\nrevision = {name!r}\n"
            f"down_revision = {node.parents!r}\ndepends_on = {node.needs!r}\n\n\ndef upgrade():\n"
            f'    op.create_table("t_{name}", sa.Column("id", sa.Integer, primary_key=True))\n\n\n'
            f"def downgrade():\n    {down}\n",
            encoding="utf-8",
        )
    ini = folder / "alembic.ini"
    ini.write_text("[alembic]\nscript_location = %(here)s/migrations\n", encoding="utf-8")
    return ini


def run(ini: Path, backend: str, **options: Any) -> Run:
    return prove(Project(ini), Options(backend=backend, cache=False, **options))


def verdicts(found: Run) -> dict[str, bool]:
    return {step.revision: step.proven for step in found.steps}


GRAPHS = {
    "several heads": {"a": Node(None), "b": Node("a"), "c": Node("a", forgets=True)},
    "several bases": {"a": Node(None), "x": Node(None), "y": Node("x", forgets=True)},
    "a merge": {
        "a": Node(None),
        "b": Node("a"),
        "c": Node("a"),
        "m": Node(("b", "c"), forgets=True),
        "z": Node("m"),
    },
    "a merge of merges": {
        "a": Node(None),
        "b": Node("a"),
        "c": Node("a"),
        "d": Node("a"),
        "m": Node(("b", "c")),
        "n": Node(("c", "d")),
        "z": Node(("m", "n"), forgets=True),
    },
    "branches that depend on each other": {
        "a": Node(None),
        "x": Node(None),
        "y": Node("x", needs="b", forgets=True),
        "b": Node("a"),
        "c": Node("b", needs="x"),
    },
}


@BACKENDS
@pytest.mark.parametrize("shape", GRAPHS)
def test_every_revision_of_a_graph_is_proven_once(shape: str, backend: str, tmp_path: Path) -> None:
    nodes = GRAPHS[shape]
    found = run(write_graph(tmp_path, nodes), backend)
    assert verdicts(found) == {name: not node.forgets for name, node in nodes.items()}
    seen: set[str] = set()
    for step in found.steps:
        node = nodes[step.revision]
        parents = {node.parents} if isinstance(node.parents, str) else set(node.parents or ())
        assert parents | ({node.needs} if node.needs else set()) <= seen
        seen.add(step.revision)


@BACKENDS
def test_a_part_of_a_history(backend: str, tmp_path: Path) -> None:
    nodes = {
        "a": Node(None, forgets=True),
        "b": Node("a"),
        "c": Node("b", forgets=True),
        "d": Node("c"),
    }
    ini = write_graph(tmp_path, nodes)
    assert verdicts(run(ini, backend, start="a", end="c")) == {"b": True, "c": False}
    assert verdicts(run(ini, backend, start="base", end="b")) == {"a": False, "b": True}


CREATE = ('op.create_table("note", sa.Column("id", sa.Integer, primary_key=True))',
          'op.drop_table("note")')  # fmt: skip
FORGET = ('op.add_column("note", sa.Column("n", sa.Integer))', "")
AFTER = ('op.create_index("ix_note_n", "note", ["n"])', 'op.drop_index("ix_note_n", "note")')
LINE = {"r0": CREATE, "r1": FORGET, "r2": AFTER}
WANTED = {"r0": True, "r1": False, "r2": True}

_HEAD = "from alembic import context\nfrom sqlalchemy import create_engine, pool, text\n"
ENVIRONMENTS = {
    "one transaction for all": """
engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()
""",
    "a transaction for each": """
engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
""",
    "a transaction around everything": """
engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.begin() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
""",
    "the connection of attributes": """
connection = context.config.attributes["connection"]
context.configure(connection=connection)
with context.begin_transaction():
    context.run_migrations()
""",
    "the connection of attributes, begun": """
connection = context.config.attributes.get("connection")
with connection.begin():
    context.configure(connection=connection, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
""",
    "an engine expected in attributes": """
connectable = context.config.attributes.get("connection", None)
with connectable.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
""",
    "-x url": """
engine = create_engine(context.get_x_argument(as_dictionary=True)["url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
""",
    "a version table of another name": """
engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, version_table="revisions_of_ours")
    with context.begin_transaction():
        context.run_migrations()
""",
}


@BACKENDS
@pytest.mark.parametrize("way", ENVIRONMENTS)
def test_every_way_to_connect(way: str, backend: str, project: Write) -> None:
    found = run(project(LINE, env=_HEAD + ENVIRONMENTS[way]), backend)
    assert verdicts(found) == WANTED
    assert found.steps[1].differences == ["+column note.n"]


def test_a_variable_of_the_environment(project: Write) -> None:
    env = ENVIRONMENTS["-x url"].replace(
        'context.get_x_argument(as_dictionary=True)["url"]', 'os.environ["NOTES_URL"]'
    )
    ini = project(LINE, env=f"import os\n{_HEAD}{env}")
    found = prove(Project(ini, url_env=["NOTES_URL"]), Options(backend="postgresql", cache=False))
    assert verdicts(found) == WANTED


@since_sqlalchemy(2, 0, "what this env.py says")
def test_the_driver_of_the_url(project: Write) -> None:
    env = """
url = sqlalchemy.engine.make_url(context.config.get_main_option("sqlalchemy.url"))
assert url.drivername == "postgresql+asyncpg"
engine = create_engine(url.set(drivername="postgresql+psycopg"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
    ini = project(LINE, env=f"import sqlalchemy\n{_HEAD}{env}")
    found = prove(Project(ini, driver="asyncpg"), Options(backend="postgresql", cache=False))
    assert verdicts(found) == WANTED


def test_the_driver_is_the_usual_one_unless_the_engine_is_asynchronous(project: Write) -> None:
    assert (
        Project(project(LINE)).postgresql_driver
        == sa.engine.make_url("postgresql://").get_driver_name()
    )


def test_an_asynchronous_engine_gets_a_driver_of_its_kind(project: Write) -> None:
    # None is our own, which psycopg alone is for both kinds.
    wanted = None if own_driver() == "psycopg" else "asyncpg"
    assert Project(project(LINE, env=ASYNC)).postgresql_driver == wanted


ASYNC = """
import asyncio

from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import async_engine_from_config


def do_run_migrations(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


async def run_async_migrations():
    section = context.config.get_section(context.config.config_ini_section, {})
    connectable = async_engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
    async with connectable.connect() as connection:
        await connection.run_sync(do_run_migrations)
    await connectable.dispose()


asyncio.run(run_async_migrations())
"""


@BACKENDS
def test_the_asynchronous_template(backend: str, project: Write) -> None:
    assert verdicts(run(project(LINE, env=ASYNC), backend)) == WANTED


IN_SCHEMAS = (
    _HEAD
    + """
engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS ours"))
    connection.commit()
    context.configure(connection=connection, version_table_schema="ours", include_schemas=True)
    with context.begin_transaction():
        context.run_migrations()
"""
)


@since_sqlalchemy(2, 0, "what this env.py says")
def test_several_schemas_and_a_version_table_in_one(project: Write) -> None:
    column = 'sa.Column("id", sa.Integer, primary_key=True)'
    other = (
        (
            'op.execute("CREATE SCHEMA other")\n'
            f'op.create_table("note", {column}, sa.Column("a", sa.Integer), schema="other")\n'
            f'op.create_table("note", {column}, schema="ours")'
        ),
        'op.drop_table("note", schema="ours")\nop.execute("DROP SCHEMA other CASCADE")',
    )
    forget = ('op.create_index("ix_a", "note", ["a"], schema="other")', "")
    lose = ('op.execute("DELETE FROM ours.note")', "")
    ini = project({"r0": other, "r1": forget, "r2": lose}, env=IN_SCHEMAS)
    first, second, third = run(ini, "postgresql").steps
    assert first.proven
    assert second.differences == ["+index ix_a on other.note"]
    assert [line.partition(" (")[0] for line in third.differences] == [
        "table ours.note: all 3 rows lost"
    ]


@since_sqlalchemy(2, 0, "what this env.py says")
def test_only_the_first_of_several_tenants_is_proven(project: Write) -> None:
    loop = """
from alembic import context
from sqlalchemy import create_engine, text

engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    for tenant in ("one", "two"):
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {tenant}"))
        connection.execute(text(f"SET search_path = {tenant}"))
        connection.commit()
        context.configure(connection=connection, version_table_schema=tenant)
        with context.begin_transaction():
            context.run_migrations()
"""
    found = run(project({"r00": CREATE}, env=loop), "postgresql")
    assert [step.proven for step in found.steps] == [True]
    assert any("only its first run is proven" in note for note in found.notes), found.notes


def test_an_index_made_outside_of_a_transaction(project: Write) -> None:
    def concurrently(statement: str) -> str:
        return f'with op.get_context().autocommit_block():\n    op.execute("{statement}")'

    make = concurrently("CREATE INDEX CONCURRENTLY ix_n ON note (id)")
    drop = concurrently("DROP INDEX CONCURRENTLY ix_n")
    ini = project({"r0": CREATE, "r1": (make, drop), "r2": (make.replace("ix_n", "ix_m"), "")})
    first, second, third = run(ini, "postgresql").steps
    assert first.proven
    assert second.proven
    assert third.differences == ["+index ix_m on note"]


def test_an_enum_type_that_one_run_remembers(project: Write) -> None:
    kind = 'sa.Column("k", sa.Enum("a", "b", name="kind"))'
    table = 'op.create_table("t{0}", sa.Column("id", sa.Integer, primary_key=True), ' + kind + ")"
    drop = 'op.drop_table("t0")\nop.execute("DROP TYPE kind")'
    ini = project({"r0": (table.format(0), drop), "r1": (table.format(1), 'op.drop_table("t1")')})
    first, second = run(ini, "postgresql").steps
    assert first.proven
    # A run that begins at r0, as every release does, finds the type there.
    assert second.upgrade == "error"
    assert "already exists" in (second.error or "")
    assert "it can be upgraded to only in one run with those before it" in second.notes


OWN_METADATA = """
    table = sa.Table("star", METADATA, sa.Column("id", sa.Integer, primary_key=True))
    table.create(op.get_bind())
"""


@BACKENDS
def test_tables_in_a_metadata_of_the_revisions_own(project: Write, backend: str) -> None:
    ini = project({"r0": (OWN_METADATA, 'op.drop_table("star")'), "r1": FORGET})
    path = ini.parent / "migrations" / "versions" / "r0.py"
    source = path.read_text(encoding="utf-8")
    path.write_text(f"{source}\n\nMETADATA = sa.MetaData()\n", encoding="utf-8")
    first, second = run(ini, backend).steps
    # In a process of its own, as revisions are, the second upgrade finds it empty, too.
    assert (first.error, first.differences) == (None, [])
    assert second.error is not None


ELSEWHERE = """
import os
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(os.environ["APPLICATION_DATABASE_URL"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
TABLE = ('op.create_table("star", sa.Column("id", sa.Integer))', 'op.drop_table("star")')


@BACKENDS
def test_a_database_of_the_applications_own_is_left_alone(
    project: Write, backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'production.db'}"
    monkeypatch.setenv("APPLICATION_DATABASE_URL", url)
    ini = project({"a1": TABLE}, env=ELSEWHERE)
    with pytest.raises(ToolError, match=r"env.py connects to sqlite:.*production.db") as raised:
        run(ini, backend)
    assert "--url-env APPLICATION_DATABASE_URL" in raised.value.hint
    assert raised.value.exit_code == 2
    assert snapshot_of(sa.engine.make_url(url)) == {}
    found = prove(
        Project(ini, url_env=["APPLICATION_DATABASE_URL"]), Options(backend=backend, cache=False)
    )
    assert verdicts(found) == {"a1": True}


def test_another_database_of_the_same_server_is_left_alone(
    project: Write, database_url: sa.URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APPLICATION_DATABASE_URL", database_url.render_as_string(False))
    before = snapshot_of(database_url)
    with pytest.raises(ToolError, match="and not to the database that it was given"):
        run(project({"a1": TABLE}, env=ELSEWHERE), database_url.get_backend_name())
    assert snapshot_of(database_url) == before


def test_what_a_revision_imports_may_have_no_attributes(project: Write) -> None:
    ini = project({"one": ("", "")})
    path = ini.parent / "migrations" / "versions" / "one.py"
    proxy = """
class Proxy:
    def __getattr__(self, name):
        raise RuntimeError("working outside of request context")


request = Proxy()
"""
    path.write_text(path.read_text(encoding="utf-8") + proxy, encoding="utf-8")
    assert prove(Project(ini), Options(backend="sqlite", cache=False)).proven


@since_alembic(1, 16, "reads pyproject.toml")
def test_alembics_template_with_pyproject(tmp_path: Path) -> None:
    ini = tmp_path / "alembic.ini"
    config = Config(str(ini), toml_file=str(tmp_path / "pyproject.toml"))
    with redirect_stdout(StringIO()):
        command.init(config, str(tmp_path / "migrations"), template="pyproject")
    assert "script_location" not in ini.read_text(encoding="utf-8")
    (tmp_path / "migrations" / "versions" / "one.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\nrevision, down_revision = 'one', None\n"
        "def upgrade():\n    op.create_table('note', sa.Column('id', sa.Integer))\n"
        "def downgrade():\n    op.drop_table('note')\n",
        encoding="utf-8",
    )
    for named in (ini, tmp_path / "pyproject.toml"):
        run = prove(Project(named), Options(backend="sqlite", cache=False))
        assert [step.proven for step in run.steps] == [True]
