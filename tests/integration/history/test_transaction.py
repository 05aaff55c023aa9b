"""All files or none, wherever they lie; a kill on the way is made good by the next command."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from calista_tools.config import load
from calista_tools.errors import ToolError
from calista_tools.history import journal
from calista_tools.history.project_history import read_project
from calista_tools.history.transaction import apply
from calista_tools.rework.commands import rebase, record, squash, undo_squash, verify
from tests.integration.history.conftest import Project

OUTSIDE = '[tool.calista]\nlock-file = "published/history.lock"\ndialects = ["sqlite"]\n'


def outside(project: Project) -> Path:
    """Keep the lock file outside of the folder of the migrations."""
    (project.root / "pyproject.toml").write_text(OUTSIDE)
    (project.root / "published").mkdir()
    return project.root / "published" / "history.lock"


def test_squash_with_the_lock_file_elsewhere(project: Project) -> None:
    lock_file = outside(project)
    project.add("0002", "c", "b")
    record()
    before = {**project.contents(), "lock": lock_file.read_bytes()}
    marker = project.root / ".git"
    marker.mkdir()
    inode = project.root.stat().st_ino

    squash("one baseline", "b")

    verify()
    assert project.history().line is not None
    assert [entry.revision for entry in project.history().ordered] == ["b", "c"]
    assert project.root.stat().st_ino == inode, "the project's own folder is never replaced"
    undo_squash()
    verify()
    assert {**project.contents(), "lock": lock_file.read_bytes()} == before
    assert not list(project.root.rglob(".calista-staging"))


@pytest.mark.parametrize("where", ["migrations", "migrations/versions"])
def test_from_inside_the_folder(
    project: Project, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    project.add("0002", "c", "b")
    project.add("0003", "x", "b")
    project.add("0004", "y", "x")
    monkeypatch.chdir(project.root / where)

    rebase()

    assert Path.cwd() == project.root / where
    project.assert_line("abcxy")


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
@pytest.mark.parametrize("link", ["migrations", "migrations/versions"])
def test_linked_folders_stay_links(project: Project, link: str) -> None:
    real = project.root / "elsewhere"
    (project.root / link).rename(real)
    (project.root / link).symlink_to(real)
    project.add("0002", "c", "b")
    project.add("0003", "x", "b")
    project.add("0004", "y", "x")

    rebase()

    assert (project.root / link).is_symlink()
    project.assert_line("abcxy")


def test_the_next_command_finishes_a_journal(project: Project) -> None:
    outside(project)
    record()
    home = load().script_location
    holder = home.parent / journal.HOLDER
    holder.mkdir(0o700)
    (holder / "owner").write_text("no number: whoever wrote it is gone")
    gone = project.versions / "20240101_0001_b.py"
    new = project.add("0003", "new", "a")
    wanted = new.read_bytes()
    new.unlink()
    journal.write({gone: None, new: wanted, home / "more" / "file.txt": b"more"}, holder)
    gone.unlink()  # the kill came after the first file

    history = read_project(load())

    assert set(history.revisions) == {"a", "new"}
    assert new.read_bytes() == wanted
    assert (home / "more" / "file.txt").read_bytes() == b"more"
    assert not holder.exists()


def test_a_holder_without_a_journal_is_cleared_away(project: Project) -> None:
    before = project.contents()
    holder = project.root / journal.HOLDER
    holder.mkdir(0o700)
    (holder / "0.new").write_bytes(b"half")

    read_project(load())

    assert project.contents() == before
    assert not holder.exists()


@pytest.mark.skipif(os.name == "nt", reason="a process number says nothing on Windows")
def test_a_command_at_work_is_waited_for(project: Project) -> None:
    holder = project.root / journal.HOLDER
    holder.mkdir(0o700)
    (holder / "owner").write_text(f"{os.getppid()}\n")

    with pytest.raises(ToolError, match="another command is changing this folder"):
        read_project(load())
    with pytest.raises(ToolError, match="another command is changing this folder"):
        apply({project.root / "a": b"", project.root / "b": b""}, load().script_location)

    assert holder.exists()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(project: Project) -> None:
    project.root.chmod(0o500)
    try:
        with pytest.raises(ToolError, match="cannot be made"):
            apply({project.root / "a": b"", project.root / "b": b""}, load().script_location)
    finally:
        project.root.chmod(0o700)


@pytest.mark.skipif(os.name == "nt", reason="modes and links")
@pytest.mark.parametrize("came", ["as a checkout makes it", "closed to others", "as a link"])
def test_a_journal_that_came_with_the_repository_is_not_followed(
    project: Project, tmp_path_factory: pytest.TempPathFactory, came: str
) -> None:
    precious = tmp_path_factory.mktemp("home") / "precious"
    precious.write_text("mine")
    made = holder = load().script_location.parent / journal.HOLDER
    if came == "as a link":
        made = precious.with_name("holder")
        holder.symlink_to(made)
    made.mkdir(0o755 if came == "as a checkout makes it" else 0o700)
    journal.write({precious: b"theirs"}, made)
    if came == "closed to others":  # a copy of what was made elsewhere
        made.rename(made.with_name("copied"))
        shutil.copytree(made.with_name("copied"), made)

    with pytest.raises(ToolError, match="was not made"):
        read_project(load())

    assert precious.read_text() == "mine"
    assert (made / "journal.json").exists()


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
@pytest.mark.parametrize("name", [".history.lock.partial", "history.lock.partial"])
def test_a_committed_link_is_not_written_through(
    project: Project, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    precious = tmp_path_factory.mktemp("home") / "precious"
    precious.write_text("mine")
    lock_file = load().lock_file
    lock_file.with_name(name).symlink_to(precious)

    record()

    assert precious.read_text() == "mine"
    assert not lock_file.is_symlink()
    assert "a" in lock_file.read_text()
