"""How is a PostgreSQL server of our own made, started and stopped?

Its files outlive it, because proven prefixes of histories are kept in it as databases. They are
scratch all the same: durability is off, and whatever was not shut down properly is made anew.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from calista_tools.backends.account import Account
    from calista_tools.backends.programs import Programs

SUPERUSER = "postgres"
_START_SECONDS = 60.0
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
    "lc_messages": "C",
}


class Cluster:
    """One server's files in ``folder``, and its process while it runs."""

    def __init__(self, folder: Path, programs: Programs, account: Account) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "server.log"
        self._programs = programs
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None
        self._running = folder / "running"

    def start(self) -> str:
        """Start the server, made anew if it was not stopped properly; return its URL.

        Raises:
            ToolError: It cannot be made or does not come up; the message holds its own words.
        """
        if self._running.exists():
            self._remove_remains()
        if not (self.folder / "password").exists():
            shutil.rmtree(self.data, ignore_errors=True)
            self._initdb()
        password = (self.folder / "password").read_text(encoding="ascii")
        self._running.touch()
        for attempt in range(5):
            port = _free_port()
            if self._try_start(port):
                return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{port}/postgres"
            if "could not bind" not in self._last_words() and attempt:
                break
        raise ToolError(
            f"PostgreSQL {self._programs.version} does not start: {self._last_words()}",
            f"its log is {self.log}",
            exit_code=2,
        )

    def alive(self) -> bool:
        """Tell whether the server's process still runs."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Stop the server without waiting for its clients."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            if sys.platform == "win32":
                command = [
                    self._programs.path("pg_ctl"),
                    "stop",
                    "-m",
                    "fast",
                    "-D",
                    str(self.data),
                ]
                subprocess.run(command, check=False, capture_output=True)
            else:
                process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                return
        if process.returncode == 0:
            self._running.unlink(missing_ok=True)

    def _initdb(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o711)
        self.data.mkdir()
        self._account.own(self.data)
        password = secrets.token_hex(16)
        initial = self.folder / "initial"
        with open(initial, "x", encoding="ascii", opener=_closed) as file:
            file.write(f"{password}\n")
        self._account.own(initial)
        command = [
            self._programs.path("initdb"),
            f"--pgdata={self.data}",
            f"--username={SUPERUSER}",
            "--auth=scram-sha-256",
            f"--pwfile={initial}",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        ]
        done = subprocess.run(
            command,
            capture_output=True,
            cwd=self.folder,
            env=_environment(),
            check=False,
            **self._account.popen,
        )
        initial.unlink()
        if done.returncode:
            words = " ".join(done.stderr.decode(errors="replace").split())
            raise ToolError(f"initdb failed: {words}", exit_code=2)
        with open(self.folder / "password", "x", encoding="ascii", opener=_closed) as file:
            file.write(password)

    def _try_start(self, port: int) -> bool:
        options = [f"-c{name}={value}" for name, value in _SETTINGS.items()]
        if self._programs.major >= 16:
            # The password is random and 128 bits long: stretching it only costs time.
            options.append("-cscram_iterations=1")
        command = [self._programs.path("postgres"), f"-D{self.data}", f"-p{port}", *options]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=_environment(),
                preexec_fn=_die_with_parent(),
                **self._account.popen,
            )
        pidfile = self.data / "postmaster.pid"
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.alive():
            with contextlib.suppress(OSError):
                lines = pidfile.read_text(encoding="utf-8").splitlines()
                if len(lines) >= 8 and lines[7].strip() == "ready":
                    return True
            time.sleep(0.01)
        if self.alive():
            self._process.kill()
        self._process.wait()
        return False

    def _remove_remains(self) -> None:
        """End a server whose keeper was killed and forget its files: durability was off."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int((self.data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
            if _is_server_of(pid, self.data):
                os.kill(pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGQUIT)
                for _ in range(200):
                    os.kill(pid, 0)
                    time.sleep(0.02)
        shutil.rmtree(self.data, ignore_errors=True)
        (self.folder / "password").unlink(missing_ok=True)
        self._running.unlink(missing_ok=True)

    def _last_words(self) -> str:
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            return "it left no log"
        return (
            " ".join(line for line in lines if "FATAL" in line or "HINT" in line)
            or "no reason given"
        )


def _closed(path: str, flags: int) -> int:
    """Open a file that nobody else may read, not even while it is made."""
    return os.open(path, flags, 0o600)


def _environment() -> dict[str, str]:
    """Return what a server needs of our environment; PG* variables would steer it elsewhere."""
    kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "LC_ALL": "C",
        "TZ": "UTC",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_server_of(pid: int, data: Path) -> bool:
    """Tell whether ``pid`` is a server on ``data``: process ids are used again."""
    if sys.platform == "win32":
        return False
    done = subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return str(data) in done.stdout


def _die_with_parent() -> Callable[[], None] | None:
    """Let Linux shut the server down fast when its keeper is killed (prctl(2), PR_SET_PDEATHSIG)."""
    if sys.platform != "linux":
        return None
    # Before the change of user: afterwards Python's own files may be out of reach.
    import ctypes

    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(1, signal.SIGINT)
