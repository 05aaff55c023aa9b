"""The process that keeps one PostgreSQL server for as long as anybody uses it.

Every user holds a connection to it. The operating system closes that connection however its user
ends, so no server is left behind by a killed test run; and two commands share one server.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from calista_tools.backends.account import server_account, server_folder
from calista_tools.backends.cluster import Cluster
from calista_tools.backends.filelock import file_lock
from calista_tools.backends.programs import Programs
from calista_tools.errors import ToolError
from calista_tools.files.whole_file import write_whole

#: Seconds to wait for the first user, who has asked for the server and is about to connect.
_FIRST_USER_SECONDS = 30.0


def main(argv: list[str] | None = None) -> int:
    """Run a keeper: ``keeper FOLDER PROGRAMS VERSION LINGER``; report on stdout, once."""
    folder, programs, version, linger = argv if argv is not None else sys.argv[1:]
    cluster = Cluster(Path(folder), Programs(Path(programs), version), server_account())
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)
    try:
        with file_lock(Path(folder) / "cluster.lock", timeout=60):
            try:
                _keep(cluster, Path(folder) / "keeper.json", float(linger))
            finally:
                cluster.stop()
    except (ToolError, OSError, subprocess.SubprocessError) as error:
        _report({"error": str(error), "hint": getattr(error, "hint", "")})
        return 1
    return 0


def _keep(cluster: Cluster, address_file: Path, linger: float) -> None:
    url = cluster.start()
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        port = listener.getsockname()[1]
        token = os.urandom(16).hex()
        found = {"url": url, "port": port, "token": token, "pid": os.getpid()}
        write_whole(str(address_file), json.dumps(found).encode("ascii"), mode=0o600)
        _report(found)
        try:
            _serve(listener, token, cluster, linger)
        finally:
            address_file.unlink(missing_ok=True)


def _serve(listener: socket.socket, token: str, cluster: Cluster, linger: float) -> None:
    """Return when nobody has used the server for ``linger`` seconds, or when it is gone."""
    users: set[socket.socket] = set()
    leave_at = time.monotonic() + max(_FIRST_USER_SECONDS, linger)
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        while cluster.alive() and (users or time.monotonic() < leave_at):
            wait = 5.0 if users else min(5.0, max(0.0, leave_at - time.monotonic()))
            for key, _ in selector.select(wait):
                if key.fileobj is listener:
                    user, _ = listener.accept()
                    user.settimeout(5)
                    with contextlib.suppress(OSError):
                        if user.recv(64).decode("ascii", "replace") == token:
                            user.sendall(b"ok")
                            users.add(user)
                            selector.register(user, selectors.EVENT_READ)
                            continue
                    user.close()
                    continue
                user = key.fileobj  # type: ignore[assignment]
                with contextlib.suppress(OSError):
                    if user.recv(64):
                        continue
                selector.unregister(user)
                users.discard(user)
                user.close()
                leave_at = time.monotonic() + linger


def default_folder(version: str) -> Path:
    """Return the folder of the server that all commands of this user share."""
    return server_folder() / f"server-{version}"


def _report(found: dict[str, object]) -> None:
    with contextlib.suppress(OSError):
        print(json.dumps(found), flush=True)
        # Whoever started us reads one line; a pipe kept open would keep it waiting for more.
        sys.stdout.close()
        os.close(1)


def _stop(number: int, frame: object) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
