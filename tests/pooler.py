"""A real PgBouncer in front of a test's server, in one of its modes; gone after the test."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL

from calista_tools.backends.account import server_account

SETTINGS = """[databases]
* = host={host} port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users.txt
pool_mode = {mode}
"""


@contextmanager
def pooler(url: URL, mode: str) -> Iterator[URL]:
    """Run PgBouncer in front of a server; yield the URL that goes through it."""
    program = shutil.which("pgbouncer") or shutil.which(
        "pgbouncer", path="/usr/sbin:/usr/local/sbin"
    )
    if program is None:
        pytest.skip("PgBouncer is not installed: the package pgbouncer")
    account = server_account()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = {"host": url.host, "server": url.port, "port": port, "folder": name, "mode": mode}
        ini = folder / "pgbouncer.ini"
        ini.write_text(SETTINGS.format(**words))
        users = folder / "users.txt"
        users.write_text(f'"{url.username}" "{url.password}"\n')
        for path in (ini, users, folder):
            account.own(path)
        log = folder / "log"
        with (
            log.open("wb") as said,
            subprocess.Popen(
                [program, str(ini)], stdout=said, stderr=said, **account.popen
            ) as process,
        ):
            try:
                while not _listens(port):
                    assert process.poll() is None, log.read_text()
                    time.sleep(0.02)
                yield url.set(host="127.0.0.1", port=port)
            finally:
                process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
