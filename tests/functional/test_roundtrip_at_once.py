"""Two round trips of the same project at once, on both backends, share a cache and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from calista_tools.backends.account import kept_folder
from tests.integration.conftest import write_project

CREATE = 'op.create_table("{0}", sa.Column("id", sa.Integer, primary_key=True))'
#: Goes on when the other run has come as far, on the same backend.
MEET = """
import os, time
from pathlib import Path
here = Path(os.environ["MEETING"], op.get_bind().dialect.name + os.environ["WHO"])
here.touch()
while not all(os.path.exists(str(here)[:-1] + who) for who in "ab"):
    time.sleep(0.02)
"""


def table(name: str) -> tuple[str, str]:
    return CREATE.format(name), f'op.drop_table("{name}")'


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_both_find_what_one_finds(
    jobs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In the server that commands of ours share: in others nothing is kept.
    monkeypatch.delenv("CALISTA_TEST_PG_URL", raising=False)
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    history = {"r0": table("t0"), "r1": (f"{MEET}\n{table('t1')[0]}", table("t1")[1])}
    ini = write_project(
        tmp_path / "project", {**history, "r2": table("t2"), "r3": (CREATE.format("t3"), "")}
    )
    command = [sys.executable, "-m", "calista_tools.roundtrip.roundtrip_cli", "--config", str(ini)]
    command += ["--jobs", jobs, "--output-format", "json"]
    command += ["--backend", "sqlite", "--backend", "postgresql"]

    def start(who: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            env=os.environ | {"MEETING": str(meeting), "WHO": who},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def told(process: subprocess.Popen[str], *, cached: list[bool]) -> Any:
        out, err = process.communicate()
        assert (process.returncode, err) == (1, "")
        runs = json.loads(out)
        for run in runs:
            assert [step.pop("cached") for step in run["steps"]] == cached
            assert [step["error"] is None for step in run["steps"]] == [True, True, True, False]
            del run["summary"]
            for step in run["steps"]:
                del step["seconds"]
        return runs

    try:
        both = [start("a"), start("b")]
        first, second = (told(process, cached=[False] * 4) for process in both)
        assert first == second
        # Now both begin with the same kept database, and the fourth is proven twice again.
        both = [start("a"), start("b")]
        for process in both:
            assert told(process, cached=[True, True, True, False]) == first
    finally:
        for process in both:
            process.kill()
            process.wait()
    left = (path for ends in ("*.part", ".*.tmp") for path in kept_folder().glob(ends))
    assert not [path for path in left if str(ini) in path.read_text(encoding="utf-8")]
