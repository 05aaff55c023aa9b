"""Every flag of every task works through both doors; a flag without a case here fails."""

from __future__ import annotations

import json
import shutil
import subprocess
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from invoke.main import program as invoke
from sqlalchemy import create_engine, inspect

from benchmarks.generated_history import write_project
from calista_tools.history import read_history
from calista_tools.program import program
from calista_tools.tasks import collection
from calista_tools.tasks.lint import SEVERAL, SWITCHES, VALUES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

TASKS = "from calista_tools.tasks import collection\n\nnamespace = collection()\n"
TABLES = """
sa.Table("shelf", metadata, sa.Column("id", sa.Integer(), nullable=False), sa.Column("name", sa.Text()),
         sa.PrimaryKeyConstraint("id"))
"""
REVISION = '''"""{message}

Revision ID: {revision}
Revises: {parent}
Create Date: 2024-01-0{day} 00:00:00+00:00
"""
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {parent!r}


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    {downgrade}
'''
STEPS = (
    (
        "a1",
        None,
        "create shelf",
        """op.create_table(
        "shelf",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_shelf"),
    )""",
        'op.drop_table("shelf")',
    ),
    (
        "a2",
        "a1",
        "fill shelf",
        """op.execute("INSERT INTO shelf (id) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM shelf)")""",
        """op.execute("DELETE FROM shelf WHERE id = 1")""",
    ),
    (
        "a3",
        "a2",
        "move shelf",
        """op.execute("UPDATE shelf SET id = 2 WHERE id = 1")""",
        """op.execute("UPDATE shelf SET id = 1 WHERE id = 2")""",
    ),
    (
        "a4",
        "a3",
        "name shelves",
        'op.add_column("shelf", sa.Column("name", sa.Text()))',
        'op.drop_column("shelf", "name")',
    ),
)


class Said(NamedTuple):
    """What a task left behind: its exit code, its output, and the folder that it ran in."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def ids(self) -> list[str]:
        """The revisions that there are now, oldest first."""
        history = read_history(self.folder / "migrations" / "versions")
        return [revision.revision for revision in history.ordered]

    @property
    def columns(self) -> list[str] | None:
        """The columns of the table in the database; None where it has no such table."""
        found = inspect(create_engine(f"sqlite:///{self.folder / 'test.db'}"))
        return (
            [one["name"] for one in found.get_columns("shelf")]
            if found.has_table("shelf")
            else None
        )


class Case(NamedTuple):
    """A task with some of its flags.

    Attributes:
        words: The command line, with `URL` for the database's and `FOLDER` for the project's.
        shows: Whether it did what the flags ask for.
        before: Commands that have to run first.
        prepare: What is changed in the project before.
    """

    words: Sequence[str]
    shows: Callable[[Said], object]
    before: Sequence[Sequence[str]] = ()
    prepare: Callable[[Path], object] = lambda _: None


def fork(folder: Path) -> None:
    """Add a second head, younger than the other one."""
    write_step(folder, 5, "b4", "a3", "create rack", "pass", "pass")


def more_models(folder: Path) -> None:
    """Add a column to the models that no revision makes."""
    path = folder / "migrations" / "tables.py"
    path.write_text(path.read_text().replace('"name", sa.Text()', '"title", sa.Text()'))


def source(said: Said) -> str:
    """Return the file that a task printed the path of."""
    return (said.folder / said.out.strip()).read_text()


SQUASH = ["squash", "-m", "all of it", "--through", "a4"]
CASES = {
    "check": Case(
        ["check", "--no-cache", "--from", "a1", "--backend", "sqlite"],
        lambda said: (said.code, "check passed" in said.out) == (0, True),
    ),
    "current": Case(
        ["current", "--url", "URL"],
        lambda said: said.out.split() == ["a1"],
        [["upgrade", "a1", "--url", "URL"]],
    ),
    "docs": Case(
        ["docs", "--folder", "FOLDER/pages"],
        lambda said: (said.folder / "pages" / "configuration.md").is_file(),
    ),
    "downgrade": Case(
        ["downgrade", "--url", "URL", "--revision", "a3"],
        lambda said: said.columns == ["id"],
        [["upgrade", "--url", "URL"]],
    ),
    "history": Case(
        ["history", "--format", "json"],
        lambda said: (
            [row["kind"] for row in json.loads(said.out)] == ["schema", "data", "data", "schema"]
        ),
    ),
    "init": Case(
        ["init", "--yes", "--dry-run"],
        lambda said: (said.code, "a baseline of the round-trip" in said.out) == (0, True),
    ),
    "lint": Case(
        ["lint", "--paths", "FOLDER/migrations/versions/20240101_0000_create_shelf.py"],
        lambda said: said.out == "All checks passed!\n",
    ),
    "lock": Case(
        ["lock", "--check"],
        lambda said: said.err == "4 published revisions are as they were\n",
        [["lock"]],
    ),
    "merge": Case(
        ["merge", "--message", "both"], lambda said: "down_revision" in source(said), prepare=fork
    ),
    "rebase": Case(
        ["rebase", "--onto", "b4", "--dry-run"],
        lambda said: (
            (said.ids.count("b4"), '+down_revision = "b4"' in said.out.replace("'", '"'))
            == (1, True)
        ),
        prepare=fork,
    ),
    "report": Case(
        ["report", "--base", "HEAD", "--output", "FOLDER/out/page.html", "--open"],
        lambda said: said.code == 0 and OPENED[0] == (said.folder / "out" / "page.html").as_uri(),
    ),
    "review": Case(["review", "--base", "HEAD"], lambda said: "Since `HEAD` (" in said.out),
    "revision": Case(
        [
            "revision",
            "--message",
            "fill again",
            "--kind",
            "data",
            "--table",
            "shelf",
            "--head",
            "b4",
        ],
        lambda said: "shelf" in source(said) and "Revises: b4" in source(said),
        prepare=fork,
    ),
    "revision --autogenerate": Case(
        ["revision", "-m", "title", "--autogenerate", "--url", "URL"],
        lambda said: '"title"' in source(said),
        [["upgrade", "--url", "URL"]],
        more_models,
    ),
    "revision --allow-empty": Case(
        ["revision", "-m", "nothing", "-a", "--allow-empty", "--url", "URL"],
        lambda said: "def upgrade" in source(said),
        [["upgrade", "--url", "URL"]],
    ),
    "sql": Case(
        ["sql", "--revision", "a4", "--dialect", "sqlite", "--downgrade"],
        lambda said: "ALTER TABLE shelf DROP COLUMN name" in said.out,
    ),
    "squash": Case(
        [*SQUASH, "--acknowledge", "a2", "--acknowledge=a3"],
        lambda said: said.code == 0 and said.ids == ["a4"],
    ),
    "squash, in short": Case(
        ["squash", "-m", "all of it", "-t", "a4", "-a", "a2", "-a", "20240103_0000_move_shelf.py"],
        lambda said: said.code == 0 and said.ids == ["a4"],
    ),
    "squash, undone": Case(
        ["squash", "--undo"],
        lambda said: said.ids == ["a1", "a2", "a3", "a4"],
        [[*SQUASH, "-a", "a2", "-a", "a3"]],
    ),
    "upgrade": Case(
        ["upgrade", "--url", "URL", "--revision", "a3"], lambda said: said.columns == ["id"]
    ),
}
OPENED: list[str] = []
DOORS: dict[str, Callable[[Sequence[str]], object]] = {
    "invoke": lambda words: invoke.run(["invoke", *words]),
    "calista-migrations": lambda words: program().run(["calista-migrations", *words]),
}


def write_step(
    folder: Path, day: int, revision: str, parent: str | None, message: str, up: str, down: str
) -> None:
    text = REVISION.format(
        message=message, revision=revision, parent=parent, day=day, upgrade=up, downgrade=down
    )
    name = f"2024010{day}_0000_{message.replace(' ', '_')}.py"
    (folder / "migrations" / "versions" / name).write_text(text)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project on SQLite alone, committed: two steps of data between two of the schema."""
    folder = tmp_path_factory.mktemp("project")
    write_project(folder, 0)
    for day, (revision, parent, message, up, down) in enumerate(STEPS, 1):
        write_step(folder, day, revision, parent, message, up, down)
    with (folder / "migrations" / "tables.py").open("a") as tables:
        tables.write(TABLES)
    pyproject = folder / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace(', "postgresql"]', "]"))
    (folder / "tasks.py").write_text(TASKS)
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "start"]):
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words]
        subprocess.run(command, cwd=folder, check=True)
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of it, in the working folder."""
    folder = tmp_path / "project"
    shutil.copytree(made, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(webbrowser, "open", OPENED.append)
    yield folder
    OPENED.clear()


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", CASES)
def test_flag(
    name: str,
    door: str,
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = CASES[name]
    case.prepare(project)
    for words in (*case.before, case.words):
        line = [word.replace("FOLDER", str(project)) for word in words]
        line = [word.replace("URL", f"sqlite:///{project / 'test.db'}") for word in line]
        monkeypatch.setattr("sys.argv", [door, *line])
        capsys.readouterr()
        code = 0
        try:
            DOORS[door](line)
        except SystemExit as done:
            code = int(done.code or 0)
        out, err = capsys.readouterr()
        assert words is case.words or code == 0, err
    said = Said(code, out, err, project)
    assert case.shows(said), said


def flags(words: Sequence[str]) -> set[str]:
    """Return the flags on a command line, by their first names."""
    task = collection()[words[0]]
    known = {name: argument for argument in task.get_arguments() for name in argument.names}
    given = {word.split("=")[0].lstrip("-") for word in words[1:] if word.startswith("-")}
    given = {word.removeprefix("no-") if word not in known else word for word in given}
    return {known[word].names[0] for word in given}


@pytest.mark.parametrize("task", collection().task_names)
def test_each_flag_has_a_case(task: str) -> None:
    known = {argument.names[0] for argument in collection()[task].get_arguments()}
    if task == "lint":  # these are the program's, see tests/functional/lint/test_lint_task.py
        known -= {name.replace("_", "-") for name in (*SEVERAL, *VALUES, *SWITCHES)}
    tried = [flags(case.words) for case in CASES.values() if case.words[0] == task]
    assert known == set().union(*tried), f"add a case to CASES in {__file__}"
