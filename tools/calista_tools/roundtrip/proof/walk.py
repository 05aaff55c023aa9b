"""How is a history proven? Every revision up, down and up again, one run of ``env.py`` for all.

The run ends only where something went wrong: then the database is brought back to the state after
the revision, from the last good copy and what was applied since, and another run goes on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from calista_tools.roundtrip.live.sent_statements import StepError, statement_of, words
from calista_tools.roundtrip.proof.checkpoints import Checkpoints
from calista_tools.roundtrip.proof.result import ERROR, SKIPPED, Step
from calista_tools.roundtrip.snapshot import differences

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alembic.runtime.migration import MigrationContext
    from alembic.script import Script

    from calista_tools.roundtrip.proof.judge import Before, Judge, Upgraded
    from calista_tools.roundtrip.proof.step_runner import StepRunner, Steps
    from calista_tools.roundtrip.snapshot import Snapshot

    Progress = Callable[[Step], None]
    AtHead = Callable[[MigrationContext], None]

#: So often the whole history may be run anew where a revision fails.
_MOST_TRIES = 4
#: So many upgrades take longer than a copy of the database. Not measured each time: what rows a
#: revision meets depends on where copies were made, and must not depend on the machine.
_WORTH_A_COPY = 6


@dataclass
class Attempt:
    """The proof of one revision, while it goes on.

    Attributes:
        upgraded: What follows, where it can be upgraded to in another way than it was at first.
    """

    script: Script
    step: Step
    started: float
    before: Before | None = None
    upgraded: Upgraded | None = None


@dataclass
class Position:
    """Where a walk is in the history.

    Attributes:
        queue: What is still to be proven, parents first.
        applied: What the database has behind it, in the order in which it was applied.
        taken: How many of them it had behind it in the beginning.
        blocked: Revisions that cannot be reached, each with the one because of which.
        schema: After the last revision that was applied.
        first: The schema as the first proof found it.
        attempt: The revision that is proven now.
        lost: Whether the database is in another state, and must be brought back.
        tried: How many revisions were run in vain or anew, to see what passes in one go.
    """

    queue: list[Script] = field(default_factory=list)
    applied: list[Script] = field(default_factory=list)
    taken: int = 0
    blocked: dict[str, str] = field(default_factory=dict)
    schema: Snapshot = field(default_factory=dict)
    first: Snapshot | None = None
    attempt: Attempt | None = None
    lost: bool = False
    tried: int = 0

    @property
    def revisions(self) -> list[str]:
        """The ids of what is applied."""
        return [script.revision for script in self.applied]

    def reached(self, scripts: Sequence[Script]) -> list[Script]:
        """Return those of the revisions that are not blocked."""
        return [script for script in scripts if script.revision not in self.blocked]


class Walk:
    """Proves revisions one after the other on one scratch database.

    Args:
        runner: Runs them; its database holds what ``prepare`` makes, or nothing.
        judge: Says what is found of each.
        progress: Called after each revision.
        origin, beginning: See `Checkpoints`.

    Attributes:
        at: Where it is.
        steps: What was said of each revision.
        overlooked: Whether a change was not noticed when it was made, see `look`.
        looked: Whether the database was looked at as it is in the end.
    """

    def __init__(
        self,
        runner: StepRunner,
        judge: Judge,
        progress: Progress,
        *,
        origin: Callable[[], None] | None = None,
        beginning: Callable[[], None] | None = None,
    ) -> None:
        self.runner = runner
        self.live = runner.live
        self.judge = judge
        self._progress = progress
        self._back = Checkpoints(runner.database, origin, beginning)
        self.at = Position()
        self.steps: list[Step] = []
        self.overlooked = False
        self.looked = False

    @property
    def snapshot(self) -> Snapshot:
        """The schema after the last revision that was applied."""
        return self.at.schema

    def advance(self, scripts: Sequence[Script]) -> None:
        """Apply revisions that are taken as proven."""
        if scripts:
            self.at.applied += scripts
            self._upgrade(list(scripts))

    def take(self, scripts: Sequence[Script], steps: Sequence[Step]) -> None:
        """Take revisions as proven, or known, that the database has behind it already."""
        for script, step in zip(scripts, steps, strict=False):
            if step.blocked is not None:
                self.at.blocked[script.revision] = step.blocked
        self.at.applied += self.at.reached(scripts)
        self.at.taken = len(self.at.applied)
        for step in steps:
            self.steps.append(step)
            self._progress(step)

    def go_back_to(self, scripts: Sequence[Script]) -> None:
        """Make the database the one after these revisions, which are proven, if it is not."""
        scripts = self.at.reached(scripts)
        if [script.revision for script in scripts] != self.at.revisions:
            self._back.to_origin()
            self._upgrade(scripts[self.at.taken :])

    def prove(
        self, scripts: Sequence[Script], at_head: AtHead | None = None, *, fill: bool = False
    ) -> list[Step]:
        """Prove revisions, parents first; return one step for each.

        Args:
            scripts: What to prove.
            at_head: Called as `look` does, at once if the last step leaves nothing to bring back.
            fill: Whether rows are put in beforehand, because it is said already why a table of
                an earlier revision can hold none.
        """
        self.at.queue = list(scripts)
        while self.at.queue:
            try:
                self.runner.run(lambda: self._proofs(at_head, fill=fill))
            except StepError as failure:
                self.overlooked |= self.judge.overlooked_until(self.runner.database)
                self._fail(failure)
            if self.at.lost:
                self._bring_back()
        return self.steps

    def look(self, at_head: AtHead) -> None:
        """Run ``env.py`` once more, without a step, to look at the database as it is now."""

        def nothing() -> Steps:
            self._look(at_head)
            yield from ()

        self.runner.run(nothing)

    def _look(self, at_head: AtHead) -> None:
        expected, self.at.schema = self.at.schema, self.live.read_all()
        proved = self.at.first is not None
        self.overlooked |= proved and bool(differences(expected, self.at.schema))
        self.looked = True
        at_head(self.runner.context)

    def close(self) -> None:
        """Drop the copies that were kept to come back to."""
        self._back.close()

    def _proofs(self, at_head: AtHead | None, *, fill: bool) -> Steps:
        self.at.schema = self.live.read_all()
        self.judge.start(self.live)
        if self.at.first is None:
            self.at.first = self.at.schema
            if not self.steps:
                self.live.violations([])  # no fault of what is proven now
            if fill:
                self.judge.fill(self.at.revisions)
        while self.at.queue and not self.at.lost:
            yield from self._proof(self.at.queue[0])
        self.overlooked |= self.judge.overlooked(self.live)
        if at_head is not None and not self.at.lost:
            self._look(at_head)

    def _proof(self, script: Script) -> Steps:
        """Prove one revision; go on with it where its upgrade has passed in another way."""
        attempt, started = self.at.attempt, time.perf_counter()
        if attempt is None:
            step = Step(script.revision, script.path, script.doc or "")
            attempt = self.at.attempt = Attempt(script, step, started)
            if self._is_blocked(attempt):
                return
            yield from self._first_upgrade(attempt)
        attempt.started = started
        upgraded = attempt.upgraded
        assert upgraded is not None
        if self.judge.has_no_way_back(upgraded, script.module):
            self._done(attempt)
            return
        yield from self.runner.step(script, "downgrade")
        found = self.live.refresh()
        sent = self.runner.statements.sent
        downgraded = self.judge.downgraded(upgraded, found, self.live, sent)
        yield from self.runner.step(script, "upgrade again")
        again = self.live.refresh()
        self.judge.upgraded_again(downgraded, again)
        self._done(attempt)
        self.at.lost = bool(differences(upgraded.schema, again))

    def _first_upgrade(self, attempt: Attempt) -> Steps:
        script = attempt.script
        before = self.judge.before(attempt.step, self.at.revisions, self.at.schema)
        attempt.before = before
        yield from self.runner.step(script, "upgrade")
        self.at.applied.append(script)
        self._back.since.append(script)
        self.at.schema = self.live.refresh()
        statements = self.runner.statements
        attempt.upgraded = self.judge.upgraded(before, self.at.schema, self.live, statements)

    def _is_blocked(self, attempt: Attempt) -> bool:
        """Note a revision that cannot be reached because an earlier one failed."""
        parents, step = self.runner.project.parents(attempt.script), attempt.step
        blocked = self.at.blocked
        blocker = next((blocked[name] for name in parents if name in blocked), None)
        if blocker is None:
            return False
        blocked[step.revision] = step.blocked = blocker
        step.upgrade = step.downgrade = step.upgrade_again = SKIPPED
        step.fail(f"not reached: {blocker} cannot be upgraded to")
        self._done(attempt)
        return True

    def _done(self, attempt: Attempt) -> None:
        step, self.at.attempt = attempt.step, None
        step.seconds = time.perf_counter() - attempt.started
        self.at.queue.pop(0)
        self.steps.append(step)
        self.judge.conclude(step, attempt.before, self.runner.project.parents(attempt.script))
        self._progress(step)

    def _fail(self, failure: StepError) -> None:
        attempt = self.at.attempt
        assert attempt is not None
        assert attempt.before is not None
        step, error = attempt.step, failure.error
        step.fail(f"{failure.direction}: {words(error)}", statement_of(error))
        self.judge.failed(attempt.before, failure.direction, error, self.runner.statements.sent)
        self.at.lost = True
        if failure.direction == "upgrade":
            self._fail_upgrade(attempt, attempt.before, error)
            return
        if failure.direction == "downgrade":
            step.downgrade, step.upgrade_again, step.restored = ERROR, SKIPPED, False
        else:
            step.upgrade_again = ERROR
        self._done(attempt)

    def _fail_upgrade(self, attempt: Attempt, before: Before, error: BaseException) -> None:
        step, script = attempt.step, attempt.script
        if self.judge.take_fewer(before, error):
            self.at.attempt = None  # begins anew
            return
        step.upgrade = ERROR
        if self._passes_without_rows(script):
            attempt.upgraded = self.judge.refused(before, error, self.at.schema)
            return
        if self._passes_in_one_go(script):
            step.notes.append("it can be upgraded to only in one run with those before it")
            attempt.upgraded = before.passed_otherwise(self.at.schema)
            return
        self.at.lost = True
        step.downgrade = step.upgrade_again = SKIPPED
        self.at.blocked[script.revision] = step.blocked = script.revision
        self._done(attempt)

    def _passes_without_rows(self, script: Script) -> bool:
        """Try a revision on a database that holds no rows of ours."""
        if not self.judge.has_rows:
            return False
        before = self.at.schema
        self._bring_back()
        return self._passes(script, [script], before)

    def _passes_in_one_go(self, script: Script) -> bool:
        """Try a revision in one run with everything before it: created enum types are remembered."""
        at = self.at
        at.tried += len(at.applied) + 1
        if at.tried > _MOST_TRIES * (len(at.applied) + len(at.queue)):
            return False
        before, since = at.schema, self._back.since
        self._back.to_beginning()
        if self._passes(script, [*at.applied, script], before):
            return True
        self._back.since = since
        return False

    def _passes(self, script: Script, scripts: list[Script], before: Snapshot) -> bool:
        """Try the last of these revisions, and go on behind it if it passes."""
        try:
            self._upgrade(scripts)
        except StepError:
            self.at.schema = before
            return False
        self.at.applied.append(script)
        self.at.lost = False
        self._back.mark()
        return True

    def _bring_back(self) -> None:
        """Make the state after the last applied revision again, and keep a copy of it."""
        self.at.lost = False
        expected = self.at.schema
        scripts = self._back.to_copy()
        if scripts:
            try:
                self._upgrade(scripts)
            except StepError as failure:
                self._bring_back_with_rows(scripts, failure)
            self.overlooked |= bool(differences(expected, self.at.schema))
            if len(scripts) >= _WORTH_A_COPY:
                self._back.mark()  # from here on the way back is shorter

    def _bring_back_with_rows(self, scripts: list[Script], failure: StepError) -> None:
        """Apply these revisions on tables with rows: one of them fails without."""
        script = scripts[len(self._back.since)]
        self._back.to_copy()
        try:
            self.runner.run(lambda: self._upgrades_with_rows(scripts))
        except StepError:
            raise failure.not_again() from failure
        self.judge.counting.add(script.revision)

    def _upgrade(self, scripts: Sequence[Script]) -> None:
        """Apply revisions without a proof."""
        self.runner.run(lambda: self._upgrades(scripts))

    def _upgrades(self, scripts: Sequence[Script]) -> Steps:
        for script in scripts:
            yield from self.runner.step(script, "upgrade", forget=False)
            self._back.since.append(script)
        self.at.schema = self.live.read_all()

    def _upgrades_with_rows(self, scripts: Sequence[Script]) -> Steps:
        self.live.read_all()
        self.judge.start(self.live)
        for script in scripts:
            self.judge.fill(self.at.revisions[: self.at.applied.index(script)])
            yield from self.runner.step(script, "upgrade", forget=False)
            self._back.since.append(script)
            self.live.refresh()
            self.judge.follow()
        self.at.schema = self.live.read_all()
