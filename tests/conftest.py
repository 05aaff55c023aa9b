"""Fixtures that every suite shares."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy.engine import URL

from calista_tools.backends import PostgresServer, open_server

# The same examples in every run, or a commit is refused for what it did not touch. New ones are
# looked for by `pytest --hypothesis-profile random`.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("random", deadline=None)
settings.load_profile("same")

# `nohup` and shells without job control have signals ignored, and every program that a test starts
# would inherit that.
for _name in ("SIGINT", "SIGHUP"):
    _number = getattr(signal, _name, None)
    if _number is not None and signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _name == "SIGINT" else signal.SIG_DFL)

#: The name under which a test records, with `record_property`, what people shall read at the end.
SAID = "said"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what tests have to say, also those that ran in a worker of xdist."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    words = [
        str(value) for report in reports for name, value in report.user_properties if name == SAID
    ]
    if words:
        terminalreporter.section("numbers")
        for line in sorted(words):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session", autouse=True)
def _caches_of_the_lint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what is known of scratch projects out of the developer's own cache folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CALISTA_CACHE_DIR", str(tmp_path_factory.mktemp("caches")))
        yield


@pytest.fixture(scope="session")
def postgres_scratch() -> Iterator[PostgresServer]:
    """A real PostgreSQL server, one for all xdist workers; no server is an error, never a skip."""
    with open_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server(postgres_scratch: PostgresServer) -> URL:
    """The URL of a real PostgreSQL server's maintenance database; make your own in it."""
    return postgres_scratch.url


@pytest.fixture
def postgresql_url(postgres_scratch: PostgresServer) -> Iterator[URL]:
    """An empty PostgreSQL database, gone after the test."""
    database = postgres_scratch.create()
    yield database.url
    database.drop()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> URL:
    """An empty SQLite database: a file, so that several connections see it."""
    return URL.create("sqlite", database=str(tmp_path / "test.db"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> URL:
    """An empty database of each dialect, gone after the test."""
    url: URL = request.getfixturevalue(f"{request.param}_url")
    return url
