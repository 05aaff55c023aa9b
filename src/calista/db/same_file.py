"""Is the SQLite file that a connection has open still the one that the URL names?

What is written into a file that was removed, renamed or replaced meanwhile is seen by nobody, and
SQLite itself notices only where it makes a journal.
Source: https://www.sqlite.org/howtocorrupt.html, section 2.4
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from calista.errors import CalistaError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

#: In the `info` of a connection: the file that it has opened.
OPENED = "calista_opened"


class FileReplacedError(CalistaError):
    """What is at the database's name is not what was opened."""

    def __init__(self, name: Path, what: str = "file") -> None:
        super().__init__(
            f"the {what} of the database {name} was removed or replaced while it was in use",
            "put the file back, or find out who has replaced it; then do it again",
        )


class Opened:
    """A file that is about to be opened.

    Args:
        name: As the URL says, links and all: where it leads to is looked up each time.
        path: Where it led to.
    """

    def __init__(self, name: Path, path: Path) -> None:
        self.name = name
        self._identity = _look(path)

    @property
    def is_there(self) -> bool:
        """Whether the name still leads to it; its number is its own while somebody has it open."""
        found = _look(self.name)
        if self._identity is None or found is None:
            return False
        return os.path.samestat(self._identity, found)


def name_of(connection: Connection) -> Path:
    """Return the name of the SQLite file that this connection has open."""
    opened: Opened = connection.info[OPENED]
    return opened.name


def _look(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def assert_there(connection: Connection) -> None:
    """Raise if what this connection has written cannot be found under the database's name.

    Raises:
        FileReplacedError: It is another file, or none.
    """
    opened: Opened | None = connection.info.get(OPENED)
    if opened is not None and not opened.is_there:
        raise FileReplacedError(opened.name)
