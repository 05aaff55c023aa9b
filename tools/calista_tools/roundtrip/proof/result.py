"""What was found out about each revision?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from calista_tools.roundtrip.snapshot import Snapshot

OK, ERROR, SKIPPED = "ok", "error", "skipped"
#: The note of a step whose upgrade refuses several rows of ours, and takes one.
FEW_ROWS = "proven with one row in each table"


@dataclass
class Step:
    """One revision on one backend.

    Attributes:
        upgrade: ``ok``, ``error``, or ``skipped`` where an earlier failure made it impossible.
        downgrade: The same; also ``error`` where there is none.
        upgrade_again: Whether it could be upgraded once more after its downgrade.
        restored: Whether the downgrade brought the schema back.
        data_kept: Whether the rows are as they were, as far as the schema can hold them.
        recreated_tables: SQLite tables that the upgrade made anew, with the reason.
        error: The first error, in one line.
        statement: The SQL statement that failed.
        refused_rows: Why the upgrade refuses our sample rows, which the schema before it takes: it
            was proven without rows instead.
        differences: What is not as it should be, one line each.
        notes: What is worth knowing and no defect.
        reproduce: The commands that show the defect by hand.
        blocked: The revision that cannot be upgraded to, and that keeps it from being reached: itself,
            or one before it.
        known: Whether it is not proven, and no other failure than the baseline has.
    """

    revision: str
    filename: str
    summary: str = ""
    upgrade: str = OK
    downgrade: str = OK
    upgrade_again: str = OK
    restored: bool = True
    data_kept: bool = True
    recreated_tables: list[dict[str, str]] = field(default_factory=list)
    seconds: float = 0.0
    error: str | None = None
    statement: str | None = None
    refused_rows: str | None = None
    differences: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    declared: list[str] = field(default_factory=list)
    reproduce: list[str] = field(default_factory=list)
    cached: bool = False
    blocked: str | None = None
    known: bool = False

    @property
    def proven(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.differences and self.error is None and self.upgrade == OK

    @property
    def passes(self) -> bool:
        """Whether nothing is wrong with it that was not known."""
        return self.proven or self.known

    def fail(self, message: str, statement: str | None = None) -> None:
        """Record an error; the first one is kept."""
        if self.error is None:
            self.error, self.statement = message, statement

    def accept_refusal(self) -> None:
        """Take the upgrade's error as its answer to our rows: no defect, and no proof with rows."""
        self.refused_rows = (self.error or "").removeprefix("upgrade: ")
        self.error = self.statement = None
        self.upgrade = OK

    def as_json(self) -> dict[str, Any]:
        """Return the step as the command's JSON has it."""
        return {
            "revision": self.revision,
            "filename": self.filename,
            "summary": self.summary,
            "upgrade": self.upgrade,
            "downgrade": self.downgrade,
            "upgrade_again": self.upgrade_again,
            "restored": self.restored,
            "data_kept": self.data_kept,
            "recreated_tables": self.recreated_tables,
            "seconds": round(self.seconds, 4),
            "error": self.error,
            "statement": self.statement,
            "refused_rows": self.refused_rows,
            "differences": self.differences,
            "notes": self.notes,
            "declared": self.declared,
            "reproduce": self.reproduce,
            "cached": self.cached,
            "known": self.known,
        }


@dataclass
class Run:
    """One backend's steps, oldest first, and what was found at head.

    Attributes:
        compared: What head was compared with: the metadata (``drift``), the other dialect's head
            (``parity``). An empty list of differences says something only where it was.
        append_only: Of each table that is to be append-only, which statements it refused and which
            not; empty where head was not reached.
        metadata: Whether env.py gives metadata to compare with; None where head was not looked at.
        unknown: Why head could not be compared with it; among the notes, too.
        gone: Revisions that the baseline has as failures, and that are proven now.
    """

    backend: str
    server: str
    steps: list[Step] = field(default_factory=list)
    drift: list[str] = field(default_factory=list)
    parity: list[str] = field(default_factory=list)
    compared: list[str] = field(default_factory=list)
    append_only: list[dict[str, Any]] = field(default_factory=list)
    metadata: bool | None = None
    notes: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    head: Snapshot | None = field(default=None, repr=False)
    seconds: float = 0.0

    @property
    def proven(self) -> bool:
        """Whether every step is proven, or known not to be; of head nothing is judged here."""
        return all(step.passes for step in self.steps)

    @property
    def agrees(self) -> bool:
        """Whether head is what the metadata and the other dialect say, or the project wrote down."""
        return not self.drift and not self.parity and not self.unknown

    def summary(self) -> dict[str, Any]:
        """Count what was found."""
        steps = self.steps
        return {
            "revisions": len(steps),
            "proven": sum(step.proven for step in steps),
            "cached": sum(step.cached for step in steps),
            "failed": sum(not step.passes for step in steps),
            "known": sum(step.known for step in steps),
            "upgrade_errors": sum(step.upgrade == ERROR for step in steps),
            "downgrade_errors": sum(step.downgrade == ERROR for step in steps),
            "not_restored": sum(not step.restored for step in steps),
            "upgrade_again_errors": sum(step.upgrade_again == ERROR for step in steps),
            "data_lost": sum(not step.data_kept for step in steps),
            "refused_rows": sum(step.refused_rows is not None for step in steps),
            "skipped": sum(step.upgrade == SKIPPED for step in steps),
            "drift": len(self.drift),
            "parity": len(self.parity),
            "seconds": round(self.seconds, 3),
        }

    def as_json(self) -> dict[str, Any]:
        """Return the run as the command's JSON has it."""
        return {
            "backend": self.backend,
            "server": self.server,
            "steps": [step.as_json() for step in self.steps],
            "drift": self.drift,
            "parity": self.parity,
            "compared": self.compared,
            "append_only": self.append_only,
            "metadata": self.metadata,
            "gone": self.gone,
            "notes": self.notes,
            "summary": self.summary(),
        }
