"""An env.py that puts its URL together, or chooses the kind of its engine by it, is served."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from calista_tools.roundtrip.roundtrip_cli import main

Write = Callable[..., Path]
LINE = {
    "r0": ('op.create_table("note", sa.Column("id", sa.Integer, primary_key=True))',
           'op.drop_table("note")'),
}  # fmt: skip
PARTS = """
import os
from alembic import context
from sqlalchemy import create_engine, pool

e = os.environ.get
url = "postgresql+psycopg://{}:{}@{}:{}/{}".format(
    e("POSTGRES_USER", "app"), e("POSTGRES_PASSWORD", "x"), e("POSTGRES_SERVER", "127.0.0.1"),
    e("POSTGRES_PORT", "1"), e("POSTGRES_DB", "app"))
with create_engine(url, poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
ENTRIES = [
    "host=POSTGRES_SERVER", "port=POSTGRES_PORT", "user=POSTGRES_USER",
    "password=POSTGRES_PASSWORD", "database=POSTGRES_DB",
]  # fmt: skip
NEW = ["--no-cache", "--output-format", "json"]
BOTH = """
import asyncio
from alembic import context
from sqlalchemy import create_engine, pool
from sqlalchemy.ext.asyncio import create_async_engine

url = context.config.get_main_option("sqlalchemy.url")


def go(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


async def go_async():
    async with create_async_engine(url, poolclass=pool.NullPool).connect() as connection:
        await connection.run_sync(go)


if CHOICE:
    asyncio.run(go_async())
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        go(connection)
"""


def test_a_url_of_parts(project: Write, capsys: pytest.CaptureFixture[str]) -> None:
    ini = project(LINE, env=PARTS)
    flags = [word for entry in ENTRIES for word in ("--url-env", entry)]
    assert main(["--config", str(ini), *NEW, *flags]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["backend"] == "postgresql"
    (ini.parent / "pyproject.toml").write_text(
        f"[tool.calista.roundtrip]\nurl-env = {json.dumps(ENTRIES)}\n"
    )
    assert main(["--config", str(ini), *NEW]) == 0
    assert main(["--config", str(ini), *NEW, "--backend", "sqlite"]) == 2
    assert "--backend sqlite" in capsys.readouterr().err


def test_a_server_that_is_not_there_has_the_hint(
    project: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    ini = project(LINE, env=PARTS)
    assert main(["--config", str(ini), *NEW, "--backend", "postgresql"]) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert "refused" in error
    assert "--url-env host=POSTGRES_SERVER" in hint


@pytest.mark.parametrize(
    ("entry", "words"),
    [("hots=A", "did you mean `host=A`?"), ("host=", "no name of a variable"), ("", "no name")],
)
def test_what_is_no_part(
    project: Write, capsys: pytest.CaptureFixture[str], entry: str, words: str
) -> None:
    assert main(["--config", str(project(LINE)), "--url-env", entry]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("choice", "url"),
    [
        ('"async" in url or "aio" in url', "sqlite:///own.db"),
        ('"async" in url or "aio" in url', "sqlite+aiosqlite:///own.db"),
        ("True", "sqlite:///own.db"),
        ("False", "sqlite+aiosqlite:///own.db"),
    ],
)
def test_an_env_that_makes_both_kinds_of_engines(
    project: Write, capsys: pytest.CaptureFixture[str], choice: str, url: str
) -> None:
    ini = project(LINE, env=BOTH.replace("CHOICE", choice))
    ini.write_text(f"{ini.read_text()}sqlalchemy.url = {url}\n")
    assert main(["--config", str(ini), *NEW, "--backend", "sqlite"]) == 0, capsys.readouterr().err


def test_an_engine_that_is_made_elsewhere(
    project: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ini = project(LINE, env="import own_engine_of_both\n")
    (ini.parent / "own_engine_of_both.py").write_text(BOTH.replace("CHOICE", "True"))
    monkeypatch.chdir(ini.parent)
    assert main([*NEW, "--backend", "sqlite"]) == 0, capsys.readouterr().err
