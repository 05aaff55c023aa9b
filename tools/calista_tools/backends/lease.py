"""How does a command come by the shared server, and let go of it?"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from calista_tools.backends.account import server_account, server_folder
from calista_tools.backends.filelock import file_lock
from calista_tools.backends.keeper import default_folder
from calista_tools.backends.programs import find_programs, readable_by_everyone
from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to use the shared server until closed, or until this process ends."""

    url: str
    connection: socket.socket

    def close(self) -> None:
        """Let go of the server; it stops when nobody else uses it."""
        self.connection.close()


def lease_server() -> Lease:
    """Return a lease of the shared server, which is started if need be.

    ``CALISTA_PG_KEEP`` says for how many seconds an unused server is kept running (default 0).

    Raises:
        ToolError: There are no PostgreSQL programs, or the server does not start.
    """
    linger = os.environ.get("CALISTA_PG_KEEP", "0")
    if not linger.replace(".", "", 1).isdigit():
        raise ToolError(
            f"CALISTA_PG_KEEP is {linger!r}", "a number of seconds, such as 600", exit_code=2
        )
    programs = find_programs()
    if server_account().name is not None:
        programs = readable_by_everyone(programs, server_folder())
    folder = default_folder(programs.version)
    folder.mkdir(parents=True, exist_ok=True)
    with file_lock(folder / "start.lock", timeout=180):
        if lease := _join(folder / "keeper.json"):
            return lease
        command = [sys.executable, "-m", "calista_tools.backends.keeper", str(folder)]
        command += [str(programs.folder), programs.version, linger]
        with (folder / "keeper.log").open("wb") as log:
            keeper = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                # Ctrl-C in a terminal is for the command; the keeper sees its user go.
                start_new_session=True,
            )
        assert keeper.stdout is not None
        with keeper.stdout:
            line = keeper.stdout.readline()
        # The keeper outlives us on purpose: nobody waits for it.
        keeper.returncode = 0
        lease = _join(folder / "keeper.json") if line else None
    if lease is None:
        said: dict[str, Any] = json.loads(line) if line else {}
        raise ToolError(
            said.get("error")
            or f"the PostgreSQL keeper ended at once; see {folder / 'keeper.log'}",
            said.get("hint", ""),
            exit_code=2,
        )
    return lease


def _join(address_file: Path) -> Lease | None:
    try:
        found = json.loads(address_file.read_text(encoding="ascii"))
        connection = socket.create_connection(("127.0.0.1", found["port"]), timeout=10)
    except (OSError, ValueError, KeyError):
        return None
    try:
        connection.sendall(found["token"].encode())
        if connection.recv(2) == b"ok":
            return Lease(found["url"], connection)
    except OSError:
        pass
    connection.close()
    return None
