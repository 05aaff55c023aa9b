"""Which driver is taken depends on what is installed, and on what this SQLAlchemy knows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy
import typing_extensions

SOURCES = Path(__file__).parents[3] / "tools"
PSYCOPG = (Path(sqlalchemy.__file__).parent / "dialects" / "postgresql" / "psycopg.py").exists()
Answer = Callable[..., str]


@pytest.fixture
def answer(tmp_path: Path) -> Answer:
    """Ask in a Python that has SQLAlchemy, and of drivers only what the test names."""
    for module in (sqlalchemy, typing_extensions):
        found = Path(module.__file__ or "")
        found = found.parent if found.name == "__init__.py" else found
        (tmp_path / found.name).symlink_to(found)

    def answer(asked: str, *installed: str) -> str:
        for name in installed:
            (tmp_path / f"{name}.py").write_text("")
        lines = [
            "from calista_tools.drivers import *",
            "from calista_tools.errors import ToolError",
            "from sqlalchemy.engine import make_url",
            "try:",
            f"    print({asked})",
            "except ToolError as error:",
            "    print(f'{error.message}; {error.hint}')",
        ]
        done = subprocess.run(
            [sys.executable, "-S", "-c", "\n".join(lines)],
            env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{SOURCES}"},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    return answer


def test_the_only_one_is_taken(answer: Answer) -> None:
    assert answer("own_driver()", "psycopg2") == "psycopg2"
    assert (
        answer("synchronous(make_url('postgresql+asyncpg://h/x'))") == "postgresql+psycopg2://h/x"
    )


def test_psycopg_is_taken_where_sqlalchemy_knows_it(answer: Answer) -> None:
    wanted = "psycopg" if PSYCOPG else "psycopg2"
    assert answer("own_driver()", "psycopg", "psycopg2") == wanted


def test_none_is_one_line_with_one_that_fits(answer: Answer) -> None:
    fits = "psycopg[binary]" if PSYCOPG else "psycopg2-binary"
    assert answer("own_driver()") == f'no PostgreSQL driver is installed; pip install "{fits}"'


def test_a_url_without_a_driver_gets_the_one_that_is_there(answer: Answer) -> None:
    # SQLAlchemy's own is psycopg2 up to 2.0, psycopg from 2.1 on.
    there = "psycopg" if PSYCOPG else "psycopg2"
    usual = sqlalchemy.engine.make_url("postgresql://").get_driver_name()
    wanted = "postgresql://h/x" if usual == there else f"postgresql+{there}://h/x"
    assert answer("with_driver(make_url('postgresql://h/x'))", there) == wanted
    assert answer("synchronous(make_url('postgresql://h/x'))") == wanted


def test_a_driver_that_was_named_stays(answer: Answer) -> None:
    for url in ("postgresql+pg8000://h/x", "sqlite:///x.db", "postgresql+psycopg2://h/x"):
        assert answer(f"synchronous(make_url({url!r}))", "psycopg") == url
    assert answer("synchronous(make_url('sqlite+aiosqlite:///x.db'))") == "sqlite:///x.db"
