"""A history in pieces is found to be what it is in one go; one that is no sum of them runs so."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof import parallel_parts, run
from calista_tools.roundtrip.proof.proof_cache import ProvenBeginning
from calista_tools.roundtrip.proof.result import Run
from calista_tools.roundtrip.proof.run import Options, prove
from calista_tools.roundtrip.roundtrip_cli import main
from tests.servers import need_kept_proofs

CREATE = 'op.create_table("{0}", sa.Column("id", sa.Integer, primary_key=True))'
DROP = 'op.drop_table("{0}")'
INDEX = 'op.create_index("ix_{0}", "{0}", ["id"])'


@pytest.fixture(autouse=True)
def _short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel_parts, "_LEAST", 2)


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The pieces that other processes proved."""
    found: list[tuple[int, int]] = []
    start = run.HistoryProof._start_part

    def noted(self: Any, begun: ProvenBeginning, first: int, end: int) -> Any:
        found.append((len(begun.steps) + first, len(begun.steps) + end))
        return start(self, begun, first, end)

    monkeypatch.setattr(run.HistoryProof, "_start_part", noted)
    return found


def history(**changed: tuple[str, str]) -> dict[str, tuple[str, str]]:
    """Twelve tables, one a revision, but for those given."""
    plain = {f"r{n:02}": (CREATE.format(f"t{n}"), DROP.format(f"t{n}")) for n in range(12)}
    return {**plain, **changed}


def told(run: Run) -> list[dict[str, Any]]:
    return [{**step.as_json(), "seconds": 0} for step in run.steps]


def both(ini: Path, backend: str, jobs: int = 3) -> tuple[Run, Run]:
    """In one go, and by several processes."""
    options = Options(backend=backend, cache=False)
    return prove(Project(ini), options), prove(
        Project(ini), Options(backend=backend, cache=False, jobs=jobs)
    )


def test_defects_are_found_where_they_are(
    project: Callable[..., Path], backend: str, apart: list[tuple[int, int]]
) -> None:
    ini = project(
        history(
            r01=(f"{CREATE.format('t1')}\n{INDEX.format('t0')}", DROP.format("t1")),
            r06=(CREATE.format("t6"), ""),
            r11=(CREATE.format("t11"), 'raise RuntimeError("no way back")'),
        )
    )
    alone, together = both(ini, backend)
    assert told(together) == told(alone)
    assert [step.revision for step in alone.steps if not step.proven] == ["r01", "r06", "r11"]
    first, second, _ = parallel_parts.cut(12, 3)
    assert apart == [(0, first), (first, second)]


BESIDE = """
with op.get_bind().engine.begin() as beside:
    beside.execute(sa.text("CREATE INDEX ix_note ON t0 (id)"))
"""
COUNTS = 'assert op.get_bind().execute(sa.text("SELECT id FROM t0")).first()[0]'


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({}, []),
        ({"r02": ("raise RuntimeError", "")}, [f"r{n:02}" for n in range(2, 12)]),
        ({"r02": (BESIDE, "")}, ["r02"]),
        ({"r10": (BESIDE, "")}, ["r10"]),
        ({"r10": (COUNTS, "")}, ["r10"]),
    ],
    ids=["all proven", "no sum", "overlooked in a piece", "overlooked here", "from nothing"],
)
def test_each_revision_is_told_once(
    changed: dict[str, tuple[str, str]],
    wrong: list[str],
    jobs: str,
    project: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    ini = project(history(**changed))
    words = ["--config", str(ini), "--backend", "postgresql", "--no-cache", "--jobs", jobs]
    assert main(words) == bool(wrong)
    told = re.findall(r"^  (?!postgresql)(\w+) +(r\d+) ", capsys.readouterr().out, re.MULTILINE)
    assert [name for _, name in told] == list(history())
    assert [name for word, name in told if word != "ok"] == wrong


@pytest.mark.parametrize("failing", ["r02", "r07", "r10"])
def test_behind_an_upgrade_that_fails_nothing_is_reached(
    failing: str, project: Callable[..., Path], backend: str
) -> None:
    ini = project(history(**{failing: ('raise RuntimeError("not so")', "")}))
    alone, together = both(ini, backend)
    assert told(together) == told(alone)
    assert together.steps[-1].upgrade == "skipped"


def test_roles_belong_to_the_server_and_the_history_to_one_process(
    project: Callable[..., Path],
) -> None:
    role = f"calista_test_{uuid4().hex[:12]}"
    made = (f'op.execute("CREATE ROLE {role}")', f'op.execute("DROP ROLE {role}")')
    alone, together = both(project(history(r03=made)), "postgresql", jobs=2)
    assert told(together) == told(alone)
    assert together.proven


def test_a_change_that_nothing_told_of_is_found_in_any_piece(
    project: Callable[..., Path], apart: list[tuple[int, int]]
) -> None:
    alone, together = both(project(history(r02=(BESIDE, ""))), "postgresql", jobs=2)
    assert told(together) == told(alone)
    assert together.steps[2].differences == ["+index ix_note on t0"]
    assert apart


def test_files_read_by_another_process_count_for_what_is_kept(
    project: Callable[..., Path], backend: str
) -> None:
    need_kept_proofs(backend)
    down = """
    from pathlib import Path
    op.execute(Path(__file__).with_name("down.txt").read_text())
    """
    ini = project(history(r02=(CREATE.format("t2"), down)))
    file = ini.parent / "migrations" / "versions" / "down.txt"
    file.write_text("DROP TABLE t2", encoding="utf-8")
    options = Options(backend=backend, jobs=2)
    assert prove(Project(ini), options).proven
    again = prove(Project(ini), options)
    assert all(step.cached for step in again.steps)
    file.write_text("SELECT 1", encoding="utf-8")
    changed = prove(Project(ini), options)
    assert [step.revision for step in changed.steps if not step.proven] == ["r02"]


def test_what_is_wrong_already_is_not_told_again(
    project: Callable[..., Path], backend: str
) -> None:
    child = """
    op.create_table("child", sa.Column("id", sa.Integer, primary_key=True),
                    sa.Column("t0_id", sa.Integer, sa.ForeignKey("t0.id", name="fk_child")))
    if op.get_bind().dialect.name == "sqlite":
        op.execute("INSERT INTO child VALUES (1, 99)")
    """
    never = """
    op.create_table("never", sa.Column("id", sa.Integer, primary_key=True),
                    sa.CheckConstraint("id > 5 AND id < 3", name="ck_never"))
    """
    more = ('op.add_column("child", sa.Column("n", sa.Integer))', 'op.drop_column("child", "n")')
    steps = {"r01": (child, DROP.format("child")), "r02": (never, DROP.format("never"))}
    alone, together = both(project(history(**steps, r10=more)), backend)
    assert told(together) == told(alone)
    assert [step.revision for step in together.steps if step.notes] == ["r03"]
    assert together.steps[10].proven
