"""However a file is damaged: the cached answer is the uncached one, and no internal error."""

import os
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calista_tools.lint import stretches
from calista_tools.lint.cli import main
from tests.damage import damaged, history, templates

Answer = tuple[int, str, str]
Lint = Callable[..., Answer]
ONE_DATABASE = [name for name in templates() if name != "multidb"]


@pytest.fixture
def lint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Lint:
    """Run in an empty project with a cache of its own, in stretches of a revision or two."""
    (tmp_path / "migrations" / "versions").mkdir(parents=True)
    (tmp_path / "migrations" / "env.py").touch()
    (tmp_path / "pyproject.toml").write_text("[tool.calista]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALISTA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(stretches, "_LONG", 3)
    monkeypatch.setattr(stretches, "_NEWEST", 1)
    monkeypatch.setattr(stretches, "_PARTS", 2)

    def run(*words: str) -> Answer:
        code = main(["--output-format", "concise", *words])
        said = capsys.readouterr()
        assert "internal error" not in said.err
        assert "Traceback" not in said.err
        return code, said.out, said.err

    return run


VERSIONS = Path("migrations", "versions")


def begin(template: str) -> None:
    """Write the sound history, with nothing kept of an earlier one."""
    shutil.rmtree("cache", ignore_errors=True)
    shutil.rmtree(VERSIONS)
    VERSIONS.mkdir()
    for name, source in history(template).items():
        (VERSIONS / name).write_text(source, encoding="utf-8")
    settle()


def settle() -> None:
    """Let the folders look old: what changes while a run goes on is not kept."""
    for folder in (Path(), VERSIONS.parent, VERSIONS):
        os.utime(folder, (1_700_000_000, 1_700_000_000))


def check(template: str, place: int, harm: bytes, other: int, lint: Lint) -> Answer:
    """Compare what is said of a damaged file: cold, warm, and after further edits."""
    begin(template)
    paths = sorted(VERSIONS.glob("*.py"))
    path, beside = paths[place], paths[other]
    if other != place:
        lint()
    path.write_bytes(harm)
    fresh = lint("--no-cache")
    assert lint() == fresh, "edited"
    assert lint() == fresh, "warm"
    shutil.rmtree("cache", ignore_errors=True)
    assert lint() == fresh, "cold"
    beside.write_bytes(beside.read_bytes() + b"\n# changed\n")
    fresh_again = lint("--no-cache")
    assert lint() == fresh_again, "another one edited"
    path.write_bytes(harm + b"\n# and more\n")
    assert lint() == lint("--no-cache"), "edited again"
    path.write_text(history(template)[path.name], encoding="utf-8")
    assert lint() == lint("--no-cache"), "repaired"
    return fresh


def unclosed(source: str) -> str:
    """Return a revision in one of whose functions a parenthesis is missing."""
    if source.rstrip().endswith("pass"):
        return f"{source.rstrip()}(\n"
    lines = source.splitlines(keepends=True)
    last = max(at for at, line in enumerate(lines) if line[:1] == " " and ")" in line)
    lines[last] = lines[last].replace(")", "", 1)
    return "".join(lines)


@pytest.mark.parametrize(
    ("template", "place"),
    [
        *((template, number % 4) for number, template in enumerate(ONE_DATABASE)),
        *(("generic", place) for place in (0, 2, 3)),
    ],
)
def test_a_parenthesis_that_is_missing(template: str, place: int, lint: Lint) -> None:
    source = list(history(template).values())[place]
    code, out, _ = check(template, place, unclosed(source).encode(), (place + 1) % 4, lint)
    assert code == 1
    assert out.count(": CAL006 ") == 1
    if template != "data":  # with a plain header it still says where it stands
        assert not re.search(r": CAL(404|401|109) ", out)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    template=st.sampled_from(templates()),
    place=st.integers(0, 3),
    other=st.integers(0, 3),
    seed=st.integers(0, 2**32),
)
def test_cached_answer_is_the_uncached_one(
    template: str, place: int, other: int, seed: int, lint: Lint
) -> None:
    source = list(history(template).values())[place]
    check(template, place, damaged(source, random.Random(seed)), other, lint)


def mutated(count: int, lint: Lint) -> Counter[int]:
    """Damage one revision after another, with the cache on; return how often which code came."""
    codes: Counter[int] = Counter()
    dice = random.Random(count)
    template = ""
    for number in range(count):
        if number % 20 == 0:
            template = dice.choice(ONE_DATABASE)
            begin(template)
        path = dice.choice(sorted(VERSIONS.glob("*.py")))
        sound = history(template)[path.name]
        path.write_bytes(damaged(sound, dice))
        answer = lint()
        codes[answer[0]] += 1
        if number % 10 == 0:
            assert answer == lint("--no-cache"), (template, path.name, path.read_bytes())
        if dice.random() < 0.7:
            path.write_text(sound, encoding="utf-8")
    return codes


def test_damaged_revisions_are_findings(lint: Lint) -> None:
    codes = mutated(100, lint)
    assert codes[1] > 50
    assert codes.keys() <= {0, 1}


@pytest.mark.slow
def test_five_thousand_damaged_revisions_are_findings(lint: Lint) -> None:
    codes = mutated(5000, lint)
    assert codes[1] > 2500
    assert codes.keys() <= {0, 1}
