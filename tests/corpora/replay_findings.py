"""See with stock Alembic what ``calista-roundtrip`` found: run what its report says to run by hand.

    calista-roundtrip --config alembic.ini --backend sqlite --output-format json > report.json
    python tests/corpora/replay_findings.py report.json --config alembic.ini [--python PYTHON]

For each revision that is not proven the lines of ``reproduce`` are run on a fresh database: Alembic
by the project's own Python, SQL by the database's client. Each finding is then looked for: an error
of the same kind, another schema of the same object, other rows. Nothing of the engine takes part.
Prints what is not seen, with the reason; exit 1 if there is any. The project runs with a scratch
folder as its current directory.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from calista_tools.backends import SqliteFolder, open_server
from tests.corpora.claims import seen
from tests.corpora.looks import Look, look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import URL

    from calista_tools.backends import ScratchDatabase

RUNNER = Path(__file__).with_name("by_hand.py")


@dataclass(kw_only=True)
class Hand:
    """How a project's revisions are run.

    Attributes:
        config: Its alembic.ini.
        python: Where its packages are installed.
        url_env: Variables that get the URL, for an env.py that reads it there.
        driver: Of the URL, such as ``sqlite+aiosqlite``.
    """

    config: Path
    python: str = sys.executable
    url_env: Sequence[str] = ()
    driver: str | None = None


@dataclass
class Replay:
    """What was seen of one revision.

    Attributes:
        reproduced: Findings that were seen.
        not_reproduced: Those that were not, with the reason.
    """

    revision: str
    reproduced: list[str] = field(default_factory=list)
    not_reproduced: dict[str, str] = field(default_factory=dict)


def findings(step: dict[str, Any]) -> list[str]:
    """Return what a report finds wrong with a revision, a line each."""
    error = step["error"]
    own = [] if error is None or error.startswith("not reached:") else [error]
    return [*own, *step["differences"]]


def replay(step: dict[str, Any], hand: Hand, empty: Callable[[], URL]) -> Replay:
    """Run the lines of one revision and look for its findings.

    Args:
        step: As the report has it.
        hand: How.
        empty: Makes an empty database.
    """
    attempts: list[list[str]] = [[]]
    for line in step["reproduce"]:
        if line.startswith("--"):
            attempts.append([])
        else:
            attempts[-1].append(line)
    seen_in = [_run(lines, step["revision"], hand, empty()) for lines in attempts]
    for looks, _ in seen_in[1:]:
        if "before" in seen_in[0][0] and "before" in looks:
            # In one run: the schema below the revision was there only in between.
            looks["before"] = Look(seen_in[0][0]["before"].fragments, {})
    result = Replay(step["revision"])
    for finding in findings(step):
        reasons = [_why_not(finding, looks, errors) for looks, errors in seen_in]
        if None in reasons:
            result.reproduced.append(finding)
        else:
            result.not_reproduced[finding] = "; ".join(filter(None, reasons))
    return result


def _why_not(finding: str, looks: dict[str, Look], errors: dict[str, str]) -> str | None:
    direction, _, words = finding.partition(": ")
    direction = "upgrade" if direction == "upgrade of empty tables" else direction
    others = "; ".join(f"{when}: {error}"[:200] for when, error in errors.items())
    if finding == "there is no downgrade":
        missing = "'downgrade'" in errors.get("downgrade", "")
        return None if missing else others or "there is one"
    if found := errors.get(direction):
        said, is_said = words.split(": ", 1), found.split(": ", 1)
        same = said[0] == is_said[0] and said[-1][:40] in is_said[-1]
        return None if same else f"another error: {found[:200]}"
    answer = seen(finding, looks)
    if answer:
        return None
    if others:
        return f"not seen before {others}"
    return "no such kind of line is known" if answer is None else "not seen"


def _run(
    lines: Sequence[str], revision: str, hand: Hand, url: URL
) -> tuple[dict[str, Look], dict[str, str]]:
    """Return looks and errors by when they were: ``upgrade``, ``downgrade``, ``upgrade again``."""
    looks: dict[str, Look] = {}
    errors: dict[str, str] = {}
    with _alembic(hand, url) as run:
        for line in lines:
            when = "on the way there"
            if "before" in looks:
                when = "downgrade" if "downgrade" in line.split() else "upgrade again"
            elif line == f"alembic upgrade {revision}":
                looks["before"], when = look(url), "upgrade"
            if line.startswith("alembic "):
                error = run(line.removeprefix("alembic "))
            elif line.startswith("python "):
                error = _call(line, hand, url)
            else:
                error = _execute(url, line)
            if error is not None:
                errors[when] = error
                break
            if "before" in looks:
                looks[when] = look(url)
    return looks, errors


@contextmanager
def _alembic(hand: Hand, url: URL) -> Iterator[Callable[[str], str | None]]:
    """Start the project's Python; yield what runs a command there and returns its error."""
    given = url.set(drivername=hand.driver or url.drivername).render_as_string(hide_password=False)
    command = [hand.python, str(RUNNER), "--config", str(hand.config.absolute())]
    with (
        tempfile.TemporaryDirectory() as scratch,
        tempfile.TemporaryFile() as noise,
        subprocess.Popen(
            [*command, "--url", given],
            cwd=scratch,
            env={**os.environ, **dict.fromkeys(hand.url_env, given)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=noise,
            encoding="utf-8",
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        asked, answers = process.stdin, process.stdout

        def run(line: str) -> str | None:
            try:
                asked.write(f"{line}\n")
                asked.flush()
            except BrokenPipeError:
                pass
            answer = answers.readline()
            if not answer:
                noise.seek(0)
                return f"died: {noise.read().decode(errors='replace').strip()[-200:]}"
            error = json.loads(answer)
            return None if error is None else ": ".join(error)

        yield run
        asked.close()


def _call(line: str, hand: Hand, url: URL) -> str | None:
    """Run what makes the database that a history begins on."""
    address = url.render_as_string(hide_password=False)
    _, *arguments = (address if word == "URL" else word for word in shlex.split(line))
    path = os.pathsep.join([str(hand.config.absolute().parent), os.environ.get("PYTHONPATH", "")])
    with tempfile.TemporaryDirectory() as scratch:
        ran = subprocess.run(
            [hand.python, *arguments],
            cwd=scratch,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
    return ran.stderr.strip()[-200:] if ran.returncode else None


def _execute(url: URL, sql: str) -> str | None:
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(url.database))) as connection:
            try:
                connection.executescript(sql)
            except sqlite3.Error as error:
                return f"{type(error).__name__}: {error}"
        return None
    import psycopg

    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as client:
        try:
            client.execute(sql.encode())
        except psycopg.Error as error:
            return f"{type(error).__name__}: {error}"
    return None


def replay_all(run: dict[str, Any], hand: Hand, only: Sequence[str] = ()) -> Iterator[Replay]:
    """Replay every revision of a report that is not proven, or those of them that are named."""
    steps = [step for step in run["steps"] if findings(step)]
    with SqliteFolder() if run["backend"] == "sqlite" else open_server() as server:
        for step in steps:
            if not only or step["revision"] in only:
                made: list[ScratchDatabase] = []

                def empty(made: list[ScratchDatabase] = made) -> URL:
                    made.append(server.create())
                    return made[-1].url

                yield replay(step, hand, empty)
                for database in made:
                    database.drop()


def main(argv: Sequence[str] | None = None) -> int:
    """Print what is not reproduced, and a line for each report; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("report", type=Path, help="calista-roundtrip's JSON")
    parser.add_argument("revisions", nargs="*", metavar="REVISION")
    parser.add_argument("--config", type=Path, required=True, help="the project's alembic.ini")
    parser.add_argument("--python", default=sys.executable, help="where it is installed")
    parser.add_argument("--url-env", action="append", default=[], metavar="NAME")
    parser.add_argument("--driver", help="of its URL, such as sqlite+aiosqlite")
    parser.add_argument("--verbose", action="store_true", help="print what is reproduced, too")
    arguments = parser.parse_args(argv)
    hand = Hand(
        config=arguments.config,
        python=arguments.python,
        url_env=arguments.url_env,
        driver=arguments.driver,
    )
    told = json.loads(arguments.report.read_text(encoding="utf-8"))
    seen_ones = unseen = 0
    for result in replay_all(told, hand, arguments.revisions):
        seen_ones += len(result.reproduced)
        unseen += len(result.not_reproduced)
        for finding in result.reproduced if arguments.verbose else ():
            print(f"{result.revision} seen: {finding}", flush=True)
        for finding, why in result.not_reproduced.items():
            print(f"{result.revision} NOT: {finding}\n    {why}", flush=True)
    total = seen_ones + unseen
    print(f"{told['backend']}: {total} findings, {seen_ones} reproduced, {unseen} not reproduced")
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
