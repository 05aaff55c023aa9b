"""What does the policy ask of a revision, and what is the evidence for each answer?

The lines are those of the review checklist in the migrations policy, in its order and its words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from calista_tools.config import DIALECTS
from calista_tools.roundtrip.result import FEW_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from calista_tools.report.evidence import Evidence

NO_APPEND_ONLY = "no table is listed in `append-only` of [tool.calista]"
NO_METADATA = "env.py gives no metadata to compare head with"
#: What a line says that nothing speaks for.
NOTHING = ("nothing was found out about it",)
#: The rules about rows.
DATA = ("CAL301", "CAL302", "CAL303", "CAL304")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One line of the checklist.

    Attributes:
        holds: Whether the evidence supports it.
        evidence: Why, a line each; never empty.
    """

    line: str
    holds: bool
    evidence: tuple[str, ...]


def answers(evidence: Evidence) -> list[Answer]:
    """Answer every line of the policy's review checklist."""
    return [question(evidence) for question in QUESTIONS]


def _answer(line: str, against: Iterable[str], for_: Iterable[str]) -> Answer:
    """Return the answer: what speaks against it wins, and is then all that is shown."""
    found, shown = tuple(against), tuple(for_)
    return Answer(line=line, holds=bool(shown) and not found, evidence=found or shown or NOTHING)


def _upgrade_and_downgrade(evidence: Evidence) -> Answer:
    against = [
        f"{backend}: {step['revision']} {way}: {step['error'] or step[way]}"
        for backend, step in evidence.steps()
        for way in ("upgrade", "downgrade", "upgrade_again")
        if step.get(way) != "ok"
    ]
    return _answer(
        "Upgrade + downgrade succeed on SQLite and Postgres",
        [*_missing_backends(evidence), *against],
        _per_backend(evidence, "upgraded, downgraded and upgraded again"),
    )


def _round_trip(evidence: Evidence) -> Answer:
    against = [
        f"{backend}: {step['revision']}: {difference}"
        for backend, step in evidence.steps()
        for difference in step["differences"]
    ]
    against += [
        f"{run['backend']}: {step['revision']} (earlier) is not proven: {_why(step)}"
        for run in evidence.runs
        for step in run["steps"]
        if step["revision"] not in {revision.revision for revision in evidence.judged}
        and (step["error"] or step["differences"])
    ]
    return _answer(
        "Round-trip tests pass (PG + SQLite): upgrade → assert → downgrade → assert",
        [*_missing_backends(evidence), *against],
        _per_backend(evidence, "restored by the catalogs, object by object"),
    )


def _append_only(evidence: Evidence) -> Answer:
    tables = evidence.config.append_only
    for_ = [f"promised of {', '.join(tables)}", *_silent(evidence, "CAL308")]
    return _answer(
        "Append-only behavior enforced (UPDATE/DELETE blocked) where promised",
        [*evidence.findings_of("CAL308", everywhere=True), *_unchecked(evidence, "CAL308")],
        for_ if tables else [NO_APPEND_ONLY],
    )


def _guarded(evidence: Evidence) -> Answer:
    return _answer(
        'Postgres-only code is guarded by `if dialect == "postgresql":`',
        [*evidence.findings_of("CAL2"), *_unchecked(evidence, "CAL2")],
        _silent(evidence, "CAL2"),
    )


def _names(evidence: Evidence) -> Answer:
    return _answer(
        "Names of constraints/indexes/triggers follow conventions and match tests/docs",
        [*evidence.findings_of("CAL1"), *_unchecked(evidence, "CAL1")],
        _silent(evidence, "CAL1"),
    )


def _reversible(evidence: Evidence) -> Answer:
    against = [
        f"{backend}: {step['revision']} is not restored by its downgrade"
        for backend, step in evidence.steps()
        if not step["restored"]
    ] + _not_upgraded(evidence)
    return _answer(
        "Reversible (or rationale + safe fallback if not)",
        [*_missing_backends(evidence), *evidence.findings_of("CAL305"), *against],
        [
            *_per_backend(evidence, "every downgrade brings the schema back"),
            *_silent(evidence, "CAL305"),
        ],
    )


def _recreations(evidence: Evidence) -> Answer:
    recreated = [
        f"{step['revision']} recreates {table.get('table')}: {table.get('reason')}"
        for backend, step in evidence.steps()
        if backend == "sqlite"
        for table in step["recreated_tables"]
    ]
    # A recreation that says so is intended: CAL306 is silent about it.
    return _answer(
        "No unintended table recreations on SQLite (batch mode changes minimized)",
        [*_not_run(evidence, "sqlite"), *evidence.findings_of("CAL306")],
        [*(recreated or ["no table is recreated"]), *_silent(evidence, "CAL306")],
    )


def _data(evidence: Evidence) -> Answer:
    lost = [
        f"{backend}: {step['revision']} loses or changes rows"
        for backend, step in evidence.steps()
        if not step["data_kept"]
    ]
    lost += _not_upgraded(evidence)
    lost += [
        f"{backend}: {step['revision']} was proven without rows, for it refuses ours: "
        f"{step['refused_rows']}"
        for backend, step in evidence.steps()
        if step.get("refused_rows") and FEW_ROWS not in step["notes"]
    ]
    declared = [
        f"{backend}: {step['revision']} says so: {line}"
        for backend, step in evidence.steps()
        for line in step.get("declared", ())
    ]
    return _answer(
        "No data loss without explicit, reviewed data migration",
        [*_missing_backends(evidence), *evidence.findings_of(*DATA), *lost],
        [
            *_per_backend(evidence, "the rows put in before are there after"),
            *declared,
            *_silent(evidence, *DATA),
        ],
    )


def _autogenerate(evidence: Evidence) -> Answer:
    drift = [
        f"{run['backend']}: {kind}: {line}"
        for run in evidence.runs
        for kind in ("drift", "parity")
        for line in run.get(kind, ())
    ]
    compared = [(run, kind) for run in evidence.runs for kind in run["compared"]]
    unknown = [
        f"{run['backend']}: head was not compared with the metadata"
        for run in evidence.runs
        if "drift" not in run["compared"] and run["metadata"] is not False
    ]
    without = [run["backend"] for run in evidence.runs if run["metadata"] is False]
    return _answer(
        "Autogenerate diff reviewed; manual edits applied where needed",
        [*evidence.findings_of("CAL004"), *drift, *unknown],
        [
            *_silent(evidence, "CAL004"),
            *(
                f"{run['server']}: head is as the metadata says (no drift)"
                for run, kind in compared
                if kind == "drift"
            ),
            *(f"{backend}: {NO_METADATA}" for backend in without),
            *("head is alike on both databases" for _, kind in compared if kind == "parity"),
        ],
    )


def _dependencies(evidence: Evidence) -> Answer:
    changes = evidence.changes
    touched = [
        f"git: {name} was {way}" for name, way in (changes.touched if changes else {}).items()
    ]
    git = [f"git: none of {len(changes.old)} files was touched"] if changes else []
    lock = ["history.lock: published revisions are as they were"]
    return _answer(
        "Baseline/revision dependencies correct; no rewrites of published revisions",
        [*evidence.findings_of("CAL4", "CAL002", everywhere=True), *evidence.breaks, *touched],
        [
            *_silent(evidence, "CAL4", "CAL002"),
            *git,
            *(lock if evidence.config.lock_file.exists() else []),
        ],
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


def _per_backend(evidence: Evidence, claim: str) -> list[str]:
    """Say of each backend how many of the revisions under review bear a claim out."""
    steps: dict[str, list[dict[str, Any]]] = {run["backend"]: [] for run in evidence.runs}
    for backend, step in evidence.steps():
        steps[backend].append(step)
    servers = {run["backend"]: run["server"] for run in evidence.runs}
    left_out = [name for name in DIALECTS if name not in evidence.config.dialects]
    return [
        *(
            f"{servers[backend]}: {len(done)} of {_revisions(len(evidence.judged))}: {claim}"
            for backend, done in steps.items()
        ),
        *(f"{name}: not one of the project's `dialects`" for name in left_out),
    ]


def _silent(evidence: Evidence, *prefixes: str) -> list[str]:
    """Say which rules found nothing, and what was set aside with which reason."""
    codes = [code for code in evidence.rules if code.startswith(prefixes)]
    said = [f"nothing found by {', '.join(codes)}"] if codes else []
    return [*said, *evidence.reasons_for(*prefixes)]


def _unchecked(evidence: Evidence, *prefixes: str) -> list[str]:
    """Say so where every rule that would know is switched off: silence is then no evidence."""
    if any(code.startswith(prefixes) for code in evidence.rules):
        return []
    return [f"not checked: no rule of {', '.join(prefixes)} is selected"]


def _missing_backends(evidence: Evidence) -> list[str]:
    """Say of which of the project's dialects the round-trip says nothing."""
    return _not_run(evidence, *evidence.config.dialects)


def _not_run(evidence: Evidence, *dialects: str) -> list[str]:
    ran = {run["backend"] for run in evidence.runs}
    wanted = [name for name in dialects if name in evidence.config.dialects]
    return [f"{name}: not run" for name in wanted if name not in ran]


def _not_upgraded(evidence: Evidence) -> list[str]:
    """Say of which revisions nothing after the upgrade could be seen."""
    return [
        f"{backend}: {step['revision']} could not be upgraded"
        for backend, step in evidence.steps()
        if step["upgrade"] != "ok"
    ]


def _revisions(count: int) -> str:
    return f"{count} revision{'' if count == 1 else 's'}"


def _why(step: dict[str, Any]) -> str:
    return str(step["error"] or "; ".join(step["differences"]))
