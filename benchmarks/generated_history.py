"""What does a long, healthy Alembic history look like? Writes one of any length, to measure and test on.

Every revision upgrades and downgrades on SQLite and PostgreSQL, follows the naming convention and
the migrations policy, and is the same for the same seed: a linter and a round-trip have nothing to
say about it, so whatever they say after something was changed is about the change.

    python -m benchmarks.generated_history FOLDER --revisions 1000 [--branches 3] [--seed 7]
"""

from __future__ import annotations

import argparse
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.generated_steps import Model, Step

FRAME = Path(__file__).with_name("generated_project")
START = datetime(2024, 1, 2, 8, 0, tzinfo=UTC)
REVISION = '''"""{message}

Revision ID: {revision}
Revises: {revises}
Create Date: {created}
"""

from collections.abc import Sequence
{imports}
# revision identifiers, used by Alembic.
revision: str = "{revision}"
down_revision: str | Sequence[str] | None = {down_revision}
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
'''


@dataclass
class Writer:
    """Puts one revision after another into ``versions/``."""

    versions: Path
    random: random.Random
    model: Model
    time: datetime = START
    count: int = 0

    def write(self, step: Step, parents: Sequence[str]) -> str:
        """Write one revision file and return its id."""
        self.count += 1
        self.time += timedelta(minutes=self.random.randint(1, 90))
        revision = f"{self.random.getrandbits(48):012x}"
        if not parents:
            down_revision = "None"
        elif len(parents) == 1:
            down_revision = f'"{parents[0]}"'
        else:
            down_revision = "({})".format(", ".join(f'"{parent}"' for parent in parents))
        body = "\n".join([*step.upgrade, *step.downgrade])
        modules = [("sa.", "import sqlalchemy as sa"), ("op.", "from alembic import op")]
        imports = "".join(f"{line}\n" for word, line in modules if word in body)
        slug = step.message.lower().replace(" ", "_").replace("-", "_")[:40].rstrip("_")
        source = REVISION.format(
            message=step.message,
            revision=revision,
            revises=", ".join(parents),
            created=self.time.isoformat(sep=" "),
            imports=f"\n{imports}" if imports else "",
            down_revision=down_revision,
            upgrade="\n".join(f"    {line}" for line in step.upgrade),
            downgrade="\n".join(f"    {line}" for line in step.downgrade),
        )
        path = self.versions / f"{self.time:%Y%m%d_%H%M}_{slug}.py"
        path.write_text(source, encoding="utf-8", newline="\n")
        return revision

    def fork(self, parents: Sequence[str], lines: int, length: int) -> list[str]:
        """Write a branch point's lines, which share no table, and return their heads."""
        owner = {table.name: self.random.randrange(lines) for table in self.model.tables}
        heads = [list(parents) for _ in range(lines)]
        for number in range(length):
            line = number % lines
            step = self.model.step({name for name, owning in owner.items() if owning == line})
            for table in self.model.tables:
                owner.setdefault(table.name, line)
            heads[line] = [self.write(step, heads[line])]
        return sorted({head for ids in heads for head in ids})


def write_project(
    folder: Path, revisions: int, *, seed: int = 0, branches: int = 0, merge_last: bool = True
) -> list[Path]:
    """Write a complete Alembic project.

    Args:
        folder: Made if missing; gets ``alembic.ini``, ``pyproject.toml`` and ``migrations/``.
        revisions: How many revision files, merges included.
        seed: The same seed and arguments give the same files.
        branches: How many times the history forks into two or three lines that are merged again.
        merge_last: False leaves the last fork open, with several heads.

    Returns:
        The revision files, oldest first.
    """
    random_ = random.Random(seed)
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    model = Model(random_)
    writer = Writer(versions, random_, model)
    places = range(2, max(2, revisions - 8))
    forks = sorted(random_.sample(places, min(branches, len(places))))
    parents: list[str] = []
    while writer.count < revisions:
        if forks and writer.count >= forks[0] and revisions - writer.count >= 4:
            del forks[0]
            lines = random_.randint(2, 3)
            length = min(random_.randint(lines, 3 * lines), revisions - writer.count - 1)
            parents = writer.fork(parents, lines, length)
            if forks or merge_last:
                parents = [writer.write(Step("merge branches", ["pass"], ["pass"]), parents)]
            else:
                break
        else:
            parents = [writer.write(model.step(), parents)]
    _write_frame(folder, model)
    return sorted(versions.glob("*.py"))


def _write_frame(folder: Path, model: Model) -> None:
    """Write everything but the revisions."""
    shutil.copytree(FRAME, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "migrations" / "tables.py").open("a", encoding="utf-8", newline="\n") as tables:
        for table in model.tables:
            tables.write("\n" + table.definition())
    logs = ", ".join(f'"{table.name}"' for table in model.tables if table.kind == "log")
    with (folder / "pyproject.toml").open("a", encoding="utf-8", newline="\n") as pyproject:
        pyproject.write(f"append-only = [{logs}]\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Write a project from the command line."""
    parser = argparse.ArgumentParser(description="Write a synthetic Alembic project.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--revisions", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--branches", type=int, default=0, help="forks that are merged again")
    options = parser.parse_args(argv)
    files = write_project(
        options.folder, options.revisions, seed=options.seed, branches=options.branches
    )
    print(f"{len(files)} revisions in {options.folder}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
