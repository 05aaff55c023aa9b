"""What does the round-trip speak for, and what did it not come to?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calista_tools.config import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.report.evidence import Evidence

#: The ways of a round-trip, in their order.
_WAYS = ("upgrade", "downgrade", "upgrade_again")


def bearing_out(evidence: Evidence, claim: str, *, way_back: bool = True) -> list[str]:
    """Say of each backend how many of the revisions under review bear a claim out.

    Args:
        evidence: What was found.
        claim: About revisions that were upgraded to,
        way_back: and downgraded, too.
    """
    ways = _WAYS[: 2 if way_back else 1]
    done = dict.fromkeys((run["backend"] for run in evidence.runs), 0)
    for backend, step in evidence.steps():
        done[backend] += all(step[way] == "ok" for way in ways)
    servers = {run["backend"]: run["server"] for run in evidence.runs}
    left_out = [name for name in DIALECTS if name not in evidence.config.dialects]
    return [
        *(
            f"{servers[backend]}: {count} of {_revisions(len(evidence.judged))}: {claim}"
            for backend, count in done.items()
        ),
        *(f"{name}: not one of the project's `dialects`" for name in left_out),
    ]


def missing_backends(evidence: Evidence, *dialects: str) -> list[str]:
    """Say of which dialects, or revisions on them, the round-trip says nothing."""
    wanted = dialects or evidence.config.dialects
    ran = {run["backend"] for run in evidence.runs}
    seen = {(backend, step["revision"]) for backend, step in evidence.steps()}
    return [
        *(f"{name}: not run" for name in wanted if name not in ran),
        *(
            f"{name}: {revision.revision} was not run"
            for name in wanted
            if name in ran
            for revision in evidence.judged
            if (name, revision.revision) not in seen
        ),
    ]


def not_moved(evidence: Evidence) -> list[str]:
    """Say which upgrades and downgrades failed, or were not tried."""
    return [
        f"{backend}: {step['revision']} {why}"
        for backend, step in evidence.steps()
        for why in _unmoved(step)
    ]


def not_done(evidence: Evidence) -> list[str]:
    """Say which round-trips did not pass, of the revisions under review and of those before."""
    found = [
        f"{backend}: {step['revision']} {why}"
        for backend, step in evidence.steps()
        for why in (*_unmoved(step), *step["differences"])
    ]
    judged = {revision.revision for revision in evidence.judged}
    for run in evidence.runs:
        for step in run["steps"]:
            wrong = step["error"] or "; ".join(step["differences"])
            if wrong and step["revision"] not in judged:
                said = f"{step['revision']} (earlier) is not proven: {wrong}"
                found.append(f"{run['backend']}: {said}")
    return found


def not_upgraded(evidence: Evidence, *dialects: str, everywhere: bool = False) -> list[str]:
    """Say of which revisions nothing after the upgrade could be seen, and why.

    Args:
        evidence: What was found.
        dialects: Where; by default on all.
        everywhere: Of all revisions, not only those under review.
    """
    steps = _all_steps(evidence) if everywhere else evidence.steps()
    return [
        f"{backend}: {step['revision']} could not be upgraded: {step['error']}"
        for backend, step in steps
        if step["upgrade"] != "ok" and (not dialects or backend in dialects)
    ]


def not_tried(evidence: Evidence) -> list[str]:
    """Say what append-only tables did not refuse, or where that could not be tried."""
    found = not_upgraded(evidence, everywhere=True)
    for run in evidence.runs:
        tried = {item["table"]: item["open"] for item in run["append_only"]}
        for table in evidence.config.append_only:
            said = tried.get(table, [f"{table} was not tried: head was not reached"])
            found += [f"{run['backend']}: {line}" for line in said]
    return found


def _all_steps(evidence: Evidence) -> Iterator[tuple[str, dict[str, Any]]]:
    for run in evidence.runs:
        for step in run["steps"]:
            yield run["backend"], step


def _unmoved(step: dict[str, Any]) -> list[str]:
    """Say which way did not succeed: the first, which the others depend on."""
    for way in _WAYS:
        if step[way] != "ok":
            said = step["error"] or "; ".join(step["declared"]) or step[way]
            name = way.replace("_", " ")
            told = said if said.startswith(name) else f"{name}: {said}"
            return [told if step[way] == "error" else f"{told} (not run)"]
    return []


def _revisions(count: int) -> str:
    return f"{count} revision{'' if count == 1 else 's'}"
