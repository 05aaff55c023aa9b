"""However a configuration is damaged: an answer or one error, no traceback and no internal error."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from calista.cli import main as calista
from calista_tools.errors import ToolError
from calista_tools.lint.cli import main as lint
from calista_tools.rework.commands import record, verify
from calista_tools.roundtrip.roundtrip_cli import main as roundtrip
from tests.damage import HARM, history

PYPROJECT = """\
[project]
name = "x"

[tool.calista]
script_location = "migrations"
alembic-ini = "alembic.ini"
lock-file = "migrations/history.lock"
dialects = ["sqlite", "postgresql"]
file-template = "%%(year)d%%(month).2d%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s"
append-only = ["event_store"]
baseline = "a1"
application-packages = ["app"]
select = ["CAL"]
ignore = ["CAL311"]
start-after = "a1"
lint-baseline = "accepted.json"
templates = "templates"
naming-convention = {ix = "ix_%(column_0_label)s", ck = "ck_%(table_name)s_%(constraint_name)s"}

[tool.calista.names]
ix = "ix_%(table_name)s_%(column_0_N_label)s"

[tool.calista.per-file-ignores]
"*_step_1.py" = ["CAL3", "CAL101"]

[tool.calista.roundtrip]
rows = true
ignore-drift = ["table x"]

[tool.alembic]
script_location = "%(here)s/migrations"
"""
INI = """\
[alembic]
script_location = %(here)s/migrations
file_template = %%(year)d%%(month).2d_%%(slug)s
prepend_sys_path = .
version_locations = %(here)s/migrations/versions %(here)s/more
path_separator = space
recursive_version_locations = false
revision_environment = false
sqlalchemy.url = sqlite:///x.db

[loggers]
keys = root
"""
SETTINGS = """\
[db]
auto_upgrade = false
backup_dir = "backups"
backup_keep = 3
lock_timeout = 1.5
"""
ACCEPTED = (
    '{"version": 1, "findings": [{"file": "x.py", "code": "CAL1", "message": "m", "count": 2}]}'
)
#: What may stand where another value stands.
VALUES = [
    "0", "-1", "1e999", "nan", "true", '""', '"x"', "[]", "[1]", '[""]', "[[]]", "{}", "{a = 1}",
    "1979-05-27", "07:32:00", '"%(x)s"', '"%(table_name)"', '"%"', '"["', '"\\u0000"', '"../../.."',
    '"/"', '"~"', '"*"', "'''x\ny'''", '"é"', '["CAL9999"]', '["", "x"]', "9" * 400, '"' + "a" * 300 + '"',
]  # fmt: skip
KEYS = ["selct", '""', '"a.b"', "names", "db", "roundtrip", "dialect", "é", "x" * 300, "-", "'\\n'"]


def another_value(text: str, dice: random.Random) -> str:
    places = list(re.finditer(r"(?m)(?<== )[^\n]+$|(?<=: )[^,}]+", text))
    if not places:
        return text
    place = dice.choice(places)
    return text[: place.start()] + dice.choice(VALUES) + text[place.end() :]


def another_key(text: str, dice: random.Random) -> str:
    places = list(re.finditer(r"(?m)^[\w.-]+(?= = )|(?<=\[)[\w.-]+(?=\]$)", text))
    if not places:
        return text
    place = dice.choice(places)
    return text[: place.start()] + dice.choice(KEYS) + text[place.end() :]


def damaged(text: str, dice: random.Random) -> bytes:
    for _ in range(dice.choice([1, 1, 2, 3])):
        harm = dice.choice([another_value, another_value, another_key, *HARM])
        if text:
            text = harm(text, dice)
    return text.encode(errors="surrogatepass")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[Path, str]:
    """A project with a configuration that says all that can be said; returns its files."""
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "more").mkdir()
    for name, source in history("generic").items():
        (versions / name).write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CALISTA_DB_URL", raising=False)
    (tmp_path / "migrations" / "env.py").write_text("target_metadata = None\n")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.calista]\nscript_location = "migrations"\nbaseline = "a1"\n'
    )
    record()
    texts = {
        Path("pyproject.toml"): PYPROJECT,
        Path("alembic.ini"): INI,
        Path("migrations/history.lock"): Path("migrations/history.lock").read_text(),
        Path("accepted.json"): ACCEPTED,
        Path("calista.toml"): SETTINGS,
    }
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return texts


def runs(path: Path) -> list[Callable[[], int]]:
    """Return what reads a file."""
    if path.name == "calista.toml":
        return [lambda: calista(["db", "status"])]

    def history_commands() -> int:
        with suppress(ToolError):
            verify()
        return 0

    return [
        lambda: lint(["--output-format", "concise"]),
        lambda: lint(["--no-cache", "--names"]),
        history_commands,
    ]


def mutate(
    count: int,
    texts: dict[Path, str],
    capsys: pytest.CaptureFixture[str],
    also: Callable[[Path], list[Callable[[], int]]] = lambda path: [],
) -> Counter[int]:
    codes: Counter[int] = Counter()
    dice = random.Random(count)
    for _ in range(count):
        path = dice.choice([Path("pyproject.toml"), *texts])
        path.write_bytes(content := damaged(texts[path], dice))
        for run in (*runs(path), *also(path)):
            code = run()
            said = capsys.readouterr()
            codes[code] += 1
            told = f"{path}\n{content!r}\n{said.err}"
            assert code in (0, 1, 2, 3, 4), told
            assert "internal error" not in said.err, told
            assert "Traceback" not in said.err, told
            assert len([line for line in said.err.splitlines() if "error:" in line]) <= 1, told
        path.write_text(texts[path], encoding="utf-8")
    return codes


def test_damaged_configurations(
    project: dict[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    codes = mutate(100, project, capsys)
    assert codes[2] > 20


@pytest.mark.slow
def test_a_thousand_damaged_configurations(
    project: dict[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    def proof(path: Path) -> list[Callable[[], int]]:
        return [lambda: roundtrip(["--backend", "sqlite"])] if path.name != "calista.toml" else []

    codes = mutate(1000, project, capsys, proof)
    assert codes[2] > 200


NESTED = f"a = {'[' * 5000}"
ODD = [
    ("pyproject.toml", "tool = 3"),
    ("pyproject.toml", "tool = []"),
    ("pyproject.toml", "[tool]\ncalista = 3"),
    ("pyproject.toml", "[[tool.calista]]\nselect = []"),
    ("pyproject.toml", '[tool.calista]\nlint-baseline = "\\u0000"'),
    ("pyproject.toml", '[tool.alembic]\nscript_location = "\\u0000"'),
    ("pyproject.toml", '[tool.alembic]\nversion_locations = ["\\u0000"]'),
    ("pyproject.toml", f'[tool.calista]\nlock-file = "{"a" * 300}"'),
    ("pyproject.toml", f"[tool.calista]\n{NESTED}"),
    ("alembic.ini", f"[alembic]\nversion_locations = {'a' * 300}"),
    ("alembic.ini", "[alembic]\nversion_locations = a\0b"),
    ("accepted.json", "[" * 100_000),
    ("calista.toml", NESTED),
    ("calista.toml", "db = 3"),
    ("calista.toml", f"[db]\nlock_timeout = {'9' * 400}"),
    ("calista.toml", f"[db]\nbackup_keep = {'9' * 5000}"),
    ("pyproject.toml", f"a = {'9' * 5000}"),
]


@pytest.mark.parametrize(("name", "content"), ODD)
def test_odd_shapes_are_one_error(
    name: str, content: str, project: dict[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    if name == "alembic.ini":
        Path("pyproject.toml").write_text("[tool.calista]\n")
    if "tool.alembic" in content:
        Path("alembic.ini").unlink()  # which comes before it
    Path(name).write_text(content)
    run = runs(Path(name))[0]
    assert run() == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "internal error" not in said
    assert len(said) < 1000
