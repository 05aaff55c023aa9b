"""What can a rule ask about all the revisions of a project at once?"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from calista_tools.files import regular_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.history import History
    from calista_tools.history.lock import Break


class Versions:
    """The revisions of one script location, read from source.

    Attributes:
        history: How they hang together.
        digests: What published revisions mean today, by file, as far as that was computed.
    """

    def __init__(
        self, history: History, config: Config, digests: Mapping[Path, str] | None = None
    ) -> None:
        self.history = history
        self.config = config
        self.digests = digests or {}

    @cached_property
    def breaks(self) -> Sequence[Break]:
        """Where the history is not what `history.lock` says was published."""
        if not regular_file.is_there(self.config.lock_file):
            return ()
        from calista_tools.history.digest import digest_file
        from calista_tools.history.lock import check_lock

        def digest(path: Path) -> str:
            return self.digests.get(path) or digest_file(path)

        return check_lock(self.history, self.config.lock_file, digest=digest)
