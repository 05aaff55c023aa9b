"""The fixture ``migrated_to``: the example of the guide, in a project of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

GUIDE = Path(__file__).parents[2] / "docs" / "roundtrip.md"
ENV = """
from alembic import context
from sqlalchemy import create_engine
with create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """
import sqlalchemy as sa
from alembic import op
revision = "{0}"
down_revision = {1!r}
def upgrade():
    {2}
def downgrade():
    {3}
"""
STEPS = (
    (
        "3f2a",
        None,
        'op.create_table("note", sa.Column("id", sa.Integer, primary_key=True), sa.Column("body", sa.Text))',
        'op.drop_table("note")',
    ),
    (
        "4be1",
        "3f2a",
        "op.execute(\"UPDATE note SET body = '' WHERE body IS NULL\")",
        "op.execute(\"UPDATE note SET body = NULL WHERE body = ''\")",
    ),
)
FAILING = """
import pytest
from sqlalchemy.exc import OperationalError
def test_error(migrated_to):
    with pytest.raises(Exception, match="nothere"):
        migrated_to("dead")
def test_two(migrated_to):
    one, other = migrated_to("3f2a"), migrated_to("base")
    one.insert("note", {"id": 1, "body": "x"})
    other.upgrade()
    assert (len(one.rows("note")), other.rows("note")) == (1, [])
    with one.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM note").scalar() == 1
    one.downgrade()
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    folder = pytester.path / "migrations" / "versions"
    folder.mkdir(parents=True)
    (folder.parent / "env.py").write_text(ENV)
    for number, step in enumerate(STEPS):
        (folder / f"{number}.py").write_text(REVISION.format(*step))
    pytester.makefile(".ini", alembic="[alembic]\nscript_location = migrations\n")
    pytester.makefile(".toml", pyproject="[tool.calista]\n")
    return pytester


def example() -> str:
    """Return the test that the guide shows."""
    blocks = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    [found] = [block for block in blocks if "migrated_to" in block]
    return str(found)


def test_the_example_of_the_guide_runs_on_each_backend(project: pytest.Pytester) -> None:
    project.makepyfile(example())
    result = project.runpytest_subprocess("-v", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*[[]sqlite[]] PASSED*", "*[[]postgresql[]] PASSED*"])


def test_each_database_is_its_own_and_errors_come_through(project: pytest.Pytester) -> None:
    text = REVISION.format("dead", "4be1", 'op.execute("DELETE FROM nothere")', "pass")
    (project.path / "migrations" / "versions" / "2.py").write_text(text)
    project.makepyfile(FAILING.replace("other.upgrade()", 'other.upgrade("4be1")'))
    result = project.runpytest_subprocess("--roundtrip-backend", "sqlite")
    result.assert_outcomes(passed=2)


def test_a_project_without_an_ini_is_told_what_to_do(pytester: pytest.Pytester) -> None:
    pytester.makepyfile('def test_x(migrated_to):\n    migrated_to("a")\n')
    result = pytester.runpytest_subprocess("--roundtrip-backend", "sqlite")
    result.assert_outcomes(errors=1)
    result.stdout.no_fnmatch_line("*Traceback*")
