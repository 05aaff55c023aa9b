"""An ``env.py`` that keeps errors to itself hides no defect: the steps are ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from calista_tools.errors import ToolError
from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.run import Options, prove
from tests.integration.conftest import ENV

Write = Callable[..., Path]
RUN = """\
    with context.begin_transaction():
        context.run_migrations()
"""
#: What an env.py does with the exception of a revision.
WAYS = {
    "logs it": "pass",
    "exits": "raise SystemExit(1)",
    "makes another": 'raise RuntimeError("migration failed") from error',
}
CREATE = (
    'op.create_table("note", sa.Column("id", sa.Integer, primary_key=True), sa.Column("size", sa.Integer))',
    'op.drop_table("note")',
)
FETCH = 'assert op.get_bind().execute(sa.text("SELECT id FROM note")).first()[0]'
KNOWN = 'for (size,) in op.get_bind().execute(sa.text("SELECT size FROM note")): {None: 0}[size]'
DEFECTS = {
    "r0": CREATE,
    "r1": ('op.add_column("note", sa.Column("n", sa.Integer))', ""),
    "r2": ('op.create_index("ix_note", "note", ["id"])', 'op.drop_index("ix_none", "note")'),
    "r3": (KNOWN, ""),
    "r4": ("", "raise ValueError('no')"),
    "r5": (FETCH, ""),
}
BROKEN = {**DEFECTS, "r6": ('op.drop_table("nowhere")', ""), "r7": ("", "")}


def swallowing(way: str) -> str:
    body = "".join(f"    {line}\n" for line in RUN.splitlines())
    return ENV.replace(RUN, f"    try:\n{body}    except Exception as error:\n        {way}\n")


def told(ini: Path, backend: str, **options: Any) -> list[dict[str, Any]]:
    steps = prove(Project(ini), Options(backend=backend, cache=False, **options)).steps
    folder = str(ini.parent)
    return [
        {**step.as_json(), "seconds": 0, "filename": step.filename.removeprefix(folder)}
        for step in steps
    ]


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
@pytest.mark.parametrize("history", [DEFECTS, BROKEN], ids=["downgrades", "upgrades"])
@pytest.mark.parametrize("way", WAYS)
def test_it_hides_nothing(
    way: str, history: dict[str, tuple[str, str]], backend: str, tmp_path: Path, project: Write
) -> None:
    plain = told(project(history), backend)
    (tmp_path / "project").rename(tmp_path / "plain")
    assert told(project(history, env=swallowing(WAYS[way])), backend) == plain
    wrong = {step["revision"]: [step["error"], *step["differences"]] for step in plain}
    assert "ValueError" in wrong["r4"][0]
    assert wrong["r0"] == [None]
    if history is DEFECTS:
        assert wrong["r5"][1].startswith("upgrade of empty tables: TypeError")
    else:
        assert "nowhere" in wrong["r6"][0]


@pytest.mark.parametrize("env", [ENV, swallowing("pass")], ids=["as usual", "swallowing"])
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_failure_before_what_is_proven_is_said(env: str, backend: str, project: Write) -> None:
    ini = project(BROKEN, env=env)
    with pytest.raises(ToolError, match=r"r5\.py cannot be upgraded to: TypeError") as failure:
        prove(Project(ini), Options(backend=backend, cache=False, start="r6"))
    assert failure.value.exit_code == 2


@pytest.mark.parametrize(
    ("env", "words"),
    [
        (ENV + '\nraise ValueError("too late")\n', "failed: ValueError: too late"),
        (ENV.replace(RUN, '    raise ValueError("too soon")'), "failed: ValueError: too soon"),
        (ENV.replace(RUN, "    pass"), "does not run migrations"),
    ],
    ids=["after", "before", "never"],
)
def test_what_env_does_by_itself_is_no_revisions_fault(
    env: str, words: str, project: Write
) -> None:
    ini = project({"r0": CREATE}, env=env)
    with pytest.raises(ToolError, match=words) as failure:
        prove(Project(ini), Options(backend="sqlite", cache=False))
    assert failure.value.exit_code == 2
