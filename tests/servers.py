"""What may a test want of the PostgreSQL server that it runs on? Not had, it is skipped, and says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from calista_tools.backends import PostgresServer
from calista_tools.backends.programs import VARIABLE, find_programs


def need_major(server: PostgresServer, major: int, what: str) -> None:
    """Skip on a server that is too old to know something."""
    if server.version < major * 10000:
        pytest.skip(f"{what}: since PostgreSQL {major}, and this is {server.server_version}")


def need_kept_proofs(backend: str) -> None:
    """Skip on a server by URL: it is not ours, and every proof in it is made again."""
    if backend == "postgresql" and os.environ.get("CALISTA_TEST_PG_URL"):
        pytest.skip(
            "keeps proofs: only a server of ours does, and CALISTA_TEST_PG_URL names another"
        )


def client_programs() -> Path:
    """Return the folder of pg_dump and the like: what `CALISTA_TEST_PG_BIN` names may lack them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(VARIABLE, raising=False)
        return find_programs().folder
