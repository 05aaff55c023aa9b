"""What is a defect, and how is it told?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.roundtrip.recreation import losses, reasons
from calista_tools.roundtrip.row_proof import Rows
from calista_tools.roundtrip.snapshot import Difference, differences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from calista_tools.roundtrip.live import Live
    from calista_tools.roundtrip.result import Step
    from calista_tools.roundtrip.rows import GivenRows
    from calista_tools.roundtrip.snapshot import Snapshot


class Judge:
    """Turns what was seen of a revision into the words of its step."""

    def __init__(
        self, given: GivenRows | None = None, losses: Mapping[str, str] | None = None
    ) -> None:
        self._rows = Rows(given, losses or {})

    def start(self, live: Live) -> None:
        """Begin a run of revisions."""
        self._rows.start(live)

    def before(self, applied: Sequence[str]) -> None:
        """Prepare the database, to which these revisions were applied, for the next one."""
        self._rows.fill(applied)

    def is_about_rows(self, error: BaseException) -> bool:
        """Tell whether an upgrade failed because of which rows there were, not because of any."""
        return self._rows.refused(error)

    def upgraded(
        self, step: Step, before: Snapshot, after: Snapshot, live: Live, sent: Sequence[str]
    ) -> None:
        """Look at the database after the first upgrade."""
        tables = live.recreated()
        step.recreated_tables.extend(reasons(tables, before, after))
        step.differences.extend(losses(tables, before, after, sent))
        step.differences.extend(live.violations(sent))
        self._rows.upgraded(sent)

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
        step.differences.extend(
            line for line in live.violations(sent) if line not in step.differences
        )
        self._rows.downgraded()
        found_differences = differences(before, found)
        real = [d for d in found_differences if not _explained(d, before, after)]
        step.notes.extend(
            f"{difference} (a column that was dropped comes back as the last one)"
            for difference in found_differences
            if difference not in real
        )
        if real:
            step.restored = False
            step.differences.extend(map(str, real))
            if not differences(after, found):
                step.notes.append("the downgrade changes nothing")

    def upgraded_again(self, step: Step, after: Snapshot, again: Snapshot) -> None:
        """Compare the schema after the second upgrade with the one after the first."""
        self._rows.upgraded_again()
        for difference in differences(after, again):
            if difference.order_only and not step.restored:
                continue
            step.differences.append(f"upgrade again: {difference}")

    def reproduce(self, step: Step) -> None:
        """Say what became of the rows, and how a defect is seen by hand."""
        self._rows.judge(step)
        if not step.proven:
            step.reproduce = [f"alembic upgrade {step.revision}"]
            if step.upgrade == "ok":
                step.reproduce.append("alembic downgrade -1")
                if step.upgrade_again != "skipped":
                    step.reproduce.append(f"alembic upgrade {step.revision}")


def _explained(difference: Difference, before: Snapshot, after: Snapshot) -> bool:
    """Tell whether only columns that the upgrade had dropped are in another place."""
    if not difference.order_only:
        return False
    table = difference.key.name
    kept = {key.name for key in after.get(table, {}) if key.kind == "column"}
    return any(key.kind == "column" and key.name not in kept for key in before.get(table, {}))
