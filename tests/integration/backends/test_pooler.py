"""A server by URL through a pooler: as good as the server in session mode, else refused at once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.planted_defects import write_planted
from benchmarks.planted_tables import CONSTRAINTS
from calista_tools.backends import PostgresServer
from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.run import Options, prove
from calista_tools.roundtrip.roundtrip_cli import main
from tests.pooler import pooler

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no PgBouncer for it")
HINT = "give the address of the server itself, or of a pooler in session mode"


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("transaction", "leads to a pooler that hands sessions on after each transaction"),
        ("statement", "transaction blocks not allowed in statement pooling mode"),
    ],
)
def test_a_pooler_that_hands_sessions_on_is_refused_in_one_line(
    mode: str,
    words: str,
    project: Callable[..., Path],
    postgres_scratch: PostgresServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ini = project({"one": ('op.execute("CREATE TABLE note (id int)")', 'op.drop_table("note")')})
    with pooler(postgres_scratch.url, mode) as url:
        password = str(url.password)
        shown = url.render_as_string(hide_password=False)
        assert main(["--config", str(ini), "--url", shown]) == 2
    out, err = capsys.readouterr()
    error, hint = err.splitlines()
    assert out in ("", "postgresql:\n")
    assert words in error
    assert hint == f"hint: {HINT}"
    assert password not in err


def test_through_a_pooler_in_session_mode_the_same_is_found(
    tmp_path: Path, postgres_scratch: PostgresServer
) -> None:
    kinds = {name: kind for name, kind in CONSTRAINTS.items() if not kind.since}
    made = Project(write_planted(tmp_path, kinds))
    found = []
    with pooler(postgres_scratch.url, "session") as through:
        for url in (postgres_scratch.url, through):
            text = url.render_as_string(hide_password=False)
            run = prove(made, Options(backend="postgresql", url=text, cache=False))
            found.append({step.revision: (step.error, step.differences) for step in run.steps})
    assert found[0] == found[1]
    assert sum(bool(differences) for _, differences in found[1].values()) == len(kinds)
