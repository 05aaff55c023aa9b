"""Where others may write, no backup is made and no file is believed; and which ones are kept."""

from __future__ import annotations

import os
import re
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from calista.db.backups import files
from tests.functional.calista.refusals import assert_refused, on_posix, on_postgresql, pretend
from tests.functional.calista.test_backup import EVENTS, fill
from tests.servers import client_programs

NOBODY = 65534


def open_to_all(folder: Path) -> None:
    folder.chmod(0o777)


def open_to_a_group(folder: Path) -> None:
    folder.chmod(0o770)


def sticky(folder: Path) -> None:
    """As /tmp: what is in it is safe, but what others put there first is not ours."""
    folder.chmod(0o1777)


def theirs(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives folders away")
    os.chown(folder, NOBODY, -1)


def link(folder: Path) -> None:
    elsewhere = folder.with_name("elsewhere")
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)


def dangling_link(folder: Path) -> None:
    folder.rmdir()
    folder.symlink_to(folder.with_name("nowhere"))


def replaceable(folder: Path) -> None:
    folder.parent.chmod(0o777)


@on_posix
@pytest.mark.parametrize(
    ("change", "words", "hint"),
    [
        (open_to_all, "others may write to the folder for backups", "chmod go-w"),
        (open_to_a_group, "others may write to the folder for backups", "chmod go-w"),
        (sticky, "others may write to the folder for backups", "chmod go-w"),
        (theirs, "the folder for backups belongs to another user", "make it yours (chown)"),
        (link, "the folder for backups is a link", "name the folder itself: --backup-dir"),
        (dangling_link, "the folder for backups is a link", "name the folder itself"),
        (replaceable, "others may put another folder in the place of", "chmod o-w"),
    ],
)
def test_a_folder_that_is_not_ours_alone(
    calista: Any, place: Any, tmp_path: Path, change: Any, words: str, hint: str
) -> None:
    assert calista("db", "upgrade", "--yes", "--no-backup").code == 0
    fill(place, 1)
    made = Path(calista("db", "backup").out.strip())
    shutil.copy(made, tmp_path)
    folder = tmp_path / "above" / "theirs"
    folder.mkdir(parents=True)
    change(folder)
    rows = place.rows(EVENTS)
    for command_line in (("backup",), ("restore", str(tmp_path / made.name))):
        result = calista("db", *command_line, "--backup-dir", str(folder))
        assert_refused(result, words)
        assert f"hint: {hint}" in result.err
    assert place.rows(EVENTS) == rows
    assert list(folder.glob("*")) == []
    folder.parent.chmod(0o700)


@on_posix
def test_no_backup_no_upgrade(calista: Any, place: Any) -> None:
    place.backup_dir.mkdir()
    place.backup_dir.chmod(0o777)
    assert_refused(calista("db", "upgrade", "--yes"), "others may write to the folder")
    assert calista("db", "check").code == 3
    place.backup_dir.chmod(0o700)
    assert calista("db", "upgrade", "--yes").code == 0


@on_posix
def test_what_is_written_is_private_and_its_name_is_not_known(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen at the first statement after it was made, and when the program that writes it begins."""
    seen: dict[str, int] = {}

    def look(*_: Any) -> None:
        for path in place.backup_dir.glob("*"):
            seen[path.name] = stat.S_IMODE(path.lstat().st_mode)
        if place.backup_dir.exists():
            seen[""] = stat.S_IMODE(place.backup_dir.stat().st_mode)

    def sync(path: Path) -> None:
        look()
        real(path)

    real = files.sync
    monkeypatch.setattr(files, "sync", sync)
    sa.event.listen(sa.Engine, "before_cursor_execute", look)
    before = os.umask(0)
    try:
        for _ in range(2):
            assert calista("db", "upgrade", "--yes").code == 0
            assert calista("db", "backup").code == 0
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", look)
        os.umask(before)
    names = [name for name in seen if files.PARTIAL in name]
    assert len(names) >= 3
    assert all(re.search(r"-[0-9a-f]{32}\.partial", name) for name in names)
    assert seen.pop("") == 0o700
    assert {mode for name, mode in seen.items() if not name.endswith("-journal")} == {0o600}


@on_posix
def test_a_file_that_may_be_exchanged_is_copied_first(
    calista: Any, place: Any, tmp_path: Path
) -> None:
    """What was checked is what is put back, whoever may write to its folder."""
    assert calista("db", "upgrade", "--yes", "--no-backup").code == 0
    made = Path(calista("db", "backup").out.strip())
    fill(place, 1)
    after = Path(calista("db", "backup").out.strip())
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    chosen = folder / made.name
    shutil.copy(made, chosen)

    def exchange(*_: Any) -> None:
        if any(place.backup_dir.glob("*.partial*")):
            shutil.copy(after, chosen)

    sa.event.listen(sa.Engine, "before_cursor_execute", exchange)
    try:
        assert calista("db", "restore", str(chosen)).code == 0
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", exchange)
    assert chosen.read_bytes() == after.read_bytes(), "the moment came"
    assert place.rows(EVENTS) == []
    assert [path.name for path in place.backups() if ".partial" in path.name] == []


@on_posix
@pytest.mark.parametrize("kind", ["pipe", "device", "link to a device"])
def test_what_is_no_file_is_not_waited_for(
    calista: Any, place: Any, tmp_path: Path, kind: str
) -> None:
    assert calista("db", "upgrade", "--yes", "--no-backup").code == 0
    path = tmp_path / "it"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    else:
        path.symlink_to("/dev/zero")
    assert_refused(calista("db", "restore", str(path)), f"{path} is no file")


@on_posix
@on_postgresql
@pytest.mark.parametrize(
    ("programs", "words"),
    [
        ({"pg_dump": "exit 0"}, "what it has written is no archive"),
        ({"pg_dump": "echo hello > $file"}, "what it has written is no archive"),
        ({"pg_dump": "echo hello > $file", "pg_restore": "exit 0"}, "no archive"),
        (
            {"pg_dump": 'exec {real}/pg_dump "$@" --exclude-table-data=calista.event_store'},
            "left out event_store",
        ),
        ({"pg_dump": 'exec {real}/pg_dump "$@" --schema-only'}, "left out"),
        ({"pg_restore": "exit 0"}, "stopped before the end"),
    ],
)
def test_a_backup_of_nothing_is_no_backup(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch, programs: Any, words: str
) -> None:
    """Programs that say that all is well."""
    assert calista("db", "upgrade", "--yes", "--no-backup").code == 0
    start = (
        '[ "$1" = --version ] && exec {real}/pg_dump --version\n'
        'for word in "$@"; do case $word in --file=*) file=${{word#--file=}};; esac; done\n'
    )
    real = client_programs()
    scripts = {name: (start + script).format(real=real) for name, script in programs.items()}
    monkeypatch.setenv("CALISTA_PG_BIN", str(pretend(place.folder / "bin", **scripts)))
    assert_refused(calista("db", "backup"), words)
    assert place.backups() == []


def turned(path: Path, year: int) -> Path:
    """What a backup would be called if the clock had been wrong."""
    return path.rename(path.with_name(re.sub(r"-\d{4}(\d{4}T)", rf"-{year}\1", path.name)))


def test_the_last_ones_are_kept_whatever_the_clock_said(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALISTA_BACKUP_KEEP", "2")
    calista("db", "upgrade", "--yes", "--no-backup")
    early = [turned(Path(calista("db", "backup").out.strip()), year) for year in (2998, 2999)]
    made = [Path(calista("db", "backup").out.strip())]
    assert place.backups() == sorted([early[1], *made])
    for _ in range(2):
        made.append(Path(calista("db", "backup").out.strip()))
        assert set(place.backups()) == set(made[-2:]), "those made last, in the order of making"
    status = calista("db", "status", "--json").out
    assert str(made[-1]) in status
    assert "2999" not in status, "and the hour of a backup is the hour of the clock"
    # Set back once more, between two of them.
    turned(made[-1], 2997)
    last = Path(calista("db", "backup").out.strip())
    assert last in place.backups()
    assert str(last) in calista("db", "status", "--json").out


def test_the_way_back_from_the_last_upgrade_is_kept(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALISTA_BACKUP_KEEP", "1")
    assert calista("db", "upgrade", "--yes").code == 0
    (needed,) = place.backups()
    made = [Path(calista("db", "backup").out.strip()) for _ in range(3)]
    assert place.backups() == sorted([needed, made[-1]])
    assert calista("db", "restore", str(needed)).code == 0
    assert place.catalog() == {}
