"""Every defect is found where it is, with nothing beside it; what only looks like one is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from calista_tools.backends import PostgresServer
from calista_tools.environment.roundtrip_settings import Settings
from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.result import Step
from calista_tools.roundtrip.proof.run import Options, prove
from tests.integration.roundtrip.pairs import PAIRS
from tests.integration.roundtrip.pairs.pair import BOTH, Pair, history
from tests.servers import need_major


def said(step: Step) -> list[str]:
    # What was left behind is in the way of the second upgrade: the same finding once more.
    error = [step.error] if step.error and step.upgrade_again != "error" else []
    return [*error, *step.differences]


def mistakes(step: Step) -> list[str]:
    """What is missing from or too much in the findings of one revision."""
    letter, _, name = step.revision.partition("_")
    if letter != "b":
        return said(step) + ([step.refused_rows] if step.refused_rows else [])
    wanted = [text.replace("{t}", step.revision) for text in PAIRS[name].says]
    lines = said(step)
    missing = [text for text in wanted if not any(text in line for line in lines)]
    extra = [line for line in lines if not any(text in line for text in wanted)]
    return [f"missing: {text}" for text in missing] + [f"unwanted: {line}" for line in extra]


def assert_told_apart(
    pairs: Mapping[str, Pair], backend: str, project: Callable[..., Path]
) -> None:
    revisions = history(pairs, backend)
    settings = Settings(irreversible={"made": "only the tables of what follows"})
    options = Options(backend=backend, cache=False, settings=settings)
    run = prove(Project(project(revisions)), options)
    assert [step.revision for step in run.steps] == list(revisions)
    found = {step.revision: mistakes(step) for step in run.steps}
    assert {revision: wrong for revision, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("backend", BOTH)
def test_defects_are_told_from_what_looks_like_them(
    backend: str, project: Callable[..., Path]
) -> None:
    always = {name: pair for name, pair in PAIRS.items() if not pair.since}
    assert_told_apart(always, backend, project)


@pytest.mark.parametrize("name", [name for name, pair in PAIRS.items() if pair.since])
def test_those_that_came_with_a_version_are_told_apart(
    name: str, project: Callable[..., Path], postgres_scratch: PostgresServer
) -> None:
    need_major(postgres_scratch, PAIRS[name].since, name)
    assert_told_apart({name: PAIRS[name]}, "postgresql", project)
