"""Projects as ``alembic init`` makes them are understood, or refused in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from calista_tools.errors import ToolError
from calista_tools.history.one_database import assert_env_of_one_database, assert_one_database
from tests.libraries import since_alembic

Run = Callable[..., subprocess.CompletedProcess[str]]
CREATE = 'op.create_table("note", sa.Column("id", sa.Integer, primary_key=True))'
DROP = 'op.drop_table("note")'
IN_PYPROJECT = [
    pytest.param(name, marks=since_alembic(1, 16, "reads pyproject.toml"))
    for name in ("pyproject", "pyproject_async")
]
TEMPLATES = ["generic", "async", *IN_PYPROJECT]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a program in the project's folder, as a process of its own."""

    def run(program: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name(program), *words],
            cwd=tmp_path,
            env={name: value for name, value in os.environ.items() if name != "CALISTA_DB_URL"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def template(request: pytest.FixtureRequest, tmp_path: Path, run: Run) -> str:
    """Make a project of this template, with a table in its only revision."""
    name: str = request.param
    made = run("alembic", "init", "-t", name, "migrations")
    assert made.returncode == 0, made.stderr
    written = run("alembic", "revision", "-m", "create note", "--rev-id", "a1")
    assert written.returncode == 0, written.stderr
    (path,) = (tmp_path / "migrations" / "versions").glob("a1_*.py")
    before, *rest = path.read_text(encoding="utf-8").split("    pass\n")
    code = [f"    {(CREATE, DROP)[at % 2]}\n{text}" for at, text in enumerate(rest)]
    path.write_text(before + "".join(code), encoding="utf-8")
    return name


@pytest.mark.parametrize("template", TEMPLATES, indirect=True)
def test_it_is_understood_as_it_is(template: str, run: Run) -> None:
    done = run("calista-roundtrip", "--no-cache", "--output-format", "json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [run["backend"] for run in found] == ["sqlite", "postgresql"]
    assert all(run["summary"]["proven"] == 1 for run in found)
    names = run("calista-lint", "--names", "--output-format", "json")
    assert names.returncode == 0, names.stderr
    assert ("create", "table", "note") in [
        (item["op"], item["kind"], item["name"]) for item in json.loads(names.stdout)
    ]
    history = run("calista-migrations", "history")
    assert history.returncode == 0, history.stderr
    assert "a1  schema" in history.stdout


@pytest.mark.parametrize("template", IN_PYPROJECT, indirect=True)
def test_the_tasks_read_pyproject_as_alembic_does(template: str, run: Run, tmp_path: Path) -> None:
    """Where the migrations are, and that env.py may import what lies beside them."""
    (tmp_path / "migrations").rename(tmp_path / "schema")
    pyproject = tmp_path / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8").replace("%(here)s/migrations", "%(here)s/schema")
    pyproject.write_text(text, encoding="utf-8")
    (tmp_path / "models.py").write_text(
        "import sqlalchemy as sa\n"
        "metadata = sa.MetaData()\n"
        'sa.Table("page", metadata, sa.Column("id", sa.Integer, primary_key=True))\n'
    )
    env = tmp_path / "schema" / "env.py"
    source = env.read_text(encoding="utf-8")
    own = "from models import metadata as target_metadata"
    env.write_text(source.replace("target_metadata = None", own), encoding="utf-8")
    driver = "+aiosqlite" if template.endswith("async") else ""
    url = ("--url", f"sqlite{driver}:///dev.db")
    for words in (
        ("upgrade", *url),
        ("current", *url),
        ("revision", "-m", "what differs", "--autogenerate", *url),
        ("sql", "a1"),
        ("history",),
        ("squash", "-m", "one", "--through", "heads"),
    ):
        done = run("calista-migrations", *words)
        assert done.returncode == 0, (words, done.stderr)
        if words[0] == "revision":
            written = Path(done.stdout.strip())
            assert written.parent == tmp_path / "schema" / "versions"
            assert 'op.create_table(\n        "page"' in written.read_text(encoding="utf-8")
    (tmp_path / "alembic.ini").unlink()
    done = run("calista-migrations", "review")
    assert "head is as the metadata says (no drift)" in done.stdout, done.stdout + done.stderr
    assert run("calista-lint", "--select", "CAL4").returncode == 0


@pytest.mark.parametrize("template", ["multidb"], indirect=True)
def test_several_databases_are_refused_by_every_tool(
    template: str, run: Run, tmp_path: Path
) -> None:
    there = sorted(tmp_path.rglob("*"))
    for code, program, *words in [
        (2, "calista-roundtrip"),
        (2, "calista-roundtrip", "--backend", "postgresql", "--output-format", "json"),
        (2, "calista-lint"),
        (2, "calista-lint", "migrations/versions/a1_create_note.py"),
        (2, "calista-lint", "--names", "--output-format", "json"),
        (2, "calista-lint", "--infer-names"),
        (1, "calista-migrations", "history"),
        (1, "calista-migrations", "lock"),
        (1, "calista-migrations", "revision", "-m", "more"),
        (1, "calista-migrations", "sql"),
        (1, "calista-migrations", "upgrade", "--url", "sqlite:///own.db"),
    ]:
        done = run(program, *words)
        assert (done.returncode, done.stdout) == (code, ""), (program, words, done.stderr)
        error, hint = done.stderr.splitlines()
        assert error.startswith("error: migrations")
        assert error.endswith(
            " is written for several databases, as Alembic's multidb template has it:"
            " that is not supported"
        )
        assert hint.startswith("hint: give each database a project of its own")
    left = [path for path in sorted(tmp_path.rglob("*")) if "__pycache__" not in path.parts]
    assert left == [path for path in there if "__pycache__" not in path.parts]


@pytest.mark.parametrize("template", ["multidb"], indirect=True)
def test_one_of_several_databases_is_proven_by_its_name(template: str, run: Run) -> None:
    words = ("calista-roundtrip", "--no-cache", "--output-format", "json")
    done = run(*words, "--name", "engine1")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert all(one["summary"]["proven"] == 1 for one in found)
    assert found[0]["steps"][0]["restored"]
    done = run(*words, "--name", "other")
    assert done.returncode == 2
    assert "hint: one of: engine1, engine2" in done.stderr


@pytest.mark.parametrize(
    ("source", "several"),
    [
        ('def upgrade(engine_name):\n    globals()["upgrade_%s" % engine_name]()\n', True),
        ('def upgrade(engine_name: str) -> None:\n    """Go."""\n    globals()["x"]()\n', True),
        ('def upgrade(engine_name):\r\n    eval("upgrade_%s" % engine_name)()\r\n', True),
        ("def upgrade(tenant=None):\n    op.drop_table(tenant)\n\n\nx = globals()['y']\n", False),
        ("def upgrade():\n    globals()['helper']()\n", False),
        ("def upgrade(name):\n    op.execute(name)\n\n\ndef f():\n    eval('1')\n", False),
    ],
)
def test_which_revisions_are_for_several(source: str, several: bool) -> None:
    try:
        assert_one_database(source.encode(), "a1.py")
    except ToolError:
        assert several
    else:
        assert not several


def test_the_env_of_flask_migrate_for_several_is_known() -> None:
    package = find_spec("flask_migrate")
    assert package is not None
    assert package.origin is not None
    folder = Path(package.origin).parent / "templates"
    for name in ("flask", "aioflask"):
        assert_env_of_one_database((folder / name / "env.py").read_text(encoding="utf-8"), name)
    for name in ("flask-multidb", "aioflask-multidb"):
        source = (folder / name / "env.py").read_text(encoding="utf-8")
        with pytest.raises(ToolError, match="several databases"):
            assert_env_of_one_database(source, name)
