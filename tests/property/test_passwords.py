"""No piece of any password is ever told, wherever it stood and however it was written."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from benchmarks.generated_history import write_project
from calista import passwords as applications
from calista.cli import main as calista
from calista_tools import passwords as toolkits
from calista_tools.lint.cli import main as lint
from calista_tools.program import program
from calista_tools.roundtrip.roundtrip_cli import main as roundtrip
from tests.functional.authoring.conftest import ROOT

REPORTED = "Zq@7/wJx8kVsecQret"
#: Letters that no message of ours has side by side, and everything that ends a part of a URL.
PASSWORDS = st.text("ZQXJKWV789@@//##??::&=%+ '\"\\;,$<>{}[]", min_size=8, max_size=24).filter(
    lambda text: text.strip() == text and sum(char.isalnum() for char in text) >= len(text) // 2
)
SHAPES: dict[str, Callable[[str], str]] = {
    "raw": lambda it: f"postgresql://me:{it}@127.0.0.1:1/db",
    "no port": lambda it: f"postgresql://me:{it}@127.0.0.1/db",
    "driver": lambda it: f"postgresql+psycopg://me:{it}@127.0.0.1:1/db",
    "unknown driver": lambda it: f"postgresql+none://me:{it}@127.0.0.1:1/db",
    "other database": lambda it: f"mysql://me:{it}@127.0.0.1:1/db",
    "no user": lambda it: f"postgresql://:{it}@127.0.0.1:1/db",
    "no scheme": lambda it: f"me:{it}@127.0.0.1:1/db",
    "one slash": lambda it: f"postgresql:/me:{it}@127.0.0.1:1/db",
    "bad port": lambda it: f"postgresql://me:{it}@127.0.0.1:port/db",
    "encoded": lambda it: f"postgresql://me:{quote(it, safe='')}@127.0.0.1:1/db",
    "half encoded": lambda it: f"postgresql://me:{quote(it, safe='@/:')}@127.0.0.1:1/db",
    "query": lambda it: f"postgresql://127.0.0.1:1/db?user=me&password={quote_plus(it)}",
    "query raw": lambda it: f"postgresql://127.0.0.1:1/db?user=me&password={it}",
    "query and port": lambda it: f"postgresql://me@127.0.0.1:1/db?password={it}&sslmode=disable",
    "nonsense": lambda it: f"postgresql://me:{quote(it, safe='')}@127.0.0.1:1/db?nonsense=1",
    "pairs": lambda it: (
        "host=127.0.0.1 port=1 password='" + it.replace("\\", "\\\\").replace("'", "\\'") + "'"
    ),
}
CALISTA = [["db", "status"], ["db", "status", "--json"], ["db", "upgrade", "--yes"], ["config"]]
CALISTA += [["db", "verify"]]


def pieces(password: str) -> set[str]:
    """Return what must not be told: four characters side by side, however they are spelt."""
    forms = {password, quote(password), quote(password, safe=""), quote_plus(password)}
    forms |= {repr(password)[1:-1], json.dumps(password)[1:-1], " ".join(password.split())}
    return {form[at : at + 4] for form in forms for at in range(len(form) - 3)}


def assert_untold(said: str, password: str, usual: str) -> None:
    """Fail if a piece is told that is not told of any password."""
    told = {piece for piece in pieces(password) if piece in said and piece not in usual}
    # `%40` stands in the advice, and what has no letter of the password's is in every message.
    told = {piece for piece in told if re.search(r"[ZQXJKWV]|[789]{2}", piece)}
    assert not told, (sorted(told), said)


@pytest.mark.parametrize("module", [applications, toolkits])
@given(password=PASSWORDS, shape=st.sampled_from(sorted(SHAPES)), cut=st.integers(0, 20))
@example(password=REPORTED, shape="raw", cut=4)
def test_every_piece_is_hidden(module: Any, password: str, shape: str, cut: int) -> None:
    """Of words that quote the URL, its tail, or the password in any spelling."""
    url = SHAPES[shape](password)
    module.forget()
    module.note([url])
    told = [url, url[cut:], repr(url), password[cut:], quote(password), json.dumps(password)]
    told += [f'invalid literal for int(): "{password.rpartition("@")[2]}@127.0.0.1"']
    try:
        for text in told:
            assert_untold(module.without_passwords(f"it said: {text}"), password, "it said: ")
    finally:
        module.forget()


Told = Callable[[Callable[[], object]], str]


@pytest.fixture
def told(capfd: pytest.CaptureFixture[str]) -> Told:
    """Run something and return all that it printed."""

    def run(command: Callable[[], object]) -> str:
        with suppress(SystemExit):
            command()
        return "".join(capfd.readouterr())

    return run


FEW = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FEW
@given(password=PASSWORDS, shape=st.sampled_from(sorted(SHAPES)))
@example(password=REPORTED, shape="raw")
@example(password="a@ZQXJ?K=W", shape="raw")
@example(password="ZQXJ#KWVZ@QX:789", shape="raw")
def test_calista(told: Told, tmp_path: Path, password: str, shape: str) -> None:
    def said(secret: str, words: list[str]) -> str:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path)
            patch.setenv("CALISTA_DB_URL", SHAPES[shape](secret))
            patch.setenv("PGCONNECT_TIMEOUT", "2")
            return told(lambda: calista(words))

    for words in CALISTA:
        assert_untold(said(password, words), password, said("plainword", words))
    assert_untold(told(lambda: calista([SHAPES[shape](password)])), password, "")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose env.py takes its URL as everybody's does."""
    folder = tmp_path_factory.mktemp("passwords")
    write_project(folder, 1)
    (folder / "alembic.ini").write_bytes((ROOT / "alembic.ini").read_bytes())
    return folder


@FEW
@given(password=PASSWORDS, shape=st.sampled_from(sorted(SHAPES)))
@example(password=REPORTED, shape="raw")
def test_the_toolkit(told: Told, project: Path, password: str, shape: str) -> None:
    url = SHAPES[shape](password)
    commands: list[Callable[[], object]] = [
        lambda: program().run(["calista-migrations", "current", f"--url={url}"]),
        lambda: program().run(["calista-migrations", "upgrade", url]),
        lambda: program().run(["calista-migrations", url]),
        lambda: program().run(["calista-migrations", "revision", "-am", "x", "--url", url]),
        lambda: roundtrip(["--url", url]),
        lambda: roundtrip(["-x", url]),
        lambda: roundtrip([url]),
        lambda: lint([url]),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        patch.setenv("PGCONNECT_TIMEOUT", "2")
        for command in commands:
            assert_untold(told(command), password, "")
        patch.setenv("CALISTA_DB_URL", url)
        assert_untold(told(lambda: program().run(["calista-migrations", "current"])), password, "")


@FEW
@given(password=PASSWORDS, shape=st.sampled_from(sorted(SHAPES)))
@example(password=REPORTED, shape="raw")
def test_alembic_ini(told: Told, project: Path, password: str, shape: str) -> None:
    """Where SQLAlchemy and the driver read the URL themselves, and say what they make of it."""
    ini = project / "alembic.ini"
    before = ini.read_text(encoding="utf-8")
    url = SHAPES[shape](password).replace("%", "%%")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        patch.delenv("CALISTA_DB_URL", raising=False)
        patch.setenv("PGCONNECT_TIMEOUT", "2")
        ini.write_text(before.replace("[alembic]", f"[alembic]\nsqlalchemy.url = {url}"))
        try:
            for task in (["current"], ["upgrade"], ["revision", "-am", "x"]):
                said = told(lambda task=task: program().run(["calista-migrations", *task]))  # type: ignore[misc]
                assert_untold(said, password, "")
        finally:
            ini.write_text(before)


@pytest.mark.parametrize("words", [["db", "status"], ["db", "upgrade"], ["config"]])
def test_what_to_do_is_said(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALISTA_DB_URL", SHAPES["raw"](REPORTED))
    said = told(lambda: calista(words))
    assert "%40 for @, %2F for /" in said
    assert_untold(said, REPORTED, "")


def test_the_toolkit_says_what_to_do(
    told: Told, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    url = SHAPES["raw"](REPORTED)
    for command in (
        lambda: program().run(["calista-migrations", "current", f"--url={url}"]),
        lambda: roundtrip(["--url", url]),
    ):
        assert "%40 for @, %2F for /" in told(command)


def test_a_traceback_tells_none(tmp_path: Path) -> None:
    """What is a bug keeps its traceback, and that is written as everything else is."""
    program = (
        "import os, sys\nfrom calista import cli\n"
        "def broken(args):\n    raise KeyError(os.environ['CALISTA_DB_URL'])\n"
        "cli._run = broken\nsys.exit(cli.main(['config']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "CALISTA_DB_URL": SHAPES["raw"](REPORTED)},
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert "KeyError" in done.stderr
    assert_untold(done.stderr, REPORTED, "")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:p%40ss@host:5432/db",
        "postgresql://me:pa/ss?x#y:z@host:5432/db",
        "postgresql://me@corp:word@host/db",
        "postgresql://host:5432/db?user=me&password=a@b",
        "postgresql://me:secret@host/db?user=me@corp",
        "postgresql:///db?host=/run/a",
        "sqlite:////home/me@work/a:b@c.db",
        "sqlite:///a.db",
    ],
)
def test_urls_that_are_clear(url: str) -> None:
    assert applications.is_clear(url) == ("&password=a@b" not in url)
    assert toolkits.is_clear(url) == applications.is_clear(url)


def test_passwords_that_are_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password that is also the user's name or the scheme hides nothing else."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://postgres:postgres@localhost/postgres")
    for module in (applications, toolkits):
        module.forget()
        said = "cannot use postgresql://postgres:***@localhost/postgres: password is wrong"
        assert module.without_passwords(said) == said
        module.forget()
