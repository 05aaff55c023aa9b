"""Scratch databases inside a real server: made, copied, dropped, and nothing else touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import URL, create_engine, inspect, text

from calista_tools.backends import PostgresServer, open_server
from calista_tools.errors import ToolError
from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.run import Options, prove


def run(url: URL, statement: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def tables(url: URL) -> list[str]:
    engine = create_engine(url)
    names = inspect(engine).get_table_names()
    engine.dispose()
    return names


def databases(url: URL) -> set[str]:
    engine = create_engine(url)
    with engine.connect() as connection:
        names = set(connection.execute(text("SELECT datname FROM pg_database")).scalars())
    engine.dispose()
    return names


def test_a_copy_holds_what_the_original_held_although_somebody_is_connected(
    postgres_scratch: PostgresServer,
) -> None:
    original = postgres_scratch.create()
    engine = create_engine(original.url)
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE note (id int)"))
        connection.commit()
        copy = original.copy()
    engine.dispose()
    assert tables(copy.url) == ["note"]
    run(copy.url, "DROP TABLE note")
    assert tables(original.url) == ["note"]
    copy.replace_by(original)
    assert tables(copy.url) == ["note"]
    original.drop()
    copy.drop()
    assert not {original.name, copy.name} & databases(postgres_scratch.url)


def test_closing_drops_everything_and_nothing_else(postgres_server: URL) -> None:
    server = PostgresServer(postgres_server)
    names = {server.create().name for _ in range(2)}
    before = databases(postgres_server)
    assert names <= before
    server.close()
    assert not names & databases(postgres_server)


SCRIPT = """
import sys, time
from calista_tools.backends import open_server
with open_server(sys.argv[1]) as server:
    print(server.create().name, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_what_a_killed_process_left_is_removed_by_the_next(postgres_server: URL) -> None:
    url = postgres_server.render_as_string(hide_password=False)
    command = [sys.executable, "-c", SCRIPT, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        with open_server(url):
            assert name in databases(postgres_server), "its owner still lives"
        os.kill(process.pid, signal.SIGKILL)
    # The server notices a closed connection a moment later.
    for _ in range(100):
        with open_server(url):
            pass
        if name not in databases(postgres_server):
            break
        time.sleep(0.05)
    assert name not in databases(postgres_server)


@pytest.mark.skipif(sys.platform == "win32", reason="has no timer signals")
def test_what_is_interrupted_can_still_be_dropped(postgres_server: URL) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    server = PostgresServer(postgres_server)
    made = server.create()
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt):
            server._execute("SELECT pg_sleep(60)")
    finally:
        signal.signal(signal.SIGALRM, before)
    server.close()
    assert made.name not in databases(postgres_server)


def test_what_others_use_is_left_alone_whatever_database_they_came_through(
    postgres_scratch: PostgresServer,
) -> None:
    used, entrance = postgres_scratch.create(), postgres_scratch.create()
    PostgresServer(entrance.url).close()
    assert {used.name, entrance.name} <= databases(postgres_scratch.url)
    used.drop()
    entrance.drop()


@pytest.fixture
def role(postgres_server: URL) -> Iterator[Callable[[str], URL]]:
    """Make a role with some right; return the server's URL for it."""
    name = f"calista_test_{uuid4().hex}"

    def make(right: str) -> URL:
        execute(postgres_server, f"CREATE ROLE {name} LOGIN PASSWORD 'secret' {right}")
        return postgres_server.set(username=name, password="secret")

    yield make
    execute(postgres_server, f"DROP ROLE IF EXISTS {name}")


def execute(url: URL, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_a_role_that_may_create_databases_is_enough(
    role: Callable[[str], URL], project: Callable[..., Path], postgres_server: URL
) -> None:
    ini = project({"one": ('op.execute("CREATE TABLE note (id int)")', 'op.drop_table("note")')})
    # Somebody else's, whose owner is gone: not ours to drop, and in nobody's way.
    orphan = f"calista_scratch_{uuid4().hex[:12]}_1"
    execute(postgres_server, f"CREATE DATABASE {orphan}")
    try:
        url = role("CREATEDB").render_as_string(hide_password=False)
        assert prove(Project(ini), Options(backend="postgresql", url=url)).proven
    finally:
        execute(postgres_server, f"DROP DATABASE IF EXISTS {orphan}")


def test_a_role_that_may_not_create_databases_is_told_what_it_lacks(
    role: Callable[[str], URL],
) -> None:
    with pytest.raises(ToolError, match="may not create databases") as caught:
        PostgresServer(role(""))
    assert "CREATEDB" in caught.value.hint
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "the PostgreSQL URL cannot be read"),
        ("sqlite:///x.db", "sqlite:///x.db is no PostgreSQL URL"),
        ("postgresql://u:secret@127.0.0.1:1/x", "cannot connect to postgresql+psycopg://u:***@"),
        (
            "postgresql://u@127.0.0.1:1/x?password=secret&sslpassword=secret&connect_timeout=9",
            "cannot connect to postgresql+psycopg://u@127.0.0.1:1/x?connect_timeout=9:",
        ),
    ],
)
def test_a_server_that_cannot_be_used_is_one_line_without_a_password(
    url: str, message: str
) -> None:
    with pytest.raises(ToolError) as caught, open_server(url):
        pass
    assert caught.value.message.startswith(message)
    assert "secret" not in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.exit_code == 2
