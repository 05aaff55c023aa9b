"""How does an upgrade show what it does? Lines on stderr, one for each thing that happens."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calista.harmless import unwrapped

if TYPE_CHECKING:
    from calista.db.backups import Backup
    from calista.db.revisions import Known


def say(words: str) -> None:
    """Tell people something."""
    print(words, file=sys.stderr, flush=True)


def show_pending(pending: list[Known]) -> None:
    """List what an upgrade is going to run."""
    say(f"{len(pending)} {'revision' if len(pending) == 1 else 'revisions'} to apply:")
    for item in pending:
        say(f"  {item.revision}  {item.summary}")


class Progress:
    """Tells what an upgrade does; on a terminal each revision has one line that fills up."""

    def __init__(self) -> None:
        self.on_terminal = sys.stderr.isatty()
        self.line = ""

    def waiting(self) -> None:
        """Another process holds the lock."""
        say("another upgrade is running; waiting for it")

    def backed_up(self, backup: Backup | None) -> None:
        """There is a whole backup now, or none was wanted."""
        if backup is None:
            say("no backup was made (--no-backup)")
        else:
            say(f"backup: {backup.path} ({backup.size / 1e6:.1f} MB)")

    def begins(self, revision: str, summary: str) -> None:
        """A revision begins."""
        self.line = f"  {revision}  {summary.strip().partition(chr(10))[0]}"
        if self.on_terminal:
            print(f"{self.line} ...", end="", file=sys.stderr, flush=True)

    def applied(self, _revision: str, seconds: float) -> None:
        """A revision is about to be committed."""
        if self.on_terminal:
            unwrapped(sys.stderr).write("\r\033[K")
        say(f"{self.line}  {seconds:.2f} s")

    def retries(self, _revision: str) -> None:
        """A revision waited too long for a table and will be tried again."""
        say(f"{self.line}  waits for a table that is in use; trying again")
