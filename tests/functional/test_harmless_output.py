"""Whatever stands in a revision, a name or an error: no program of ours prints control characters.

They would hide a revision from its reviewer, rename what a terminal shows, or write into its clipboard.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from sqlalchemy import create_engine, text

from benchmarks.generated_history import write_project
from calista.cli import main as calista
from calista_tools.lint.cli import main as lint
from calista_tools.program import program
from calista_tools.roundtrip.roundtrip_cli import main as roundtrip
from tests.functional.authoring.conftest import ROOT

#: ESC, CSI, OSC 52 with BEL, a C1 CSI, backspace, a carriage return, DEL, a bidi override, a
#: character of no width and one of a tag.
ATTACK = (
    "\x1b[2J\x1b]52;c;cm0gLXJm\x07\x9b31m\b\rok\x7f\N{RIGHT-TO-LEFT OVERRIDE}evil"
    "\N{ZERO WIDTH SPACE}\N{TAG LATIN SMALL LETTER A}\N{LINE SEPARATOR}end"
)
#: The same in Python source, where a string can hold all of it.
WRITTEN = ATTACK.encode("unicode_escape").decode("ascii")
SOURCE = f'''"""{WRITTEN} adds a table

Revision ID: b2
Revises: a1
Create Date: 2024-01-02 08:00:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "b2"
down_revision = "a1"
NAME = "{WRITTEN}"


def upgrade() -> None:
    op.create_table(NAME, sa.Column("id", sa.Integer()), sa.Column("{WRITTEN}", sa.Integer()))
    op.create_index(NAME + "2", NAME, ["id"])
    op.execute("UPDATE {WRITTEN.replace(chr(34), "")} SET a = 1")


def downgrade() -> None:
    op.execute("DROP TABLE \\"" + NAME + "\\"")
'''
FIRST = '''"""first

Revision ID: a1
Revises:
Create Date: 2024-01-01 08:00:00+00:00
"""

revision = "a1"
down_revision = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
'''
LOGGING = f"""
import logging
import sys

ATTACK = "said by env.py: {WRITTEN}"
logging.basicConfig(stream=sys.stderr, level=logging.INFO, force=True)
logging.error(ATTACK)
"""


def dangerous(shown: str) -> set[str]:
    """Return the characters that do something to who reads them."""
    kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return {char for char in shown if unicodedata.category(char) in kinds} - {"\n", "\t"}


@pytest.fixture(scope="module")
def attack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose second revision, and its file, are named to do harm."""
    folder = tmp_path_factory.mktemp("attack")
    [old] = write_project(folder, 1)
    old.unlink()
    versions = folder / "migrations" / "versions"
    (versions / "20240101_0800_first.py").write_text(FIRST, encoding="utf-8")
    name = "20240102_0800_" + ATTACK + ".py"
    (versions / name).write_text(SOURCE, encoding="utf-8")
    (folder / "alembic.ini").write_bytes((ROOT / "alembic.ini").read_bytes())
    env = folder / "migrations" / "env.py"
    env.write_text(LOGGING + env.read_text(encoding="utf-8"), encoding="utf-8")
    pyproject = folder / "pyproject.toml"
    text_ = re.sub("dialects = .*", 'dialects = ["sqlite"]', pyproject.read_text())
    pyproject.write_text(text_, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    """Forget the streams that env.py's logging was given."""
    before = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:], logging.root.level = before


Shown = Callable[[Callable[[], object]], str]


@pytest.fixture
def shown(capfd: pytest.CaptureFixture[str]) -> Shown:
    """Run something and return what it left on stdout, after a look at all that it printed."""

    def run(command: Callable[[], object]) -> str:
        with suppress(SystemExit):
            command()
        out, err = capfd.readouterr()
        assert not dangerous(out), (sorted(dangerous(out)), out)
        assert not dangerous(err), (sorted(dangerous(err)), err)
        return out + "\n--\n" + err

    return run


LINT = [
    *([f"--output-format={form}"] for form in ("full", "concise", "json", "github", "gitlab")),
    *([f"--output-format={form}"] for form in ("sarif", "junit")),
    ["--no-cache"],
    ["--statistics"],
    ["--diff"],
    ["--names"],
    ["--names", "--output-format=json"],
    ["--infer-names"],
    ["--explain", ATTACK],
    ["--select", ATTACK],
    ["--config", ATTACK],
    [f"--{ATTACK}"],
    [ATTACK],
]


@pytest.mark.parametrize("arguments", LINT, ids=[words[0][:24].split("\x1b")[0] for words in LINT])
def test_lint(
    attack: Path, shown: Shown, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(attack)
    shown(lambda: lint(arguments))
    said = shown(lambda: lint(arguments))  # as it was remembered
    out = said.partition("\n--\n")[0]
    if any("json" in word or "gitlab" in word or "sarif" in word for word in arguments):
        json.loads(out)
    if "junit" in arguments[0]:
        fromstring(out)


@pytest.mark.parametrize("form", ["text", "json", "junit"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_roundtrip(
    attack: Path, shown: Shown, monkeypatch: pytest.MonkeyPatch, form: str, jobs: str
) -> None:
    monkeypatch.chdir(attack)
    words = ["--backend=sqlite", "--output-format", form, "--no-cache", "--jobs", jobs]
    out, _, err = shown(lambda: roundtrip(words)).partition("\n--\n")
    assert r"said by env.py: \x1b[2J" in err
    if form == "text":
        assert r"\x1b[2J" in out
    if form == "json":
        assert ATTACK.split("\b")[0] in json.loads(out)["steps"][1]["summary"]
    if form == "junit":
        fromstring(out)


@pytest.mark.parametrize(
    "words",
    [["--config", ATTACK], ["-x", ATTACK], ["--to", ATTACK], ["--url", ATTACK], [f"--{ATTACK}"]],
)
def test_roundtrip_refuses(
    attack: Path, shown: Shown, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(attack)
    shown(lambda: roundtrip(words))


@pytest.mark.parametrize(
    "words",
    [
        ["history"],
        ["history", "--format=mermaid"],
        ["history", "--format=dot"],
        ["history", "--format=json"],
        [f"history --format={ATTACK}"],
        ["history", "--format", ATTACK],
        ["review"],
        ["check"],
        ["sql", "b2", "--dialect=sqlite"],
        ["upgrade", "--url=sqlite:///x.db"],
        ["upgrade", ATTACK, "--url=sqlite:///x.db"],
        ["upgrade", f"--url=sqlite:///{ATTACK}/x.db"],
        ["rebase", "--onto", ATTACK],
        ["lock", "--check"],
        ["squash", "-m", "a", "--through", ATTACK],
        ["squash", "-m", "a", "--through", "b2"],
        ["revision", "-m", ATTACK],
        ["revision", "-m", "a", "--head", ATTACK],
        ["lint", ATTACK],
        [ATTACK],
    ],
    ids=lambda words: words[0][:8].split("\x1b")[0],
)
def test_tasks(
    attack: Path, shown: Shown, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(attack)
    shown(lambda: program().run(["calista-migrations", *words]))


def test_the_report(attack: Path, shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(attack)
    shown(lambda: program().run(["calista-migrations", "report"]))
    page = (attack / "build" / "migrations.html").read_text(encoding="utf-8")
    assert not dangerous(page), sorted(dangerous(page))
    assert r"\x1b[2J" in page


def test_the_other_door(attack: Path) -> None:
    """Invoke prints errors itself, after our part is over."""
    (attack / "tasks.py").write_bytes((ROOT / "tasks.py").read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "invoke", "squash", "-m", "a", "--through", ATTACK],
        cwd=attack,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    said = done.stdout.decode() + done.stderr.decode()
    assert r"\x1b[2J" in said
    assert not dangerous(said)


@pytest.mark.parametrize(
    "words",
    [
        ["db", "status"],
        ["db", "status", "--json"],
        ["db", "history"],
        ["db", "verify"],
        ["db", "check"],
        ["db", "restore", ATTACK],
        ["db", ATTACK],
        ["events", "append", ATTACK],
        ["events", "append", "events.jsonl"],
        ["events", "list"],
        ["events", "list", "--after", ATTACK],
        ["events", "verify"],
        ["config", "--config", ATTACK],
        ["--config", "attack.toml", "config"],
        [f"--{ATTACK}"],
    ],
    ids=lambda words: "-".join(words)[:18].split("\x1b")[0],
)
def test_calista(
    tmp_path: Path, shown: Shown, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / ATTACK
    folder.mkdir()
    url = f"sqlite:///{folder}/calista.db"
    monkeypatch.setenv("CALISTA_DB_URL", url)
    shown(lambda: calista(["db", "upgrade", "--yes", "--no-backup"]))
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f'CREATE TABLE "event_{ATTACK}" (a INTEGER)'))
        connection.exec_driver_sql(f"CREATE VIEW \"v{ATTACK}\" AS SELECT '{ATTACK}' AS a")
    engine.dispose()
    event = {"stream_id": ATTACK, "stream_type": ATTACK, "event_type": ATTACK, "payload": ATTACK}
    (tmp_path / "good.jsonl").write_text(json.dumps(event) + "\n", encoding="utf-8")
    out = shown(lambda: calista(["events", "append", "good.jsonl"])).partition("\n--\n")[0]
    assert json.loads(out)["stream_id"] == ATTACK
    (tmp_path / "events.jsonl").write_text(json.dumps({ATTACK: 1}), encoding="utf-8")
    (tmp_path / "attack.toml").write_text(f'[db]\n"{WRITTEN_TOML}" = 1\n', encoding="utf-8")
    shown(lambda: calista(words))


#: TOML knows `\\u` and `\\U`, and not `\\x`.
WRITTEN_TOML = "".join(
    char if char.isascii() and char.isprintable() else f"\\U{ord(char):08x}" for char in ATTACK
)


def test_sql_with_controls_is_said_not_to_be_run(
    attack: Path, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(attack)
    words = ["calista-migrations", "sql", "b2", "--dialect=sqlite"]
    out, _, err = shown(lambda: program().run(words)).partition("\n--\n")
    assert r"\x1b[2J" in out
    assert "it is to be read, not to be run" in err


def test_a_name_writes_no_line_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    [old] = write_project(tmp_path, 1)
    old.unlink()
    named = SOURCE.replace(WRITTEN, "x\\nAll checks passed!\\ny").replace('"a1"', "None")
    (old.parent / "20240102_0800_named.py").write_text(named, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    words = ["--backend=sqlite", "--config", str(tmp_path / "alembic.ini"), "--no-cache"]
    commands: list[Callable[[], object]] = [
        lambda: lint([]),
        lambda: lint(["--names"]),
        lambda: roundtrip(words),
    ]
    for command in commands:
        command()
        lines = capsys.readouterr().out.splitlines()
        assert any(r"x\nAll checks passed!\ny" in line for line in lines), lines
        assert "All checks passed!" not in lines
