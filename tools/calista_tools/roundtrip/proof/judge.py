"""What is a defect, and how is it told?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.environment.roundtrip_settings import Settings
from calista_tools.roundtrip.live.live_database import reading_copy
from calista_tools.roundtrip.live.recreated_tables import losses, reasons
from calista_tools.roundtrip.live.sent_statements import words
from calista_tools.roundtrip.proof.empty_database import counts_on_rows
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
    from calista_tools.roundtrip.live.live_database import LiveDatabase
    from calista_tools.roundtrip.live.sent_statements import Statements
    from calista_tools.roundtrip.proof.result import Step
    from calista_tools.roundtrip.rows import GivenRows, Query
    from calista_tools.roundtrip.snapshot import Snapshot


#: How either database, or SQLAlchemy, says that a table is not there.
_MISSING = re.compile(r"no such table|relation .* does not exist|NoSuchTableError", re.IGNORECASE)
_PREPARE = "the history begins on tables that it does not make: name what makes them with --prepare"


@dataclass
class Evidence:
    """What shows a revision's findings by hand: see `reproduce`.

    Attributes:
        sent: The statements that matter.
        rows_matter: Whether it takes rows to see them.
    """

    sent: list[str] = field(default_factory=list)
    rows_matter: bool = False


@dataclass(frozen=True)
class Before:
    """A revision that is to be upgraded to, with the schema before it."""

    step: Step
    schema: Snapshot
    evidence: Evidence = field(default_factory=Evidence)

    def passed_otherwise(self, schema: Snapshot) -> Upgraded:
        """Return what goes on where an upgrade failed, and passes in another way."""
        return Upgraded(self, schema)


@dataclass(frozen=True)
class Upgraded:
    """A revision that was upgraded to, with the schema after it."""

    before: Before
    schema: Snapshot


@dataclass(frozen=True)
class Downgraded:
    """A revision that was undone.

    Attributes:
        moved: Tables whose columns are in another place since then, as they must be.
    """

    upgraded: Upgraded
    moved: Sequence[Difference]


class Judge:
    """Turns what was seen of a revision into the words of its step.

    `before`, `upgraded`, `downgraded`, `upgraded_again`: each takes what the one before it returns.
    """

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
        #: What was put in so far, and how much of it when a revision last went on after an error
        #: that came of rows: what is there since then, rows alone can tell.
        self._fillings: list[Filling] = []
        self._survived = 0

    def start(self, live: LiveDatabase) -> None:
        """Begin a run of revisions."""
        self._dialect = live.dialect
        self._rows.start(live)

    def before(self, step: Step, applied: Sequence[str], schema: Snapshot) -> Before:
        """Prepare the database, to which these revisions were applied, for the next one."""
        self._rows.fill(applied, schema)
        if filled := self._rows.filled:
            tables = {str(table): schema.get(str(table), {}) for table in filled}
            after = applied[-1] if applied else None
            keys = self._rows.known.keys if self._rows.known else {}
            self._fillings.append(Filling(after=after, rows=filled, schema=tables, keys=keys))
        return Before(step, schema)

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

    def failed_on_empty_database(self, step: Step, error: BaseException) -> None:
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

    def failed(
        self, before: Before, direction: str, error: BaseException, sent: Sequence[str]
    ) -> None:
        """Take in that a step failed, with its last statements."""
        tables = [key for group in before.schema.values() for key in group if key.kind == "table"]
        if direction == "upgrade" and not tables and _MISSING.search(str(error)):
            before.step.notes.append(_PREPARE)
        before.evidence.sent += sent
        before.evidence.rows_matter |= is_about_values(error)

    def take_fewer(self, before: Before, error: BaseException) -> bool:
        """Tell whether to try the revision once more, with fewer rows."""
        return self._rows.take_fewer(error, (before.step.error or "").removeprefix("upgrade: "))

    def refused(self, before: Before, error: BaseException, after: Snapshot) -> Upgraded:
        """Take in that an upgrade failed on the rows there were, and passes without them."""
        evidence = before.evidence
        evidence.rows_matter = not self._rows.refused(error)
        if not evidence.rows_matter:
            # What is found from here on is found without them.
            evidence.sent = []
            before.step.accept_refusal()
        else:
            before.step.notes.append("it can be upgraded to only while the tables are empty")
        return before.passed_otherwise(after)

    def has_no_way_back(self, upgraded: Upgraded, module: object) -> bool:
        """Tell whether there is no downgrade, or it is said not to be one; note it in the step."""
        step = upgraded.before.step
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
        self, before: Before, after: Snapshot, live: LiveDatabase, statements: Statements
    ) -> Upgraded:
        """Look at the database after the first upgrade."""
        step, sent = before.step, statements.sent
        for error in filter(is_about_values, statements.errors):
            step.notes.append(f"it goes on after an error: {words(error)}")
            self._survived = len(self._fillings)
        tables = live.recreated()
        step.recreated_tables.extend(reasons(tables, before.schema, after))
        step.differences.extend(losses(tables, before.schema, after, sent))
        before.evidence.sent += sent
        if counts_on_rows(sent, live.version_table):
            self.counting.add(step.revision)
        self._take_in_broken(before, live.violations(sent))
        self._rows.upgraded(sent, after)
        return Upgraded(before, after)

    def downgraded(
        self, upgraded: Upgraded, found: Snapshot, live: LiveDatabase, sent: Sequence[str]
    ) -> Downgraded:
        """Compare the schema after the downgrade with the one before the upgrade."""
        before, after = upgraded.before, upgraded.schema
        step, evidence = before.step, before.evidence
        evidence.sent += sent
        broken = [line for line in live.violations(sent) if line not in step.differences]
        self._take_in_broken(before, broken)
        self._rows.downgraded(found)
        all_found = differences(before.schema, found)
        moved = [d for d in all_found if _explained(d, before.schema, after, found, evidence.sent)]
        real = [difference for difference in all_found if difference not in moved]
        step.notes.extend(
            f"{difference} (a column that was dropped comes back as the last one)"
            for difference in moved
        )
        if real:
            step.restored = False
            step.differences.extend(map(str, real))
            if not differences(after, found):
                step.notes.append("the downgrade changes nothing")
        return Downgraded(upgraded, moved)

    def _take_in_broken(self, before: Before, broken: Sequence[str]) -> None:
        before.evidence.rows_matter |= bool(broken)
        before.step.differences.extend(broken)

    def upgraded_again(self, downgraded: Downgraded, again: Snapshot) -> None:
        """Compare the schema after the second upgrade with the one after the first."""
        upgraded = downgraded.upgraded
        step = upgraded.before.step
        self._rows.upgraded_again(again)
        for difference in differences(upgraded.schema, again):
            if difference.order_only and (not step.restored or downgraded.moved):
                continue
            step.differences.append(f"upgrade again: {difference}")

    def conclude(self, step: Step, before: Before | None, parents: Sequence[str]) -> None:
        """Say what became of the rows, and how a defect is seen by hand.

        Args:
            step: The revision's.
            before: Where its proof had begun; None where it was not reached.
            parents: What must have run before it.
        """
        found = self._rows.judge(step)
        step.known = self._known.covers(step)
        if before is not None and not step.proven and step.upgrade != SKIPPED:
            before.evidence.rows_matter |= found
            early, rows = self._what_it_met(before) if before.evidence.rows_matter else ([], [])
            step.reproduce = commands(step, parents, rows, self._settings.prepare, early)

    def _what_it_met(self, before: Before) -> tuple[list[str], list[str]]:
        """Return the statements that put in rows earlier, where that matters, and just before."""
        if self._rows.known is None:
            return [], []
        known, earlier = self._rows.known, self._fillings[: self._survived]
        keys = known.keys if earlier else {}
        fillings = [*earlier, Filling(rows=known.contents, schema=before.schema, keys=keys)]
        texts = [*before.evidence.sent, *before.step.differences]
        tables = tables_for(texts, self._rows.changed, fillings)
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
