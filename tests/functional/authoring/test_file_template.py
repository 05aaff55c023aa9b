"""A project's pattern of file names holds in every door that writes a revision, folders included."""

from __future__ import annotations

import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from calista_tools.history import read_history
from tests.functional.authoring.conftest import Run

POLICY = "%%(year)d%%(month).2d%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s"
FOLDERS = "%(year)d/%(month).2d/%(day).2d_%(hour).2d%(minute).2d_%(slug)s"
EVERY = (
    "%(epoch)s/%(year)d/%(month)02d-%(day).2d/%(hour).2d%(minute).2d%(second).2d_%(rev)s_%(slug)s"
)
PATHS = {
    FOLDERS: r"\d{4}/\d\d/\d\d_\d{4}_one_step\.py",
    EVERY: r"\d{10}/\d{4}/\d\d-\d\d/\d{6}_[0-9a-f]{12}_one_step\.py",
    "%(rev)s/%(slug)s": r"[0-9a-f]{12}/one_step\.py",
    "%(rev)s_%(slug)s": r"[0-9a-f]{12}_one_step\.py",
}


def configure(project: Path, where: str, template: str, *, recursive: bool = True) -> None:
    """Write the pattern into one of the places where it may stand."""
    ini, pyproject = project / "alembic.ini", project / "pyproject.toml"
    text = ini.read_text().replace(f"file_template = {POLICY}\n", "")
    lines = "[alembic]\n" + "recursive_version_locations = true\n" * recursive
    if where == "alembic.ini":
        lines += f"file_template = {template.replace('%', '%%')}\n"
    ini.write_text(text.replace("[alembic]\n", lines))
    if where == "tool.calista":
        with pyproject.open("a") as file:
            file.write(f'file-template = "{template}"\n')
    if where == "tool.alembic":
        with pyproject.open("a") as file:
            file.write(f'\n[tool.alembic]\nfile_template = "{template.replace("%", "%%")}"\n')


@pytest.fixture
def versions(project: Path) -> Path:
    return project / "migrations" / "versions"


def there(versions: Path) -> set[str]:
    return {
        path.relative_to(versions).as_posix()
        for path in versions.rglob("*")
        if "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("where", ["tool.calista", "alembic.ini", "tool.alembic"])
@pytest.mark.parametrize("template", PATHS)
def test_it_is_followed_and_clean(
    project: Path, versions: Path, tasks: Run, where: str, template: str
) -> None:
    configure(project, where, template)
    for message in ("one step", "another step"):
        code, out, err = tasks("revision", "-m", message)
        assert (code, err) == (0, "")
        path = Path(out.removesuffix("\n"))
        assert path.is_file()
        name = path.relative_to(versions).as_posix()
        assert re.fullmatch(PATHS[template].replace("one_step", message.replace(" ", "_")), name)
        code, out, _ = tasks("lint", str(path))
        assert (code, out) == (0, "All checks passed!\n")
    (head,) = read_history([versions, *(p for p in versions.rglob("*") if p.is_dir())]).heads
    assert head in path.read_text()


@pytest.mark.parametrize("template", [FOLDERS, "%(rev)s/%(slug)s"])
def test_plain_alembic_and_a_merge_follow_it(
    project: Path, versions: Path, tasks: Run, alembic_: Run, template: str
) -> None:
    configure(project, "alembic.ini", template)
    before = there(versions)
    (head,) = read_history(versions).heads
    code, _, err = alembic_("revision", "-m", "one step")
    assert (code, err) == (0, "")
    done = alembic_("revision", "-m", "aside", "--head", head, "--splice")
    assert done.code == 0, done.err
    code, out, err = tasks("merge", "-m", "together")
    assert (code, err) == (0, "")
    files = {name for name in there(versions) - before if name.endswith(".py")}
    assert (project / out.strip()).relative_to(versions).as_posix() in files
    pattern = PATHS[template].replace("one_step", "(one_step|aside|together)")
    assert all(re.fullmatch(pattern, name) for name in files), files
    assert len(files) == 3
    assert not [line for line in tasks("lint").out.splitlines() if "one_step" in line]


def test_a_long_message_gets_one_name_in_both_doors(
    project: Path, versions: Path, alembic_: Run, tasks: Run
) -> None:
    """Alembic cuts it shorter, writes into its own folder, and our hook moves it."""
    configure(project, "alembic.ini", "%(slug)s/%(year)d_%(slug)s")
    before = there(versions)
    message = "a message that is much longer than Alembic would have it in a name of a file"
    code, _, err = alembic_("revision", "-m", message)
    assert (code, err) == (0, "")
    slug = "a_message_that_is_much_longer_than_alembic_would_have_it_in"
    made = {name for name in there(versions) - before if name.endswith(".py")}
    assert made == {f"{slug}/{datetime.now(UTC).year}_{slug}.py"}
    code, _, err = tasks("revision", "-m", message)
    assert code == 1
    assert "there is a file of this name" in err


@pytest.mark.parametrize("door", ["tasks", "alembic_"])
def test_nothing_is_left_behind_where_it_fails(
    project: Path, versions: Path, door: str, request: pytest.FixtureRequest
) -> None:
    configure(project, "alembic.ini", FOLDERS)
    (project / "templates").mkdir()
    (project / "templates" / "script.py.j2").write_text("def broken(:\n")
    with (project / "pyproject.toml").open("a") as pyproject:
        pyproject.write('templates = "templates"\n')
    before = there(versions)
    code, _, err = request.getfixturevalue(door)("revision", "-m", "one step")
    assert code != 0
    assert "would not be valid Python" in err
    assert there(versions) == before


def test_a_file_in_the_way_of_a_folder(project: Path, versions: Path, tasks: Run) -> None:
    configure(project, "tool.calista", FOLDERS)
    (versions / str(datetime.now(UTC).year)).write_text("no folder\n")
    before = there(versions)
    code, out, err = tasks("revision", "-m", "one step")
    assert (code, out) == (1, "")
    assert re.match(r"error: .*: cannot be written: Not a directory\n$", err)
    assert there(versions) == before


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="rights of POSIX")
def test_a_folder_that_may_not_be_made(project: Path, versions: Path, tasks: Run) -> None:
    configure(project, "tool.calista", FOLDERS)
    versions.chmod(0o500)
    code, out, err = tasks("revision", "-m", "one step")
    versions.chmod(0o700)
    assert (code, out) == (1, "")
    assert "cannot be written: Permission denied" in err


def test_folders_that_alembic_does_not_read_are_told(
    project: Path, versions: Path, tasks: Run
) -> None:
    configure(project, "tool.calista", FOLDERS, recursive=False)
    code, out, err = tasks("revision", "-m", "one step")
    assert code == 0
    assert Path(out.strip()).is_relative_to(versions)
    assert re.fullmatch(
        r"warning: Alembic does not look into \S+: set `recursive_version_locations = true` .*\n",
        err,
    )


def test_a_branch_stays_in_its_version_location(project: Path, versions: Path, tasks: Run) -> None:
    configure(project, "alembic.ini", FOLDERS)
    ini = project / "alembic.ini"
    ini.write_text(
        ini.read_text().replace(
            "[alembic]\n",
            "[alembic]\nversion_locations = %(here)s/migrations/versions:%(here)s/later\n",
        )
    )
    later = project / "later" / "2025" / "deep"
    later.mkdir(parents=True)
    head = max(versions.glob("*.py"))
    head.rename(later / head.name)
    path = Path(tasks("revision", "-m", "one step").out.strip())
    assert re.fullmatch(PATHS[FOLDERS], path.relative_to(project / "later").as_posix())


@pytest.mark.parametrize(
    "template", ["%(slgu)s", "../%(slug)s", "/tmp/%(slug)s", "%(slug)", "%(year)d"]
)
def test_alembics_own_pattern_is_refused_in_one_line(
    project: Path, versions: Path, tasks: Run, template: str
) -> None:
    configure(project, "alembic.ini", template)
    before = there(versions)
    if template == "%(year)d":  # names every file of a year alike
        (versions / f"{datetime.now(UTC).year}.py").write_text("revision='a'\ndown_revision=None\n")
    code, out, err = tasks(
        "revision", "-m", "one step", *(["--head", "a"] * (template == "%(year)d"))
    )
    assert (code, out) == (1, "")
    assert re.match(r"error: .*\n(hint: .*\n)?$", err), err
    assert there(versions) - before <= {f"{datetime.now(UTC).year}.py"}
