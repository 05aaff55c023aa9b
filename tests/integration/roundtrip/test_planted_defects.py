"""Planted defects in one history: each is found, on its backend, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.planted_defects import KINDS, write_planted
from benchmarks.planted_kind import BOTH
from calista_tools.roundtrip.engine import Options, prove
from calista_tools.roundtrip.project import Project
from calista_tools.roundtrip.result import Step


def said(step: Step) -> list[str]:
    # What was left behind is in the way of the second upgrade: the same finding once more.
    error = [step.error] if step.error and step.upgrade_again != "error" else []
    return [*error, *step.differences]


def mistakes(step: Step, backend: str) -> list[str]:
    """What is missing from or too much in the findings of one revision."""
    planted = KINDS.get(step.revision)
    if planted is None or backend not in planted.backends:
        return [f"unwanted: {line}" for line in said(step)]
    wanted = [text.replace("{t}", f"t_{step.revision}") for text in planted.says]
    missing = [] if any(wanted[0] in line for line in said(step)) else [f"missing: {wanted[0]}"]
    return missing + [
        f"unwanted: {line}" for line in said(step) if not any(text in line for text in wanted)
    ]


# One test a backend, so that two workers never walk the same history.
@pytest.mark.parametrize("backend", BOTH)
def test_each_planted_defect_is_found_and_nothing_else(backend: str, tmp_path: Path) -> None:
    run = prove(Project(write_planted(tmp_path)), Options(backend=backend, cache=False))
    found = {step.revision: mistakes(step, backend) for step in run.steps}
    assert {revision: wrong for revision, wrong in found.items() if wrong} == {}
    assert found.keys() >= KINDS.keys()
    guilty = {step.revision for step in run.steps if not step.proven}
    assert guilty == {kind for kind, planted in KINDS.items() if backend in planted.backends}
