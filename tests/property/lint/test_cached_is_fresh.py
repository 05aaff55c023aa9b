"""Whatever is edited, in whatever order: a run with a cache finds what a run without one finds."""

import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.generated_history import write_project
from calista_tools.lint import command, stretches
from calista_tools.lint.cli import main
from calista_tools.lint.collected import Collected
from calista_tools.lint.memory import changed_only

STEPS = 30


def a_comment(path: Path, _: random.Random) -> None:
    path.write_text(path.read_text() + "# changed\n")


def a_line_above(path: Path, _: random.Random) -> None:
    path.write_text(path.read_text().replace("\ndef upgrade", "\n# moved\n\ndef upgrade"))


def another_name(path: Path, dice: random.Random) -> None:
    old = dice.choice(['"ix_', '"uq_', '"pk_', '"fk_', '"ck_'])
    path.write_text(path.read_text().replace(old, old[0] + "x" + old[1:]))


def another_column(path: Path, _: random.Random) -> None:
    path.write_text(path.read_text().replace('sa.Column("', 'sa.Column("new_', 1))


def another_table(path: Path, _: random.Random) -> None:
    path.write_text(path.read_text().replace("op.create_table(", "op.drop_table(", 1))


def a_docstring(path: Path, _: random.Random) -> None:
    path.write_text(path.read_text().replace('"""', '"""Really ', 1))


def a_suppression(path: Path, _: random.Random) -> None:
    path.write_text(path.read_text().replace("def upgrade() -> None:", "def upgrade():  # noqa"))


def nonsense(path: Path, _: random.Random) -> None:
    path.write_text(path.read_text() + "def (\n")


def another_id(path: Path, _: random.Random) -> None:
    path.write_text(path.read_text().replace('revision: str = "', 'revision: str = "0', 1))


def gone(path: Path, _: random.Random) -> None:
    path.unlink()


def renamed(path: Path, dice: random.Random) -> None:
    path.rename(path.with_name(f"{dice.randrange(10**8):08}_0000_renamed.py"))


def doubled(path: Path, dice: random.Random) -> None:
    path.with_name(f"20300101_{dice.randrange(2400):04}_twin.py").write_text(path.read_text())


EDITS: list[Callable[[Path, random.Random], None]] = [
    *[a_comment, a_line_above, another_name] * 3,
    *[another_column, another_table, a_docstring, a_suppression, nonsense],
    *[another_id, gone, renamed, doubled],
]


@pytest.mark.parametrize(("seed", "branches"), [(1, 0), (2, 3), (3, 5)])
def test_a_cached_run_finds_what_a_fresh_one_finds(
    seed: int,
    branches: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    dice = random.Random(seed)
    kept = {path: path.read_bytes() for path in write_project(tmp_path, 40, branches=branches)}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stretches, "_LONG", 12)
    monkeypatch.setattr(stretches, "_NEWEST", 3)
    how: Counter[bool] = Counter()

    def spy(*arguments: object) -> Collected | None:
        found = changed_only.revisit(*arguments)  # type: ignore[arg-type]
        how[found is not None] += 1
        return found

    monkeypatch.setattr(command, "revisited", spy)

    def lint(*words: str) -> tuple[int, str, str]:
        code = main(["--output-format", "json", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    lint()
    versions = tmp_path / "migrations" / "versions"
    for step in range(STEPS):
        files = sorted(versions.glob("*.py"))
        for _ in range(dice.choice([1, 1, 1, 2, 4])):
            path = dice.choice([*files[-3:], dice.choice(files)])
            if path.exists():
                dice.choice(EDITS)(path, dice)
        if dice.random() < 0.2 or len(files) < 20:  # back to how it was
            for path in versions.glob("*.py"):
                path.unlink()
            for path, content in kept.items():
                path.write_bytes(content)
        for folder in (tmp_path, tmp_path / "migrations", versions):
            os.utime(folder, (1_700_000_000, 1_700_000_000))
        fresh = lint("--no-cache")
        assert lint() == fresh, step
        assert lint() == fresh, step
    assert how[True] > STEPS // 8  # one stretch alone was looked at
    assert how[False] > STEPS // 8
