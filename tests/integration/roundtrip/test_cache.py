"""What was proven is not proven again, unless something it depends on has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from calista_tools.roundtrip.engine import Options, prove
from calista_tools.roundtrip.project import Project
from calista_tools.roundtrip.result import Run

CREATE = 'op.create_table("{0}", sa.Column("id", sa.Integer, primary_key=True))'
HISTORY = {
    name: (CREATE.format(name), f'op.drop_table("{name}")') for name in ("one", "two", "three")
}
NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "{0}"
down_revision = "{1}"


def upgrade():
    op.create_table("{0}", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    {2}
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def ini(project: Callable[..., Path]) -> Path:
    return project(HISTORY)


def run(ini: Path, backend: str) -> Run:
    return prove(Project(ini), Options(backend=backend))


def cached(found: Run) -> list[bool]:
    return [step.cached for step in found.steps]


def add(ini: Path, name: str, parent: str, downgrade: str) -> None:
    path = ini.parent / "migrations" / "versions" / f"z_{name}.py"
    path.write_text(NEXT.format(name, parent, downgrade), encoding="utf-8")


def test_only_a_new_revision_runs(ini: Path, backend: str) -> None:
    assert cached(run(ini, backend)) == [False, False, False]
    add(ini, "four", "three", 'op.drop_table("four")')
    found = run(ini, backend)
    assert cached(found) == [True, True, True, False]
    assert found.proven
    assert cached(run(ini, backend)) == [True, True, True, True]


def test_a_revision_that_failed_is_proven_again_and_those_before_it_are_not(
    ini: Path, backend: str
) -> None:
    add(ini, "four", "three", "pass")
    assert cached(run(ini, backend)) == [False, False, False, False]
    found = run(ini, backend)
    assert cached(found) == [True, True, True, False]
    assert found.steps[-1].differences == ["+table four"]


def test_an_edited_revision_and_those_after_it_are_proven_again(ini: Path, backend: str) -> None:
    run(ini, backend)
    path = ini.parent / "migrations" / "versions" / "two.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    assert cached(run(ini, backend)) == [False, False, False]


@pytest.mark.parametrize("name", ["migrations/env.py", "alembic.ini"])
def test_what_all_revisions_run_under_is_part_of_the_proof(ini: Path, name: str) -> None:
    run(ini, "sqlite")
    path = ini.parent / name
    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    assert cached(run(ini, "sqlite")) == [False, False, False]


def test_no_cache_proves_everything(ini: Path, backend: str) -> None:
    run(ini, backend)
    assert cached(prove(Project(ini), Options(backend=backend, cache=False))) == [False] * 3
