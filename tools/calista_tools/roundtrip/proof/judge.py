"""What is a defect, and how is it told?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.environment.roundtrip_settings import Settings
from calista_tools.roundtrip.live.live_database import reading_copy
from calista_tools.roundtrip.live.recreated_tables import losses, reasons
from calista_tools.roundtrip.live.sent_statements import words
from calista_tools.roundtrip.proof.from_nothing import counts_on_rows
from calista_tools.roundtrip.proof.known_failures import Known
from calista_tools.roundtrip.proof.reproduce import (
    Filling,
    commands,
    from_nothing,
    insertions,
    tables_for,
)
from calista_tools.roundtrip.proof.result import ERROR, SKIPPED
from calista_tools.roundtrip.proof.row_proof import Rows
from calista_tools.roundtrip.rows import IRREVERSIBLE, declarations, is_about_values
from calista_tools.roundtrip.snapshot import ORDER, Difference, Key, differences, moved_to_the_end

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calista_tools.backends import ScratchDatabase
    from calista_tools.roundtrip.live.live_database import Live
    from calista_tools.roundtrip.live.sent_statements import Statements
    from calista_tools.roundtrip.proof.result import Step
    from calista_tools.roundtrip.rows import GivenRows, Query
    from calista_tools.roundtrip.snapshot import Snapshot


#: How either database, or SQLAlchemy, says that a table is not there.
_MISSING = re.compile(r"no such table|relation .* does not exist|NoSuchTableError", re.IGNORECASE)
_PREPARE = "the history begins on tables that it does not make: name what makes them with --prepare"


class Judge:
    """Turns what was seen of a revision into the words of its step."""

    def __init__(
        self,
        given: GivenRows | None = None,
        settings: Settings | None = None,
        known: Known | None = None,
    ) -> None:
        self._settings = settings or Settings()
        self._known = known or Known()
        self._rows = Rows(given, self._settings.losses)
        #: Revisions that may fail on empty tables.
        self.counting: set[str] = set()
        #: What shows the step's findings: see `reproduce`.
        self._before: Snapshot = {}
        self._sent: list[str] = []
        self._rows_matter = False
        #: Tables whose columns are in another place after the downgrade, as they must be.
        self._moved: list[Difference] = []
        #: What was put in so far, and how much of it when a revision last went on after an error
        #: that came of rows: what is there since then, rows alone can tell.
        self._fillings: list[Filling] = []
        self._survived = 0

    def start(self, live: Live) -> None:
        """Begin a run of revisions."""
        self._dialect = live.dialect
        self._rows.start(live)

    def before(self, applied: Sequence[str], snapshot: Snapshot) -> None:
        """Prepare the database, to which these revisions were applied, for the next one."""
        self._before, self._sent, self._rows_matter = snapshot, [], False
        self._moved = []
        self._rows.fill(applied, snapshot)
        if filled := self._rows.filled:
            schema = {str(table): snapshot.get(str(table), {}) for table in filled}
            after = applied[-1] if applied else None
            keys = self._rows.known.keys if self._rows.known else {}
            self._fillings.append(Filling(after=after, rows=filled, schema=schema, keys=keys))

    def fill(self, applied: Sequence[str]) -> None:
        """Put rows where a revision that is proven already had some."""
        self._rows.fill(applied, {})

    def overlooked(self, database: Query) -> bool:
        """Tell whether tables hold other rows, in the database or a copy of it, than was noticed."""
        return self._rows.overlooked(database)

    def overlooked_until(self, failed: ScratchDatabase) -> bool:
        """Tell the same of a database that will be brought back: then its rows are made anew."""
        if self._dialect == "sqlite":
            return False
        with reading_copy(failed) as copy:
            return self.overlooked(copy)

    def follow(self) -> None:
        """Take in the rows after a revision that is proven already."""
        self._rows.follow()

    def failed_from_nothing(self, step: Step, error: BaseException) -> None:
        """Take in that a new database, without any rows, cannot be upgraded to a revision."""
        step.differences.append(f"upgrade of empty tables: {words(error)}")
        step.reproduce += from_nothing(step, self._settings.prepare)

    @property
    def depends_on_rows(self) -> bool:
        """Whether what a revision made depends on the rows that it met."""
        return self._survived > 0

    @property
    def has_rows(self) -> bool:
        """Whether the next revision is tried on any rows of ours."""
        return self._rows.has_any

    def failed(self, step: Step, direction: str, error: BaseException, sent: Sequence[str]) -> None:
        """Take in that a step failed, with its last statements."""
        tables = [key for group in self._before.values() for key in group if key.kind == "table"]
        if direction == "upgrade" and not tables and _MISSING.search(str(error)):
            step.notes.append(_PREPARE)
        self._sent += sent
        self._rows_matter |= is_about_values(error)

    def take_fewer(self, error: BaseException, step: Step) -> bool:
        """Tell whether to try the revision once more, with fewer rows."""
        return self._rows.take_fewer(error, (step.error or "").removeprefix("upgrade: "))

    def refused(self, step: Step, error: BaseException) -> None:
        """Take in that an upgrade failed on the rows there were, and passes without them."""
        self._rows_matter = not self._rows.refused(error)
        if not self._rows_matter:
            # What is found from here on is found without them.
            self._sent = []
            step.accept_refusal()
        else:
            step.notes.append("it can be upgraded to only while the tables are empty")

    def has_no_way_back(self, step: Step, module: object) -> bool:
        """Tell whether there is no downgrade, or it is said not to be one; note it in the step."""
        if self._is_irreversible(step):
            return True
        if hasattr(module, "downgrade"):
            return False
        step.downgrade, step.upgrade_again, step.restored = ERROR, SKIPPED, False
        step.fail("there is no downgrade")
        return True

    def _is_irreversible(self, step: Step) -> bool:
        reason = self._settings.irreversible.get(step.revision)
        if reason is None:
            source = Path(step.filename).read_text(encoding="utf-8", errors="replace")
            reason = next((said.reason for said in declarations(source, IRREVERSIBLE)), None)
        if reason is None:
            return False
        step.downgrade = step.upgrade_again = SKIPPED
        step.declared.append(f"no way back, declared: {reason}")
        return True

    def upgraded(
        self, step: Step, before: Snapshot, after: Snapshot, live: Live, statements: Statements
    ) -> None:
        """Look at the database after the first upgrade."""
        sent = statements.sent
        for error in filter(is_about_values, statements.errors):
            step.notes.append(f"it goes on after an error: {words(error)}")
            self._survived = len(self._fillings)
        tables = live.recreated()
        step.recreated_tables.extend(reasons(tables, before, after))
        step.differences.extend(losses(tables, before, after, sent))
        self._sent += sent
        if counts_on_rows(sent, live.version_table):
            self.counting.add(step.revision)
        broken = live.violations(sent)
        self._rows_matter |= bool(broken)
        step.differences.extend(broken)
        self._rows.upgraded(sent, after)

    def downgraded(
        self,
        step: Step,
        before: Snapshot,
        after: Snapshot,
        found: Snapshot,
        live: Live,
        sent: Sequence[str],
    ) -> None:
        """Compare the schema after the downgrade with the one before the upgrade."""
        self._sent += sent
        broken = [line for line in live.violations(sent) if line not in step.differences]
        self._rows_matter |= bool(broken)
        step.differences.extend(broken)
        self._rows.downgraded(found)
        found_differences = differences(before, found)
        real = [d for d in found_differences if not _explained(d, before, after, found, self._sent)]
        self._moved = [d for d in found_differences if d not in real]
        step.notes.extend(
            f"{moved} (a column that was dropped comes back as the last one)"
            for moved in self._moved
        )
        if real:
            step.restored = False
            step.differences.extend(map(str, real))
            if not differences(after, found):
                step.notes.append("the downgrade changes nothing")

    def upgraded_again(self, step: Step, after: Snapshot, again: Snapshot) -> None:
        """Compare the schema after the second upgrade with the one after the first."""
        self._rows.upgraded_again(again)
        for difference in differences(after, again):
            if difference.order_only and (not step.restored or self._moved):
                continue
            step.differences.append(f"upgrade again: {difference}")

    def reproduce(self, step: Step, parents: Sequence[str]) -> None:
        """Say what became of the rows, and how a defect is seen by hand."""
        self._rows_matter |= self._rows.judge(step)
        step.known = self._known.covers(step)
        if not step.proven and step.upgrade != SKIPPED:
            early, rows = self._what_it_met(step) if self._rows_matter else ([], [])
            step.reproduce = commands(step, parents, rows, self._settings.prepare, early)

    def _what_it_met(self, step: Step) -> tuple[list[str], list[str]]:
        """Return the statements that put in rows earlier, where that matters, and just before."""
        if self._rows.known is None:
            return [], []
        known, earlier = self._rows.known, self._fillings[: self._survived]
        keys = known.keys if earlier else {}
        fillings = [*earlier, Filling(rows=known.contents, schema=self._before, keys=keys)]
        tables = tables_for([*self._sent, *step.differences], self._rows.changed, fillings)
        *early, rows = (insertions(filling, tables, self._dialect) for filling in fillings)
        return [line for lines in early for line in lines], rows


def _explained(
    difference: Difference,
    before: Snapshot,
    after: Snapshot,
    found: Snapshot,
    sent: Sequence[str],
) -> bool:
    """Tell whether columns are in another place only because they had to be made anew."""
    if not difference.order_only:
        return False
    table = difference.key.name
    was, now = before.get(table, {}), after.get(table, {})
    kept = {key.name for key in now if key.kind == "column"}
    if any(key.kind == "column" and key.name not in kept for key in was):
        return True
    # Another column may have been filled from one, and been given its name when that was dropped.
    moved = moved_to_the_end(was[difference.key][ORDER], found[table][difference.key][ORDER])
    name = re.escape(table.rpartition(".")[2])
    adds = re.compile(rf"\bALTER\s+TABLE\b[^(]*\b{name}\b.*\bADD\b", re.IGNORECASE | re.DOTALL)
    return bool(moved) and (
        any(adds.search(statement) for statement in sent)
        or all(
            was[Key("column", column, table)] != now[Key("column", column, table)]
            for column in moved
        )
    )
