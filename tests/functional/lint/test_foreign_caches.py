"""Nothing is believed or overwritten that came with a repository; no cache is a reason to fail."""

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from calista_tools.files import caches
from calista_tools.lint.memory.settings_cache import KeptSettings
from tests.functional.lint.conftest import SECOND, STRICT, Run

BAD = SECOND.replace(
    'op.create_table("tag", sa.Column("name", sa.Text(), nullable=False))',
    'op.drop_table("event_store")',
)
resource = pytest.importorskip("resource")
NOBODY = 65534
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="owners and modes")


@pytest.fixture
def dropped(project: Path) -> Path:
    """A project whose newest revision has findings."""
    path = project / "migrations" / "versions" / "20250826_1031_create_tag.py"
    path.write_text(BAD)
    return path


def kept_where(cache: Path) -> Path:
    [room] = (cache / "lint").iterdir()
    return room


def is_untouched(folder: Path, before: dict[Path, bytes]) -> bool:
    return before == content(folder)


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("cache")
def test_settings_in_the_tree_are_not_read(project: Path, dropped: Path, calista_lint: Run) -> None:
    answer = calista_lint("--no-cache")
    assert answer[0] == 1
    forged = project / ".calista_cache"
    forged.mkdir()
    text = (project / "pyproject.toml").read_text()
    tool = {"calista": {"ignore": ["CAL"]}}
    settings = str(project / "pyproject.toml")
    for name in (crc32(settings.encode()), caches.named(settings)):
        name = f"{name:08x}" if isinstance(name, int) else name
        (forged / f"tools-{name}").write_text(json.dumps([text, tool]))
    before = content(forged)
    assert calista_lint() == answer
    assert calista_lint() == answer
    assert is_untouched(forged, before)


def test_answers_in_the_tree_are_not_given(
    project: Path, dropped: Path, cache: Path, calista_lint: Run
) -> None:
    """The cache of an honest run of the same project, of before it was changed, is put there."""
    dropped.write_text(SECOND)
    stat = dropped.stat()
    for folder, _, _ in os.walk(project):
        os.utime(folder, (1_700_000_000, 1_700_000_000))
    assert calista_lint()[0] == 0
    forged = project / ".calista_cache"
    shutil.copytree(kept_where(cache), forged)
    shutil.copytree(cache / "lint", forged / "lint")
    shutil.rmtree(cache / "lint")
    dropped.write_text(BAD)
    os.utime(dropped, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    before = content(forged)
    assert calista_lint()[0] == 1
    assert is_untouched(forged, before)


def test_a_folder_in_a_working_copy_is_no_cache(
    project: Path, dropped: Path, calista_lint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / ".git").mkdir()
    monkeypatch.setenv("CALISTA_CACHE_DIR", "build/cache")
    assert calista_lint() == calista_lint("--no-cache")
    assert not Path("build").exists()


def test_a_committed_link_is_not_followed(
    project: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory, calista_lint: Run
) -> None:
    precious = tmp_path_factory.mktemp("home") / "precious"
    precious.write_text("mine")
    calista_lint()
    room = kept_where(cache)
    names = [path.name for path in room.iterdir()]
    in_tree = project / ".calista_cache"
    in_tree.mkdir()
    for folder in (room, in_tree):
        for name in names:
            for link in (name, f"{name}.{os.getpid()}.tmp", f"{name}.tmp"):
                (folder / link).unlink(missing_ok=True)
                (folder / link).symlink_to(precious)
    (project / "pyproject.toml").write_text(f'{STRICT}select = ["CAL0"]\n')
    assert calista_lint() == calista_lint("--no-cache")
    assert precious.read_text() == "mine"
    assert not any((room / name).is_symlink() for name in names)


@pytest.mark.parametrize("which", ["the folder of all", "the folder of one"])
def test_a_link_in_place_of_a_folder_is_not_followed(
    which: str, dropped: Path, cache: Path, tmp_path: Path, calista_lint: Run
) -> None:
    answer = calista_lint()
    room = kept_where(cache)
    target = room.parent if which == "the folder of all" else room
    elsewhere = tmp_path / "elsewhere"
    target.rename(elsewhere)
    target.symlink_to(elsewhere)
    before = content(elsewhere)
    dropped.write_text(BAD + "# changed\n")
    assert calista_lint() == answer
    assert is_untouched(elsewhere, before)


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o707, 0o777])
def test_what_others_may_look_into_is_not_read(
    mode: int, project: Path, cache: Path, calista_lint: Run
) -> None:
    calista_lint()
    room = kept_where(cache)
    [kept] = room.glob("tools-*")
    text, _ = json.loads(kept.read_bytes())
    kept.write_text(json.dumps([text, {"calista": {"ignore": ["CAL"]}}]))
    read = KeptSettings().read
    settings = project / "pyproject.toml"
    assert read(settings) == {"tool": {"calista": {"ignore": ["CAL"]}}}
    for path in (kept, room, room.parent):
        was = path.stat().st_mode
        path.chmod(mode)
        assert read(settings) == {"tool": {"calista": {"policy": "calista"}}}
        path.chmod(was)
    assert read(settings) == {"tool": {"calista": {"ignore": ["CAL"]}}}


def test_what_is_kept_is_closed_to_others(project: Path, cache: Path, calista_lint: Run) -> None:
    old = os.umask(0)
    try:
        calista_lint()
    finally:
        os.umask(old)
    made = list((cache / "lint").rglob("*"))
    assert len(made) > 3
    assert all(path.stat().st_mode & 0o077 == 0 for path in (cache / "lint", *made))


@pytest.mark.parametrize("what", ["a file", "a loop", "a fifo", "nothing", "a link nowhere"])
@pytest.mark.parametrize("where", ["", "lint"])
def test_a_folder_that_is_none_is_no_reason_to_fail(
    what: str, where: str, dropped: Path, cache: Path, calista_lint: Run
) -> None:
    fresh = calista_lint("--no-cache")
    place = cache / where
    if not where:
        cache.rmdir()
    if what == "a file":
        place.write_text("a file, not a folder")
    elif what == "a loop":
        place.symlink_to(place)
    elif what == "a fifo":
        os.mkfifo(place)
    elif what == "a link nowhere":
        place.symlink_to("/nowhere/at/all")
    assert calista_lint() == fresh
    assert calista_lint() == fresh
    dropped.write_text(SECOND)
    assert calista_lint() == calista_lint("--no-cache")


@pytest.mark.usefixtures("dropped")
@pytest.mark.parametrize("mode", [0o000, 0o500, 0o300, 0o400])
def test_a_folder_without_rights_is_no_reason_to_fail(
    mode: int, calista_lint: Run, as_nobody: tuple[int, Path]
) -> None:
    _, cache = as_nobody
    fresh = calista_lint("--no-cache")
    assert calista_lint() == fresh
    for place in (kept_where(cache), cache / "lint", cache):
        was = place.stat().st_mode
        place.chmod(mode)
        try:
            assert calista_lint() == fresh
        finally:
            place.chmod(was)


@pytest.mark.usefixtures("dropped")
@pytest.mark.parametrize("where", ["", "lint"])
@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
def test_a_folder_of_somebody_else_is_no_cache(
    where: str, calista_lint: Run, as_nobody: tuple[int, Path]
) -> None:
    user, cache = as_nobody
    fresh = calista_lint()
    place = cache / where
    os.seteuid(0)
    os.chown(place, 0, 0)
    place.chmod(0o777 if where else 0o755)
    os.seteuid(user)
    assert calista_lint() == fresh


@pytest.fixture
def as_nobody(
    project: Path, calista_lint: Run, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[int, Path]]:
    """Run as a user whom rights apply to, in folders of this user's; returns the one of caches."""
    calista_lint()  # imports what this user may not read
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        shutil.copytree(project, base / "project")
        (base / "caches").mkdir()
        monkeypatch.chdir(base / "project")
        monkeypatch.setenv("CALISTA_CACHE_DIR", str(base / "caches"))
        if os.geteuid():
            yield os.geteuid(), base / "caches"
            return
        for path in (base, *base.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        os.seteuid(NOBODY)
        try:
            yield NOBODY, base / "caches"
        finally:
            os.seteuid(0)


@pytest.mark.usefixtures("project")
def test_a_full_disk_is_no_reason_to_fail(cache: Path, dropped: Path, calista_lint: Run) -> None:
    fresh = calista_lint("--no-cache")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, limit[1]))
    try:
        answers = [calista_lint(), calista_lint()]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert answers == [fresh, fresh]
    assert not any(path.is_file() for path in cache.rglob("*"))  # nothing half-written is left
    assert calista_lint() == fresh


@pytest.mark.usefixtures("dropped")
@pytest.mark.parametrize("home", ["", "~", "relative"])
def test_where_home_is_not_known_nothing_is_kept(
    home: str, project: Path, calista_lint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = calista_lint("--no-cache")
    before = sorted(project.rglob("*"))
    for name in ("CALISTA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", home)
    assert calista_lint() == fresh
    assert sorted(project.rglob("*")) == before


@pytest.mark.parametrize("words", [["--fix"], ["--add-noqa"]])
def test_a_link_beside_a_file_is_not_written_through(
    words: list[str], project: Path, tmp_path_factory: pytest.TempPathFactory, calista_lint: Run
) -> None:
    precious = tmp_path_factory.mktemp("home") / "precious"
    precious.write_text("mine")
    (project / "migrations" / "history.lock").touch()
    path = project / "migrations" / "versions" / "20250826_1031_create_tag.py"
    path.write_text(f'"""x\n\nRevises: c3\n"""\n{SECOND}')
    path.with_name(f".{path.name}.{os.getpid()}.tmp").symlink_to(precious)
    calista_lint(*words)
    assert precious.read_text() == "mine"
    assert path.read_text() != f'"""x\n\nRevises: c3\n"""\n{SECOND}'
    assert not path.is_symlink()
