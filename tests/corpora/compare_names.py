"""Compare what ``calista-lint --names`` predicts with the names that a history really leaves.

    python tests/corpora/compare_names.py --folder FOLDER [NAME ...]
    python tests/corpora/compare_names.py --versions VERSIONS [--env ENV.PY] [--python PYTHON]
    python tests/corpora/compare_names.py --versions VERSIONS --truth FILE.json ...

The first form fetches the histories of manifest.json into FOLDER; the others take any history.
Each is upgraded to its heads in an empty database of each dialect (by its own env.py, with its own
Python, where they are given; else by a plain env.py with the convention that the linter reads),
the catalogs are read and compared. With ``--truth``, or ``--url`` of a database at head, nothing
is run. Prints recall and precision, then every miss and every wrong name. Exit 1 if there are
more than the limits allow: 99 % of the explicit names found, no name that is not there, 90 % of
the implicit ones right.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from calista_tools.backends import open_server
from calista_tools.lint.names.at_head import NameAtHead, names_at_head
from tests.corpora.fetch import environment, fetch, histories
from tests.corpora.live_names import LiveName, live_names

DIALECTS = ("sqlite", "postgresql")
_LINT = "import sys; from calista_tools.lint.cli import main; sys.exit(main(sys.argv[1:]))"
RUNNER = Path(__file__).with_name("run_history.py")


class HistoryError(Exception):
    """A history cannot be run; the message is the end of its traceback."""


@dataclass(kw_only=True)
class History:
    """Revisions, and how to run them."""

    name: str
    versions: Path
    root: Path
    env: Path | None = None
    python: str | None = sys.executable
    truth: dict[str, Path] = field(default_factory=dict)
    url: URL | None = None
    dialects: tuple[str, ...] = DIALECTS


@dataclass
class Comparison:
    """The outcome for one history on one dialect.

    Attributes:
        explicit, implicit: Live names, and how many of them were predicted with kind and table.
        unnamed: Live constraints that SQLite keeps without a name, and how many were said to be.
        elsewhere: Live names of tables that no revision makes: the application's own.
        claimed, wrong: Names said to be live, and those that are not.
        unknown: Names said to be unknown, with the reason.
    """

    history: str
    dialect: str
    explicit: list[int]
    implicit: list[int]
    unnamed: list[int]
    elsewhere: list[LiveName]
    claimed: int
    missed: list[tuple[str, LiveName]]
    wrong: list[NameAtHead]
    unknown: list[NameAtHead]
    other_columns: list[tuple[LiveName, NameAtHead]]

    @property
    def passes(self) -> bool:
        """Whether it is within the limits."""
        return (
            self.explicit[1] >= 0.99 * self.explicit[0]
            and not self.wrong
            and self.implicit[1] >= 0.9 * self.implicit[0]
        )


def listed(versions: Path) -> list[dict[str, Any]]:
    """Return what ``calista-lint --names`` says of a folder, run as a program."""
    command = [
        sys.executable,
        "-c",
        _LINT,
        "--names",
        "--output-format",
        "json",
        "--no-cache",
        str(versions),
    ]
    with tempfile.TemporaryDirectory() as elsewhere:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=elsewhere)
    if done.returncode not in (0, 1):
        raise HistoryError(done.stderr)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def compare(
    history: History, dialect: str, entries: list[dict[str, Any]], live: list[LiveName]
) -> Comparison:
    """Set the prediction against the catalogs, kind and table included."""
    predicted = names_at_head(entries, dialect)
    sources = "\n".join(
        path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(history.versions.rglob("*.py"))
    )
    found = Comparison(history.name, dialect, [0, 0], [0, 0], [0, 0], [], 0, [], [], [], [])
    rest: dict[tuple[str | None, str, str | None], list[NameAtHead]] = {}
    for one in predicted:
        rest.setdefault((one.table, one.kind, one.name), []).append(one)
        if one.name is not None:
            found.claimed += 1
    made = {entry["name"] for entry in entries if entry["kind"] == "table"}
    for actual in live:
        same = rest.get((actual.table, actual.kind, actual.name), [])
        match = next(
            (one for one in same if one.columns == actual.columns), same[0] if same else None
        )
        if match is not None:
            same.remove(match)
        if match is None and actual.table not in made:
            found.elsewhere.append(actual)
            continue
        if actual.name is None:
            count = found.unnamed
        else:
            implicit = match.implicit if match else not _written(actual.name, sources)
            count = found.implicit if implicit else found.explicit
        count[0] += 1
        if match is None:
            found.missed.append(
                (
                    "implicit"
                    if count is found.implicit
                    else "unnamed"
                    if count is found.unnamed
                    else "explicit",
                    actual,
                )
            )
            continue
        count[1] += 1
        if _other_columns(actual, match):
            found.other_columns.append((actual, match))
    for leftover in rest.values():
        for one in leftover:
            (found.wrong if one.name is not None else found.unknown).append(one)
    return found


def _written(name: str, sources: str) -> bool:
    """Whether a revision spells a name out; PostgreSQL's shortening spares the first 50 bytes."""
    end = "" if len(name) > 50 else r"(?!\w)"
    return re.search(rf"(?<!\w){re.escape(name[:50])}{end}", sources) is not None


def _other_columns(actual: LiveName, said: NameAtHead) -> bool:
    """Whether the columns differ; of a check, no catalog says them in an order of its own."""
    if not actual.columns or said.columns is None or actual.kind in ("ck", "trigger"):
        return False
    live = [None if "(" in (one or "(") else (one or "").strip('"') for one in actual.columns]
    return live != list(said.columns)


def read_truth(path: Path) -> list[LiveName]:
    """Return live names that somebody else read: a JSON file with a list ``names``."""
    kinds = {"tr": "trigger"}
    names = json.loads(path.read_text(encoding="utf-8"))["names"]
    return [
        LiveName(
            one["table"],
            kinds.get(one["kind"], one["kind"]),
            one["name"],
            tuple(one.get("columns") or ()),
        )
        for one in names
    ]


@contextmanager
def scratch(dialect: str) -> Iterator[URL]:
    """An empty database."""
    if dialect == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield URL.create("sqlite", database=str(Path(folder) / "history.db"))
        return
    with open_server() as server:
        database = server.create()
        try:
            yield database.url
        finally:
            database.drop()


def run(history: History, url: URL) -> None:
    """Upgrade a database to the heads of a history, in a process with the history's Python.

    Raises:
        HistoryError: It cannot.
    """
    if history.python is None:
        raise HistoryError("only the project itself can; hand over its live names with --truths")
    shown = url.render_as_string(hide_password=False)
    command = [
        history.python,
        str(RUNNER),
        "--versions",
        str(history.versions),
        "--url",
        shown,
        "--path",
        str(history.root),
    ]
    if history.env is not None:
        command += ["--env", str(history.env)]
    else:
        from calista_tools.effects.evaluator import Project
        from calista_tools.effects.names.metadata import read_convention

        convention = read_convention(Project((history.root,)), history.versions)
        command += ["--convention", json.dumps(dict(convention.templates))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise HistoryError("\n".join(done.stderr.splitlines()[-6:]))


def live_of(history: History, dialect: str) -> list[LiveName]:
    """Return the names at head: as told, from the database given, or from a run."""
    if dialect in history.truth:
        return read_truth(history.truth[dialect])
    if history.url is not None:
        return live_names(history.url)
    with scratch(dialect) as url:
        run(history, url)
        return live_names(url)


def report(found: Comparison, *, details: bool) -> str:
    """Return the line of the table, and what went wrong below it."""

    def part(count: list[int]) -> str:
        share = f"{100 * count[1] / count[0]:5.1f}" if count[0] else "   - "
        return f"{count[1]:4}/{count[0]:<4} {share} %"

    precise = found.claimed - len(found.wrong)
    lines = [
        (
            f"{found.history:14} {found.dialect:10}  explicit {part(found.explicit)}  implicit {part(found.implicit)}"
            f"  unnamed {part(found.unnamed)}  precision {part([found.claimed, precise])}"
        )
    ]
    if details:
        if found.elsewhere:
            tables = ", ".join(sorted({one.table for one in found.elsewhere}))
            lines.append(f"    {len(found.elsewhere)} on tables that no revision makes: {tables}")
        lines += [
            *(
                f"    missed ({how}): {live.kind} {live.name} on {live.table} {list(live.columns)}"
                for how, live in found.missed
            ),
            *(
                f"    not there: {one.kind} {one.name} on {one.table} ({_where(one)})"
                for one in found.wrong
            ),
            *(
                f"    unknown: {one.kind} on {one.table} {one.columns}: {one.entry['reason']}"
                f" ({_where(one)})"
                for one in found.unknown
            ),
            *(
                f"    other columns: {live.name} {list(live.columns)}, said {one.columns}"
                f" ({_where(one)})"
                for live, one in found.other_columns
            ),
        ]
    return "\n".join(lines)


def _where(one: NameAtHead) -> str:
    return f"{Path(one.entry['filename']).name}:{one.entry['row']}, {'implicit' if one.implicit else 'explicit'}"


def from_manifest(folder: Path, name: str, truths: Path | None = None) -> History:
    """Return a fetched history with what the manifest knows of running it."""
    entry = histories()[name]
    root = fetch(folder, name)
    truth = _truths(truths, name)
    own = entry.get("env")
    return History(
        name=name,
        versions=root / entry["versions"],
        root=root,
        env=root / own if own else None,
        python=sys.executable if truth else environment(folder, name),
        truth=truth,
        dialects=tuple(entry.get("dialects", DIALECTS)),
    )


def _truths(folder: Path | None, name: str) -> dict[str, Path]:
    if folder is None:
        return {}
    files = {dialect: folder / f"{name}.{dialect}.json" for dialect in DIALECTS}
    return {dialect: path for dialect, path in files.items() if path.is_file()}


def arguments_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="histories of manifest.json; all if none is named"
    )
    parser.add_argument(
        "--folder", type=Path, help="where they are fetched to; outside of any repository"
    )
    parser.add_argument(
        "--truths", type=Path, help="folder of NAME.DIALECT.json files with live names"
    )
    parser.add_argument("--versions", type=Path, help="any folder of revisions")
    parser.add_argument(
        "--root", type=Path, help="what its imports start from; the folder's parent if not given"
    )
    parser.add_argument("--env", type=Path, help="its own env.py")
    parser.add_argument("--python", default=sys.executable, help="the Python to run it with")
    parser.add_argument(
        "--truth",
        type=Path,
        action="append",
        default=[],
        help="file with live names; says its own dialect",
    )
    parser.add_argument("--url", help="a database that is at head already; it is only read")
    parser.add_argument("--dialect", action="append", choices=DIALECTS)
    parser.add_argument("--quiet", action="store_true", help="the table only")
    return parser


def chosen(arguments: argparse.Namespace) -> list[History]:
    """Return the histories that the command line names."""
    if arguments.versions:
        truth = {}
        for path in arguments.truth:
            truth[json.loads(path.read_text(encoding="utf-8"))["about"]["backend"]] = path
        versions = arguments.versions.resolve()
        return [
            History(
                name=versions.parent.name,
                versions=versions,
                root=(arguments.root or versions.parent).resolve(),
                env=arguments.env.resolve() if arguments.env else None,
                python=arguments.python,
                truth=truth,
                url=make_url(arguments.url) if arguments.url else None,
            )
        ]
    return [
        from_manifest(arguments.folder, name, arguments.truths)
        for name in arguments.names or histories()
    ]


def main() -> int:
    """Print the comparison; return the exit code."""
    parser = arguments_parser()
    arguments = parser.parse_args()
    if not (arguments.versions or arguments.folder):
        parser.error("--folder or --versions is needed")
    passes = True
    for history in chosen(arguments):
        entries = listed(history.versions)
        dialects = arguments.dialect or history.truth or history.dialects
        if history.url is not None:
            dialects = [history.url.get_backend_name()]
        for dialect in dialects:
            try:
                found = compare(history, dialect, entries, live_of(history, dialect))
            except HistoryError as error:
                print(f"{history.name:14} {dialect:10}  could not be run: {error}")
                passes = False
                continue
            passes = passes and found.passes
            print(report(found, details=not arguments.quiet), flush=True)
    return 0 if passes else 1


if __name__ == "__main__":
    sys.exit(main())
