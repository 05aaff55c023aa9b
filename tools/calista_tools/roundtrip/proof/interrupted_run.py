"""What of a run that was interrupted need not be proven again?

Its database is in the middle of a step, and cannot be kept. What was said of the revisions that are
proven can be, with what the schema was after them: the next run upgrades a new database to there,
which takes a fraction of the time of proofs, and goes on behind it if it finds the same schema.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from calista_tools.roundtrip.live.live_database import reading_copy, snapshot_in
from calista_tools.roundtrip.proof.proof_cache import ProvenBeginning
from calista_tools.roundtrip.snapshot import differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from alembic.script import Script

    from calista_tools.backends import ScratchDatabase
    from calista_tools.roundtrip.proof.proof_cache import Cache
    from calista_tools.roundtrip.proof.result import Step
    from calista_tools.roundtrip.proof.walk import Walk
    from calista_tools.roundtrip.snapshot import Snapshot


class Progress:
    """Follows a walk as far as all is proven.

    Args:
        meanwhile: Called with each revision.
        known: What was said of the revisions before the first that it is told of.
    """

    def __init__(self, meanwhile: Callable[[Step], None], known: Sequence[Step] = ()) -> None:
        self._meanwhile = meanwhile
        self._steps = list(known)
        self._proven = True
        #: After the last of the steps that are proven.
        self._schema: Snapshot = {}
        #: After the last revision, proven or not.
        self._last: Snapshot = {}
        self.walk: Walk | None = None

    def __call__(self, step: Step) -> None:
        """Take in what was said of a revision."""
        assert self.walk is not None
        self._last = self.walk.snapshot
        self._proven &= step.passes and step.blocked is None
        if self._proven:
            self._steps.append(step)
            self._schema = self._last
        self._meanwhile(step)

    @contextmanager
    def keeping(
        self,
        cache: Cache,
        scripts: Sequence[Script],
        database: ScratchDatabase,
        beginning: ProvenBeginning,
        *,
        always: bool,
    ) -> Iterator[None]:
        """Keep what is proven if the run is interrupted meanwhile.

        Args:
            cache: Where.
            scripts: The history.
            database: What the walk is on.
            beginning: What was proven before the walk began.
            always: Also if it is not.
        """
        ended = False
        try:
            yield
            ended = True
        finally:
            if always or not ended:
                # Time is lost where it cannot be kept, and nothing else.
                with suppress(Exception):
                    self._keep(cache, scripts, database, beginning)

    def _keep(
        self,
        cache: Cache,
        scripts: Sequence[Script],
        database: ScratchDatabase,
        beginning: ProvenBeginning,
    ) -> None:
        """Keep what is proven, if the database is what the walk takes it for."""
        walk, count = self.walk, len(self._steps)
        if walk is None or count <= len(beginning.steps) or not self._schema:
            return
        if walk.overlooked or database.roles or walk.judge.depends_on_rows:
            return
        with reading_copy(database) as copy:
            found = snapshot_in(copy, [walk.live.version_table])
            if walk.judge.overlooked(copy):
                return
        if any(self._is_noticed(found, state) for state in (walk.snapshot, self._last)):
            counting = beginning.counting | walk.judge.counting
            known = ProvenBeginning(self._steps, digest_of(self._schema), counting)
            cache.keep_interrupted(scripts[:count], known)

    def _is_noticed(self, found: Snapshot, state: Snapshot) -> bool:
        """Tell whether the database is in this state, but for what the last step has begun.

        On SQLite, where a statement that creates something is seldom part of a transaction.
        """
        assert self.walk is not None
        sent = (
            "\n".join(self.walk.runner.statements.sent)
            if self.walk.live.dialect == "sqlite"
            else ""
        )
        return all(
            any(
                re.search(rf"\b{re.escape(name)}\b", sent)
                for name in (item.key.name, item.key.table)
                if name
            )
            for item in differences(state, found)
        )


def digest_of(snapshot: Snapshot) -> str:
    """Return a digest by which a schema is known again."""
    named = [
        [name, sorted([*key, properties] for key, properties in group.items())]
        for name, group in sorted(snapshot.items())
        if group
    ]
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()
