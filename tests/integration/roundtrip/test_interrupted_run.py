"""What an interrupted run has proven is not proven again, and nothing is taken for proven."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from calista_tools.backends import PostgresServer
from calista_tools.backends.account import kept_folder
from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof import parallel_parts
from calista_tools.roundtrip.proof.result import Run
from calista_tools.roundtrip.proof.run import Options, prove
from tests.integration.conftest import ENV
from tests.servers import need_kept_proofs

Write = Callable[..., Path]
CREATE = 'op.create_table("{0}", sa.Column("id", sa.Integer, primary_key=True))'
DROP = 'op.drop_table("{0}")'
#: Ends the run as Ctrl-C would: in the middle of the step that the environment names.
INTERRUPT = """
import os
upgrade.calls = getattr(upgrade, "calls", 0) + 1
if os.environ.get("INTERRUPT") == ("upgrade", "again")[min(upgrade.calls, 2) - 1]:
    raise KeyboardInterrupt
"""
BACK = """
import os
if os.environ.get("INTERRUPT") == "downgrade":
    raise KeyboardInterrupt
"""
EMPTIED = """
with op.get_bind().engine.begin() as beside:
    beside.execute(sa.text("DELETE FROM t0"))
"""
COUNTS = 'assert op.get_bind().execute(sa.text("SELECT id FROM t0")).first()[0]'


def table(number: int) -> tuple[str, str]:
    return CREATE.format(f"t{number}"), DROP.format(f"t{number}")


def interrupting(number: int) -> tuple[str, str]:
    """A revision with work before and after the place where it is interrupted."""
    up, down = table(number)
    index = f'op.create_index("ix_{number}", "t{number}", ["id"])'
    return (
        f"{up}\n{INTERRUPT}\n{index}",
        f'op.drop_index("ix_{number}", "t{number}")\n{BACK}\n{down}',
    )


def history(count: int = 5, **changed: tuple[str, str]) -> dict[str, tuple[str, str]]:
    return {**{f"r{n}": table(n) for n in range(count)}, **changed}


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def run(ini: Path, backend: str, when: str = "upgrade", **options: Any) -> None:
        if options.get("cache", True):
            need_kept_proofs(backend)
        with monkeypatch.context() as patch:
            patch.setenv("INTERRUPT", when)
            with pytest.raises(KeyboardInterrupt):
                prove(Project(ini), Options(backend=backend, **options))

    return run


def run(ini: Path, backend: str, **options: Any) -> Run:
    return prove(Project(ini), Options(backend=backend, **options))


def cached(found: Run) -> list[bool]:
    return [step.cached for step in found.steps]


def told(found: Run) -> Any:
    steps = [{**step.as_json(), "seconds": 0, "cached": False} for step in found.steps]
    return steps, found.drift, found.compared


def cards(ini: Path) -> list[Path]:
    """Return what interrupted runs of this project have left to go on with."""
    return [
        path
        for path in kept_folder().glob("*.begun")
        if str(ini) in path.read_text(encoding="utf-8")
    ]


@pytest.mark.parametrize("when", ["upgrade", "downgrade", "again"])
def test_the_next_run_goes_on_behind_what_is_proven(
    when: str, backend: str, project: Write, interrupted: Callable[..., None]
) -> None:
    ini = project(history(r2=interrupting(2)))
    interrupted(ini, backend, when)
    found = run(ini, backend)
    assert cached(found) == [True, True, False, False, False]
    assert told(found) == told(run(ini, backend, cache=False))
    assert cached(run(ini, backend)) == [True] * 5
    assert cards(ini) == []


def test_it_goes_on_behind_a_database_that_was_kept(
    backend: str, project: Write, interrupted: Callable[..., None], tmp_path: Path
) -> None:
    ini = project(history(2))
    run(ini, backend)
    (tmp_path / "project").rename(tmp_path / "before")
    table_ = 'MetaData()\nTable("t2", target_metadata, Column("n", Integer))'
    env = ENV.replace("MetaData()", table_).replace(
        "import MetaData", "import Column, Integer, MetaData, Table"
    )
    ini = project(history(2), env=env)
    run(ini, backend)
    (tmp_path / "project").rename(tmp_path / "begun")
    ini = project(history(5, r3=interrupting(3)), env=env)
    interrupted(ini, backend)
    found = run(ini, backend)
    assert cached(found) == [True, True, True, False, False]
    # A table that came in between is compared with the metadata as any other.
    assert told(found) == told(run(ini, backend, cache=False))
    assert "+column t2.n (only in the metadata)" in found.drift


def test_it_is_no_proof_of_another_history(
    backend: str, project: Write, interrupted: Callable[..., None]
) -> None:
    ini = project(history(r2=interrupting(2)))
    interrupted(ini, backend)
    path = ini.parent / "migrations" / "versions" / "r1.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    assert cached(run(ini, backend)) == [False] * 5


def test_what_comes_after_a_defect_is_proven_again(
    backend: str, project: Write, interrupted: Callable[..., None]
) -> None:
    ini = project(history(6, r1=(table(1)[0], ""), r4=interrupting(4)))
    interrupted(ini, backend)
    found = run(ini, backend)
    assert cached(found) == [True] + [False] * 5
    assert [step.revision for step in found.steps if not step.proven] == ["r1"]


def test_a_new_database_is_still_upgraded_from_nothing(
    backend: str, project: Write, interrupted: Callable[..., None]
) -> None:
    ini = project(history(r1=(COUNTS, ""), r3=interrupting(3)))
    interrupted(ini, backend)
    found = run(ini, backend)
    assert [step.revision for step in found.steps if not step.proven] == ["r1"]
    assert told(found) == told(run(ini, backend, cache=False))
    assert not any(cached(found))


@pytest.mark.parametrize("undone", ["upgrade", "downgrade"])
def test_nothing_is_kept_behind_a_change_that_nothing_told_of(
    undone: str, project: Write, interrupted: Callable[..., None]
) -> None:
    beside = """
    with op.get_bind().engine.begin() as beside:
        beside.execute(sa.text("CREATE INDEX IF NOT EXISTS ix_note ON t0 (id)"))
    """
    changed = (beside, "") if undone == "upgrade" else ("", beside)
    ini = project(history(r1=changed, r3=interrupting(3)))
    interrupted(ini, "postgresql")
    found = run(ini, "postgresql")
    assert not any(cached(found))
    assert [step.revision for step in found.steps if not step.proven] == ["r1"]


def test_nothing_is_kept_behind_rows_that_were_written_beside_the_run(
    project: Write, interrupted: Callable[..., None]
) -> None:
    ini = project(history(r1=(EMPTIED, ""), r3=interrupting(3)))
    interrupted(ini, "postgresql")
    assert cards(ini) == []
    found = run(ini, "postgresql")
    assert [step.revision for step in found.steps if not step.proven] == ["r1"]


def test_roles_are_in_no_database_and_nothing_is_kept_behind_them(
    project: Write, interrupted: Callable[..., None]
) -> None:
    role = f"calista_test_{uuid4().hex[:12]}"
    made = (f'op.execute("CREATE ROLE {role}")', f'op.execute("DROP ROLE {role}")')
    ini = project(history(r1=made, r3=interrupting(3)))
    interrupted(ini, "postgresql")
    assert cards(ini) == []
    found = run(ini, "postgresql")
    assert found.proven
    assert not any(cached(found))


CAUGHT = """
try:
    with op.get_bind().begin_nested():
        op.execute("INSERT INTO t0 SELECT id FROM t0")
except sa.exc.IntegrityError:
    op.create_table("caught", sa.Column("n", sa.Integer))
"""


def test_nothing_is_kept_that_rows_have_made(
    project: Write, interrupted: Callable[..., None]
) -> None:
    ini = project(
        history(r1=(CAUGHT, 'op.execute("DROP TABLE IF EXISTS caught")'), r3=interrupting(3))
    )
    interrupted(ini, "postgresql")
    assert cards(ini) == []
    found = run(ini, "postgresql")
    assert not any(cached(found))
    assert told(found) == told(run(ini, "postgresql", cache=False))


def test_no_cache_keeps_nothing(
    backend: str, project: Write, interrupted: Callable[..., None]
) -> None:
    ini = project(history(r2=interrupting(2)))
    interrupted(ini, backend, cache=False)
    assert cached(run(ini, backend)) == [False] * 5


def test_the_first_of_several_pieces_is_kept_too(
    backend: str,
    project: Write,
    interrupted: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    postgres_scratch: PostgresServer,
) -> None:
    monkeypatch.setattr(parallel_parts, "_LEAST", 2)
    # Asked in a way that makes nothing a part of the proof.
    wait = """
    import os, time
    if card := os.environ.get("INTERRUPT"):
        while not os.path.exists(card):
            time.sleep(0.05)
        raise KeyboardInterrupt
    """
    ini = project({**history(8), "r7": (wait, "")})
    home = postgres_scratch.server_version if backend == "postgresql" else backend
    name = hashlib.sha256(f"{home}:{ini}".encode()).hexdigest()[:12]
    card = kept_folder() / f"{name}.begun"
    interrupted(ini, backend, str(card), jobs=2)
    assert cards(ini) == [card]
    found = run(ini, backend, jobs=2)
    first, _ = parallel_parts.cut(8, 2)
    assert cached(found) == [True] * first + [False] * (8 - first)
    assert told(found) == told(run(ini, backend, cache=False))


def test_a_copy_that_cannot_be_made_hides_no_interrupt(
    project: Write, interrupted: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(database: object, leave_out: object = ()) -> None:
        raise OSError

    monkeypatch.setattr("calista_tools.roundtrip.proof.interrupted_run.snapshot_in", fails)
    ini = project(history(r2=interrupting(2)))
    interrupted(ini, "sqlite")
    assert cards(ini) == []
