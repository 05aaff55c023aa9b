"""Planted defects in one history: each is found, on its backend, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.planted_defects import known_to, write_planted
from benchmarks.planted_kind import BOTH, PG, Kind
from benchmarks.planted_versions import NEWER
from calista_tools.backends import PostgresServer
from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.result import Step
from calista_tools.roundtrip.proof.run import Options, prove
from tests.servers import need_major


def said(step: Step) -> list[str]:
    # What was left behind is in the way of the second upgrade: the same finding once more.
    error = [step.error] if step.error and step.upgrade_again != "error" else []
    return [*error, *step.differences]


def mistakes(step: Step, backend: str, kinds: Mapping[str, Kind]) -> list[str]:
    """What is missing from or too much in the findings of one revision."""
    planted = kinds.get(step.revision)
    if planted is None or backend not in planted.backends:
        return [f"unwanted: {line}" for line in said(step)]
    wanted = [text.replace("{t}", f"t_{step.revision}") for text in planted.says]
    missing = [] if any(wanted[0] in line for line in said(step)) else [f"missing: {wanted[0]}"]
    return missing + [
        f"unwanted: {line}" for line in said(step) if not any(text in line for text in wanted)
    ]


#: What every version of PostgreSQL knows; the others are proven in a history of their own.
ALWAYS = known_to(0)


# One test a backend, so that two workers never walk the same history.
@pytest.mark.parametrize("backend", BOTH)
def test_each_planted_defect_is_found_and_nothing_else(backend: str, tmp_path: Path) -> None:
    project = Project(write_planted(tmp_path, ALWAYS))
    run = prove(project, Options(backend=backend, cache=False))
    found = {step.revision: mistakes(step, backend, ALWAYS) for step in run.steps}
    assert {revision: wrong for revision, wrong in found.items() if wrong} == {}
    assert found.keys() >= ALWAYS.keys()
    guilty = {step.revision for step in run.steps if not step.proven}
    assert guilty == {kind for kind, planted in ALWAYS.items() if backend in planted.backends}


@pytest.fixture(scope="module")
def newer(
    postgres_scratch: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Step]:
    """What is found of the defects that the server knows, of those that not every version does."""
    known = known_to(postgres_scratch.version // 10000, NEWER)
    project = Project(write_planted(tmp_path_factory.mktemp("newer"), known))
    run = prove(project, Options(backend="postgresql", cache=False))
    return {step.revision: step for step in run.steps}


@pytest.mark.parametrize("kind", NEWER)
def test_a_defect_that_came_with_a_version_is_found(
    kind: str, newer: dict[str, Step], postgres_scratch: PostgresServer
) -> None:
    need_major(postgres_scratch, NEWER[kind].since, kind)
    assert mistakes(newer[kind], *PG, NEWER) == []
    assert not newer[kind].proven


def test_what_lies_between_defects_of_newer_versions_is_proven(newer: dict[str, Step]) -> None:
    unwanted = {name: said(step) for name, step in newer.items() if name not in NEWER}
    assert {name: lines for name, lines in unwanted.items() if lines} == {}
