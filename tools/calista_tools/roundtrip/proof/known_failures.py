"""Which failures were known when the round-trip came to the project? Its baseline file.

A failure is known by its backend, its revision and what is wrong with it, not by the rows that showed
it: those depend on the server and on what other tables hold.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from calista_tools.errors import ConfigError, ToolError
from calista_tools.files import regular_file
from calista_tools.files.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from calista_tools.roundtrip.proof.result import Run, Step

_VERSION = 1
#: Where the baseline lies that nobody has named: beside the history.
NAME = "roundtrip-baseline.json"
HEAD = ("drift", "parity")
#: A difference of schemas, which is exact; other findings speak of rows.
_OF_SCHEMA = re.compile(r"(?:upgrade again: )?[-+~]")
_OF_ROWS = (
    (re.compile(r"\s*\bDETAIL:.*"), ""),
    (re.compile(r": .* → .*? in \d+ rows?\b"), ": values changed"),
    (re.compile(r"\s*\([^()]*\)"), ""),
    (re.compile(r"\b(?:all )?\d[\d.:-]*\b(?: of \d+ rows?| rows?)?"), "#"),
)


@dataclass(frozen=True)
class Known:
    """The known failures of one backend.

    Attributes:
        failures: What is wrong with a revision, by its id.
        head: What is known of head: lines, by kind.
        everything: Whether whatever is found is to be accepted.
    """

    failures: Mapping[str, frozenset[str]] = field(default_factory=dict)
    head: Mapping[str, frozenset[str]] = field(default_factory=dict)
    everything: bool = False

    def covers(self, step: Step) -> bool:
        """Whether a step that is not proven fails in no other way than is known."""
        known = self.failures.get(step.revision, frozenset())
        return not step.proven and (self.everything or known.issuperset(failings(step)))

    def take_in(self, run: Run) -> None:
        """Take out of what is said of head what is known, and note what is known and gone."""
        looked_at = {step.revision: step for step in run.steps}
        run.gone += [
            revision
            for revision in self.failures
            if revision in looked_at and looked_at[revision].proven
        ]
        for kind in HEAD:
            lines: list[str] = getattr(run, kind)
            known = [line for line in lines if line in self.head.get(kind, ())]
            setattr(run, kind, [line for line in lines if line not in known])
            if known:
                words = (
                    "1 known difference" if len(known) == 1 else f"{len(known)} known differences"
                )
                run.notes.append(f"{kind}: {words}, in the baseline")


def failings(step: Step) -> list[str]:
    """Return what is wrong with a step, without the rows that showed it."""
    return list(
        dict.fromkeys(map(_plain, [*([step.error] if step.error else []), *step.differences]))
    )


def _plain(line: str) -> str:
    if _OF_SCHEMA.match(line):
        return line
    for pattern, instead in _OF_ROWS:
        before = ""
        while before != line:
            before, line = line, pattern.sub(instead, line)
    return line.strip()


def read_known(path: Path | None) -> Callable[[str], Known]:
    """Read the baseline file; return what is known of a backend.

    Raises:
        ConfigError: It cannot be read, or is no baseline.
    """
    if path is None:
        return lambda backend: Known()
    try:
        content = json.loads(regular_file.read_text(path))
        if content["version"] != _VERSION:
            raise ConfigError(f"{path}: baseline of version {content['version']}, not {_VERSION}")
        failures: dict[str, dict[str, frozenset[str]]] = {}
        head: dict[str, dict[str, frozenset[str]]] = {}
        for item in content["failures"]:
            found = frozenset(map(str, item["findings"]))
            failures.setdefault(str(item["backend"]), {})[str(item["revision"])] = found
        for item in content["head"]:
            found = frozenset(map(str, item["lines"]))
            head.setdefault(str(item["backend"]), {})[str(item["kind"])] = found
    except OSError as error:
        hint = "write it with `calista-roundtrip --write-baseline`"
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}", hint) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path}: is no baseline: {error!r}") from error
    return lambda backend: Known(failures.get(backend, {}), head.get(backend, {}))


def write_known(
    path: Path, runs: Sequence[Run], before: Callable[[str], Known], revisions: Iterable[str]
) -> int:
    """Record what these runs found, and what was known of all that they did not look at.

    Args:
        path: Where to.
        runs: They accepted everything.
        before: What was known.
        revisions: All that the project has; what is known of others is forgotten.

    Returns:
        How many failures these runs have found.

    Raises:
        ToolError: The file cannot be written.
    """
    order = {revision: at for at, revision in enumerate(revisions)}
    by_backend = {run.backend: run for run in runs}
    failures: list[dict[str, Any]] = []
    head: list[dict[str, Any]] = []
    for backend in ("sqlite", "postgresql"):
        run, old = by_backend.get(backend), before(backend)
        looked_at = {step.revision for step in run.steps} if run else set()
        found = {name: sorted(text) for name, text in old.failures.items() if name not in looked_at}
        found |= {s.revision: failings(s) for s in run.steps if not s.proven} if run else {}
        failures += [
            {"backend": backend, "revision": name, "findings": found[name]}
            for name in sorted(found.keys() & order.keys(), key=order.__getitem__)
        ]
        for kind in HEAD:
            # Parity is told by the last run, and drift by none that has not reached head.
            compared = run is not None and (
                kind in run.compared or (kind == "parity" and len(runs) > 1)
            )
            lines = getattr(run, kind) if compared else sorted(old.head.get(kind, ()))
            head += [{"backend": backend, "kind": kind, "lines": lines}] if lines else []
    text = json.dumps({"version": _VERSION, "failures": failures, "head": head}, indent=1) + "\n"
    try:
        write_whole(str(path), text.encode())
    except OSError as error:
        raise ToolError(f"{path}: cannot be written: {error.strerror or error}") from error
    return sum(not step.proven for run in runs for step in run.steps)
