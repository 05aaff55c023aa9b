"""What can be known of the revisions under review? Lint, round-trip, lock and git, asked once."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from calista_tools.command_name import door
from calista_tools.environment.alembic_run import configuration_file
from calista_tools.errors import ToolError
from calista_tools.history.since_branch import Changes, changes_since
from calista_tools.lint.noqa import read_directives
from calista_tools.lint.rule import all_rules
from calista_tools.lint.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from calista_tools.config import Config
    from calista_tools.history import History, Revision


class Reason(NamedTuple):
    """A finding that somebody set aside, with what they said."""

    name: str
    row: int
    codes: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that the review and the report say is drawn from here.

    Attributes:
        changes: What git says; None where there is no base to compare with.
        revisions: Every revision, in the order of the history.
        new: Those under review: not in the base; without one, those not published.
        rules: The codes that were checked.
        findings: The lint's, as its JSON has them, about the whole history.
        reasons: What was set aside in the revisions that are judged.
        runs: The round-trip's, as its JSON has them.
        rows: By revision id, of those under review that change rows: ``sure`` or ``unsure``.
        breaks: Ways in which published revisions were changed.
    """

    config: Config
    changes: Changes | None
    revisions: Sequence[Revision]
    new: Sequence[Revision]
    rules: Sequence[str]
    findings: Sequence[dict[str, Any]]
    reasons: Sequence[Reason]
    runs: Sequence[dict[str, Any]]
    breaks: Sequence[str]
    rows: Mapping[str, str]

    @property
    def judged(self) -> Sequence[Revision]:
        """Those that the answers are about: under review, or all where nothing is new."""
        return self.new or self.revisions

    def findings_of(self, *prefixes: str, everywhere: bool = False) -> Iterator[str]:
        """Yield the findings of these codes in the revisions that are judged, a line each."""
        names = {revision.name for revision in self.judged}
        for item in self.findings:
            name = Path(item["filename"]).name
            if item["code"].startswith(prefixes) and (everywhere or name in names):
                yield f"{name}:{item['location']['row']}: {item['code']} {item['message']}"

    def reasons_for(self, *prefixes: str) -> Iterator[str]:
        """Yield the reasons that were given for setting these codes aside, a line each."""
        for item in self.reasons:
            for code in item.codes:
                if code.startswith(prefixes):
                    yield f"{item.name}:{item.row}: {code} set aside: {item.reason or 'no reason'}"

    def steps(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the backend and the step of each revision that is judged."""
        ids = {revision.revision for revision in self.judged}
        for run in self.runs:
            for step in run["steps"]:
                if step["revision"] in ids:
                    yield run["backend"], step


def gather(config: Config, base: str | None = None) -> Evidence:
    """Ask lint, round-trip, lock and git.

    Raises:
        ToolError: One of them could not run at all.
    """
    from calista_tools.effects.revision_kind import each
    from calista_tools.history.lock import check_lock
    from calista_tools.history.project_history import read_project

    history = read_project(config, thorough=True)
    if not config.versions.is_dir():
        raise ToolError(f"{config.versions}: no such folder", "set `script_location`")
    if not history.revisions and not history.problems:
        raise ToolError("there is no revision to review", f"`{door()} revision -m` writes one")
    changes = changes_since(config.versions, base)
    revisions = _ordered(history)
    selection = Selection(config.select, config.ignore)
    new = [r for r in revisions if _is_new(r, changes, history)]
    return Evidence(
        config=config,
        changes=changes,
        revisions=revisions,
        new=new,
        rules=[code for code in all_rules() if selection.includes(code)],
        findings=_json("calista_tools.lint.cli", str(config.versions)),
        reasons=[
            Reason(revision.name, item.row, item.codes or ("all",), item.reason.strip())
            for revision in new or revisions
            for item in read_directives(revision.path.read_bytes())
        ],
        runs=_json(
            "calista_tools.roundtrip.roundtrip_cli", "--config", str(configuration_file(config))
        ),
        breaks=[
            f"{item.path.name}: {item.code} {item.message}"
            for item in check_lock(history, config.lock_file)
        ]
        if config.lock_file.exists()
        else [],
        rows={
            revision.revision: "sure" if told.kind in ("data", "mixed") else "unsure"
            for revision, told in each(new)
            if told.writes_rows
        },
    )


def _ordered(history: History) -> list[Revision]:
    """Return the revisions, parents first; those on a cycle, and behind one, come last."""
    known = {revision.revision for revision in history.ordered}
    rest = (one for name, one in history.revisions.items() if name not in known)
    return [*history.ordered, *rest]


def _is_new(revision: Revision, changes: Changes | None, history: History) -> bool:
    if changes is None:
        return revision.revision not in history.published
    return revision.name not in changes.old


def _json(module: str, *arguments: str) -> Any:
    """Run a program of ours in this process and read its JSON."""
    said = io.StringIO()
    with redirect_stdout(said):
        code = import_module(module).main([*arguments, "--output-format", "json"])
    if code not in (0, 1):
        raise ToolError(f"{module.split('.')[1]} could not run", "see above", exit_code=code)
    found = json.loads(said.getvalue() or "[]")
    return found if isinstance(found, list) else [found]
