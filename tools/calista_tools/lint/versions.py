"""What can a rule ask about all the revisions of a project at once?"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from calista_tools.config import Config
    from calista_tools.history import History


class Versions(NamedTuple):
    """The revisions of one script location, read from source."""

    history: History
    config: Config
