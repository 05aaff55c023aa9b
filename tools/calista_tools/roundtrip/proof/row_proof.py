"""Do the rows survive a revision? Follows them through its steps, for the judge."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.roundtrip.proof.result import FEW_ROWS
from calista_tools.roundtrip.rows import (
    Declaration,
    Moment,
    SampleRows,
    declarations,
    is_about_rows,
    judge,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from calista_tools.roundtrip.live.live_database import LiveDatabase
    from calista_tools.roundtrip.proof.result import Step
    from calista_tools.roundtrip.rows import Content, GivenRows, Query, RowState, TableName
    from calista_tools.roundtrip.snapshot import Snapshot


class Rows:
    """The rows of one walk.

    Args:
        given: What the project gives itself.
        losses: Revisions whose losses the project declares in its settings, with the reason.
    """

    def __init__(self, given: GivenRows | None, losses: Mapping[str, str]) -> None:
        self._losses = losses
        self._given = given
        self._samples: SampleRows | None = None
        self._before: Moment | None = None
        #: The rows before the revision, whether or not it was proven with them.
        self.known: RowState | None = None
        self._upgraded: Moment | None = None
        self._restored: Moment | None = None
        self._again: Moment | None = None
        self._sent: Sequence[str] = ()
        self._notes: list[str] = []
        #: Why the next revision is tried with few rows: it refuses more.
        self._few: str | None = None

    def start(self, live: LiveDatabase) -> None:
        """Begin with a database, or go on after it was put back."""
        if self._samples is None:
            self._samples = SampleRows(skip=[live.version_table], given=self._given)
        self._samples.attach(live)

    def fill(self, applied: Sequence[str], schema: Snapshot) -> None:
        """See to it that every table holds rows, now that these revisions were applied."""
        assert self._samples is not None
        known = dict(self._samples.unfilled)
        self.known = self._samples.fill(applied, few=self._few is not None)
        self._before = Moment(self.known, schema)
        unfilled = self._samples.unfilled.items()
        self._notes = [f"no rows in {name}: {why}" for name, why in unfilled if name not in known]
        self._upgraded = self._restored = self._again = None

    def overlooked(self, database: Query) -> bool:
        """Tell whether tables hold other rows, in the database or a copy of it, than was noticed."""
        return self._samples is not None and self._samples.overlooked(database)

    def follow(self) -> None:
        """Take in the rows after a step of which nothing is asked."""
        assert self._samples is not None
        self._samples.state()

    @property
    def has_any(self) -> bool:
        """Whether any table held a row before the upgrade."""
        return self._before is not None and any(
            content.rows for content in self._before.state.contents.values()
        )

    @property
    def filled(self) -> dict[TableName, Content]:
        """The rows that were put in before the revision."""
        assert self._samples is not None
        assert self.known is not None
        return {
            table: _without(self.known.contents[table], held)
            for table, held in self._samples.filled.items()
        }

    @property
    def changed(self) -> set[TableName]:
        """Tables whose rows a step of the revision changed, if only by a cascade or a trigger."""
        if self.known is None:
            return set()
        moments = (self._upgraded, self._restored, self._again)
        later = [moment.state for moment in moments if moment]
        return {
            table
            for table, content in self.known.contents.items()
            if any(state.contents.get(table) is not content for state in later)
        }

    def refused(self, error: BaseException) -> bool:
        """Tell whether an upgrade that failed may pass with other rows; forget these ones."""
        before, self._before, self._few = self._before, None, None
        return before is not None and is_about_rows(error, before.state)

    def take_fewer(self, error: BaseException, why: str) -> bool:
        """Tell whether an upgrade that failed is worth another try with one row in each table."""
        before = self._before
        if self._few is not None or before is None or not is_about_rows(error, before.state):
            return False
        if all(len(content.rows) < 2 for content in before.state.contents.values()):
            return False
        self._few = why
        return True

    def upgraded(self, sent: Sequence[str], schema: Snapshot) -> None:
        """Take in the rows after the upgrade, which sent these statements."""
        self._sent, self._upgraded = sent, self._moment(schema)

    def downgraded(self, schema: Snapshot) -> None:
        """Take in the rows after the downgrade."""
        self._restored = self._moment(schema)

    def upgraded_again(self, schema: Snapshot) -> None:
        """Take in the rows after the second upgrade."""
        self._again = self._moment(schema)

    def _moment(self, schema: Snapshot) -> Moment:
        assert self._samples is not None
        return Moment(self._samples.state(), schema)

    def judge(self, step: Step) -> bool:
        """Say in the step what became of the rows; tell whether that is a finding."""
        few, self._few = self._few, None
        if self._before is None or self._upgraded is None:
            return False
        source = Path(step.filename).read_text(encoding="utf-8", errors="replace")
        found = declarations(source)
        if reason := self._losses.get(step.revision):
            found.append(Declaration(reason))
        verdict = judge(
            self._before,
            self._upgraded,
            self._restored,
            self._again,
            up=self._sent,
            declarations=found,
        )
        self._before = None
        if few is not None:
            step.refused_rows = few
            self._notes.append(FEW_ROWS)
        step.data_kept = verdict.data_kept
        step.restored &= not verdict.left_over
        step.differences += [*verdict.differences, *verdict.left_over]
        step.declared += verdict.declared
        step.notes += [*self._notes, *verdict.notes]
        return bool(verdict.differences or verdict.left_over)


def _without(content: Content, old: Content) -> Content:
    known = [repr(row) for row in old.rows]
    return replace(content, rows=tuple(row for row in content.rows if repr(row) not in known))
