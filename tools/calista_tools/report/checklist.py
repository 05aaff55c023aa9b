"""What does the policy ask of a revision, and what is the evidence for each answer?

The lines are those of the review checklist in the migrations policy, in its order and its words. A
line is ticked on evidence alone that would have been another one otherwise: what did not run, or
what nothing looked at, leaves it open. `report.proven` says what the round-trip speaks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from calista_tools.report.proven import (
    bearing_out,
    missing_backends,
    not_done,
    not_moved,
    not_tried,
    not_upgraded,
)
from calista_tools.roundtrip.proof.result import FEW_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from calista_tools.report.evidence import Evidence

NO_APPEND_ONLY = "does not apply: no table is listed in `append-only` of [tool.calista]"
NO_METADATA = "does not apply: env.py gives no metadata to compare head with"
NO_SQLITE = "does not apply: sqlite is not one of the project's `dialects`"
NOTHING_PUBLISHED = (
    "not checked: neither git nor history.lock says what was published; name a branch with --base"
)
#: What a line says that nothing speaks for.
NOTHING = ("nothing was found out about it",)
#: The rules about rows.
DATA = ("CAL301", "CAL302", "CAL303", "CAL304")
#: What says that the rules could not read something: their silence about it is no evidence.
UNREAD = ("CAL006", "CAL009", "CAL010")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One line of the checklist.

    Attributes:
        holds: Whether the evidence supports it.
        evidence: Why, a line each; never empty.
        applies: Whether the project has what it is about; else it neither holds nor fails.
    """

    line: str
    holds: bool
    evidence: tuple[str, ...]
    applies: bool = True

    @property
    def fails(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.applies and not self.holds


def answers(evidence: Evidence) -> list[Answer]:
    """Answer every line of the policy's review checklist."""
    return [question(evidence) for question in QUESTIONS]


def _answer(line: str, against: Iterable[str], for_: Iterable[str]) -> Answer:
    """Return the answer: what speaks against it wins, and is then all that is shown."""
    found, shown = tuple(against), tuple(for_)
    return Answer(line=line, holds=bool(shown) and not found, evidence=found or shown or NOTHING)


def _without_object(line: str, why: str, found: Iterable[str] = ()) -> Answer:
    """Return the answer about what the project does not have."""
    return Answer(line=line, holds=False, evidence=(why, *found), applies=False)


def _upgrade_and_downgrade(evidence: Evidence) -> Answer:
    return _answer(
        "Upgrade + downgrade succeed on SQLite and Postgres",
        [*missing_backends(evidence), *not_moved(evidence)],
        bearing_out(evidence, "upgraded, downgraded and upgraded again"),
    )


def _round_trip(evidence: Evidence) -> Answer:
    return _answer(
        "Round-trip tests pass (PG + SQLite): upgrade → assert → downgrade → assert",
        [*missing_backends(evidence), *not_done(evidence)],
        bearing_out(evidence, "restored by the catalogs, object by object"),
    )


def _append_only(evidence: Evidence) -> Answer:
    line = "Append-only behavior enforced (UPDATE/DELETE blocked) where promised"
    tables = evidence.config.append_only
    against = [*evidence.findings_of("CAL308", everywhere=True)]
    if not tables and not against:
        return _without_object(line, NO_APPEND_ONLY)
    tried = [
        f"{run['server']}: {item['table']} refuses {', '.join(item['refused'])}"
        for run in evidence.runs
        for item in run["append_only"]
    ]
    return _answer(
        line,
        [
            *_unchecked(evidence, "CAL308"),
            *missing_backends(evidence),
            *against,
            *_unread(evidence),
            *not_tried(evidence),
        ],
        [f"promised of {', '.join(tables)}", *tried, *_silent(evidence, "CAL308")],
    )


def _guarded(evidence: Evidence) -> Answer:
    return _answer(
        'Postgres-only code is guarded by `if dialect == "postgresql":`',
        [*_unchecked(evidence, "CAL2"), *evidence.findings_of("CAL2"), *_unread(evidence)],
        _silent(evidence, "CAL2"),
    )


def _names(evidence: Evidence) -> Answer:
    return _answer(
        "Names of constraints/indexes/triggers follow conventions and match tests/docs",
        [*_unchecked(evidence, "CAL1"), *evidence.findings_of("CAL1"), *_unread(evidence)],
        _silent(evidence, "CAL1"),
    )


def _reversible(evidence: Evidence) -> Answer:
    against = [
        f"{backend}: {step['revision']} is not restored by its downgrade: {why}"
        for backend, step in evidence.steps()
        if step["upgrade"] == "ok" and not step["restored"]
        for why in [step["error"] or "; ".join(step["differences"])]
    ]
    declared = [
        f"{backend}: {step['revision']}: {line}"
        for backend, step in evidence.steps()
        if step["downgrade"] == "skipped"
        for line in step["declared"]
    ]
    return _answer(
        "Reversible (or rationale + safe fallback if not)",
        [
            *missing_backends(evidence),
            *not_upgraded(evidence),
            *evidence.findings_of("CAL305"),
            *against,
        ],
        [
            *bearing_out(evidence, "the downgrade brings the schema back"),
            *declared,
            *_silent(evidence, "CAL305"),
        ],
    )


def _recreations(evidence: Evidence) -> Answer:
    line = "No unintended table recreations on SQLite (batch mode changes minimized)"
    if "sqlite" not in evidence.config.dialects:
        return _without_object(line, NO_SQLITE)
    recreated = [
        f"{step['revision']} recreates {table.get('table')}: {table.get('reason')}"
        for backend, step in evidence.steps()
        if backend == "sqlite"
        for table in step["recreated_tables"]
    ]
    # A recreation that says so is intended: CAL306 is silent about it, if it is asked.
    return _answer(
        line,
        [
            *missing_backends(evidence, "sqlite"),
            *not_upgraded(evidence, "sqlite"),
            *evidence.findings_of("CAL306"),
            *(recreated if _off("CAL306", evidence) else []),
        ],
        [*(recreated or ["no table is recreated"]), *_silent(evidence, "CAL306")],
    )


def _data(evidence: Evidence) -> Answer:
    lost = [
        f"{backend}: {step['revision']} loses or changes rows"
        for backend, step in evidence.steps()
        if not step["data_kept"]
    ]
    lost += [
        f"{backend}: {step['revision']}: what its downgrade does to rows was not seen: "
        f"{step['error']}"
        for backend, step in evidence.steps()
        if step["downgrade"] == "error"
    ]
    lost += [
        f"{backend}: {step['revision']} was proven without rows, for it refuses ours: "
        f"{step['refused_rows']}"
        for backend, step in evidence.steps()
        if step["refused_rows"] and FEW_ROWS not in step["notes"]
    ]
    declared = [
        f"{backend}: {step['revision']} says so: {line}"
        for backend, step in evidence.steps()
        for line in step["declared"]
    ]
    return _answer(
        "No data loss without explicit, reviewed data migration",
        [
            *_unchecked(evidence, "CAL301"),
            *missing_backends(evidence),
            *not_upgraded(evidence),
            *evidence.findings_of(*DATA),
            *lost,
            *_unread(evidence),
        ],
        [
            *bearing_out(evidence, "the rows put in before are there after", way_back=False),
            *declared,
            *_silent(evidence, *DATA),
        ],
    )


def _autogenerate(evidence: Evidence) -> Answer:
    line = "Autogenerate diff reviewed; manual edits applied where needed"
    drift = [
        f"{run['backend']}: {kind}: {said}"
        for run in evidence.runs
        for kind in ("drift", "parity")
        for said in run[kind]
    ]
    unknown = [
        f"{run['backend']}: head was not compared with the metadata"
        for run in evidence.runs
        if "drift" not in run["compared"] and run["metadata"] is not False
    ]
    against = [
        *_unchecked(evidence, "CAL004"),
        *missing_backends(evidence),
        *not_upgraded(evidence, everywhere=True),
        *evidence.findings_of("CAL004"),
        *drift,
        *unknown,
    ]
    compared = [(run, kind) for run in evidence.runs for kind in run["compared"]]
    for_ = [
        *_silent(evidence, "CAL004"),
        *(
            f"{run['server']}: head is as the metadata says (no drift)"
            for run, kind in compared
            if kind == "drift"
        ),
        *("head is alike on both databases" for _, kind in compared if kind == "parity"),
    ]
    if not against and any(run["metadata"] is False for run in evidence.runs):
        return _without_object(line, NO_METADATA, for_)
    return _answer(line, against, for_)


def _dependencies(evidence: Evidence) -> Answer:
    changes, locked = evidence.changes, evidence.config.lock_file.exists()
    touched = [
        f"git: {name} was {way}" for name, way in (changes.touched if changes else {}).items()
    ]
    git = [f"git: none of {len(changes.old)} files was touched"] if changes else []
    lock = ["history.lock: published revisions are as they were"] if locked else []
    return _answer(
        "Baseline/revision dependencies correct; no rewrites of published revisions",
        [
            *_unchecked(evidence, "CAL4"),
            *evidence.findings_of("CAL4", "CAL002", everywhere=True),
            *evidence.breaks,
            *touched,
            *([] if git or lock else [NOTHING_PUBLISHED]),
        ],
        [*_silent(evidence, "CAL4", "CAL002"), *git, *lock],
    )


QUESTIONS: Sequence[Callable[[Evidence], Answer]] = (
    _upgrade_and_downgrade,
    _round_trip,
    _append_only,
    _guarded,
    _names,
    _reversible,
    _recreations,
    _data,
    _autogenerate,
    _dependencies,
)


def _silent(evidence: Evidence, *prefixes: str) -> list[str]:
    """Say which rules found nothing, and what was set aside with which reason."""
    codes = [code for code in evidence.rules if code.startswith(prefixes)]
    said = [f"nothing found by {', '.join(codes)}"] if codes else []
    return [*said, *evidence.reasons_for(*prefixes)]


def _unchecked(evidence: Evidence, prefix: str) -> list[str]:
    """Say so where every rule that would know is switched off: silence is then no evidence."""
    return [f"not checked: no rule of {prefix} is selected"] if _off(prefix, evidence) else []


def _off(prefix: str, evidence: Evidence) -> bool:
    return not any(code.startswith(prefix) for code in evidence.rules)


def _unread(evidence: Evidence) -> list[str]:
    """Return what the rules could not read of the revisions that are judged."""
    return list(evidence.findings_of(*UNREAD))
