"""One server shared by processes, gone after the last one however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals and ps")

USER = """
import json, sys, time
from calista_tools.backends.lease import lease_server
lease = lease_server()
print(lease.url, flush=True)
sys.stdin.read()
"""


def user(folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "CALISTA_PG_FOLDER": str(folder), "CALISTA_PG_KEEP": "0"}
    return subprocess.Popen(
        [sys.executable, "-c", USER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def servers(folder: Path) -> list[str]:
    listed = subprocess.run(["ps", "-wweo", "args="], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if f"-D{folder}" in line]


def gone(folder: Path) -> bool:
    for _ in range(300):
        if not servers(folder):
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the unprivileged user of a server can pass through when root runs the tests.

    Not one of pytest's own: every run that begins closes the one that they are all in.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name)


def test_two_users_share_a_server_and_the_last_one_killed_ends_it(folder: Path) -> None:
    first, second = user(folder), user(folder)
    try:
        url = url_of(first)
        assert url == url_of(second)
        first.kill()
        first.wait()
        assert servers(folder), "the second still uses it"
        second.kill()
        second.wait()
        assert gone(folder)
        third = user(folder)
        assert url_of(third).startswith("postgresql://")
        third.communicate("")
        assert gone(folder)
    finally:
        for process in (first, second):
            process.kill()
            process.communicate()


def test_a_killed_keeper_leaves_no_server_and_the_next_one_works(folder: Path) -> None:
    first = user(folder)
    try:
        assert url_of(first)
        card = next(folder.glob("server-*/keeper.json"))
        keeper = int(card.read_text().split('"pid": ')[1].split("}")[0])
        os.kill(keeper, signal.SIGKILL)
        second = user(folder)
        assert url_of(second).startswith("postgresql://")
        assert len({line.split(" -p")[1].split()[0] for line in servers(folder)}) == 1
        second.communicate("")
        assert gone(folder)
    finally:
        first.kill()
        first.communicate()
