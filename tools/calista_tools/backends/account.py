"""Which user runs our own PostgreSQL server, and where does it keep its files?

A server refuses to run as root, which containers and CI often are: there it runs as an
unprivileged user that the system already has.
"""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calista_tools.errors import ToolError
from calista_tools.files import caches

_UNPRIVILEGED = ("postgres", "nobody", "daemon")


@dataclass(frozen=True, slots=True)
class Account:
    """A user to run programs as; ``name`` is None where that is simply who we are."""

    name: str | None = None
    uid: int = -1
    gid: int = -1

    @property
    def popen(self) -> dict[str, Any]:
        """What ``subprocess`` needs to become this user."""
        if self.name is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Hand a folder over to this user, and close it to all others."""
        path.chmod(0o700)
        if sys.platform != "win32" and self.name is not None:
            os.chown(path, self.uid, self.gid)


def server_account() -> Account:
    """Return the user that a server of ours runs as.

    Raises:
        ToolError: We are root and the system has no unprivileged user.
    """
    if sys.platform == "win32" or os.geteuid() != 0:
        return Account()
    import pwd

    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise ToolError(
        "PostgreSQL refuses to run as root and this system has none of the users "
        + ", ".join(_UNPRIVILEGED),
        "run as an ordinary user, or set CALISTA_TEST_PG_URL to a server of yours",
        exit_code=2,
    )


def server_folder() -> Path:
    """Return the folder of our own servers: private, but passable for `server_account`.

    Raises:
        ToolError: There is none that nobody else may write to.
    """
    last = os.path.join(tempfile.gettempdir(), f"calista-pg-{getattr(os, 'getuid', int)()}")  # noqa: PTH118
    reason: OSError | None = None
    for folder in (_folder(), last):
        if folder is None:
            continue
        try:
            return Path(caches.own_folder(folder, mode=0o711))
        except PermissionError as error:
            if error.errno == errno.EPERM:  # there, and not to be trusted
                reason = error
                break
            reason = error
        except OSError as error:
            reason = error
    assert reason is not None
    raise ToolError(
        f"{reason.filename}: {reason.strerror}, and a server of ours needs a folder",
        "set CALISTA_PG_FOLDER to a folder of yours that nobody else may write to",
        exit_code=2,
    )


def _folder() -> str | None:
    if named := os.environ.get("CALISTA_PG_FOLDER"):
        return os.path.realpath(named)
    if sys.platform != "win32" and os.geteuid() == 0:
        # Not root's home: the unprivileged user could not pass through it.
        return "/var/cache/calista/pg"
    user = caches.user_folder()
    return None if user is None else os.path.join(user, "pg")  # noqa: PTH118


def kept_folder() -> Path:
    """Return the folder of what is proven already, closed to all others.

    Raises:
        OSError: It cannot be made, is a link or is not ours alone.
        ToolError: There is no folder to make it in.
    """
    return Path(caches.private_folder(str(server_folder() / "proven")))
