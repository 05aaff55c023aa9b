"""Which files does a project read while its revisions run? Python's own audit events tell.

A revision may read its SQL from a file, or import what imports more: no look at its source would
find all of that, and a proof that was kept would go on being told when such a file has changed. It
may also take every file that a folder holds, or do without a module that is not there: then a proof
depends on what is added. Only whether a file exists can be asked without anybody hearing of it.
"""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import source_from_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista_tools.files import regular_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_ABSENT = "absent"
#: Bytes; a proof does not depend on what is in larger files, only on that they are there.
_LARGEST = 256_000_000
_NOT_THE_PROJECTS = (
    *{sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")},
    str(Path(__file__).parents[2]) + os.sep,
    "/proc/",
    "/sys/",
    "/dev/",
)

#: Behind the name of a folder: all names in it count, or those of modules do not. Revisions come and
#: go in a folder of revisions, and are known by themselves.
_ALL, _BUT_MODULES = f"{os.sep}*", f"{os.sep}*[!.py]"

#: What was opened since this process began, and whether a revision had it opened.
_opened: dict[str, bool] = {}
#: Modules that a revision had imported, or tried to.
_imported: set[str] = set()
#: Where revisions lie, while the project's code runs; empty while ours does.
_folders: tuple[str, ...] = ()
#: A hook can be added, and never be taken away again.
_hooked: list[bool] = []


@contextmanager
def noted(folders: Iterable[str | Path]) -> Iterator[None]:
    """Note what is opened meanwhile; ``folders`` hold the revisions."""
    global _folders
    if not _hooked:
        sys.addaudithook(_hear)
        _hooked.append(True)
    before, _folders = _folders, tuple(_plain(folder) + os.sep for folder in folders)
    try:
        yield
    finally:
        _folders = before


def digests(revisions: Collection[str], ini: Path) -> Mapping[str, str]:
    """Return the digest of each file that was read, but for those that a proof is known by anyway.

    Modules count where a revision needs them; of those that only ``env.py`` imports, such as
    models, a proof does not depend on all.

    Args:
        revisions: The paths of the project's revisions.
        ini: Its configuration.
    """
    known = {*revisions, str(ini), str(ini.parent / "pyproject.toml")}
    return {
        name: digest(name)
        for name, by_revision in sorted(files().items())
        if by_revision or (name not in known and not name.endswith(".py"))
        if name not in revisions
    }


def files() -> Mapping[str, bool]:
    """Return what was read, and whether a revision had it read, for `add` in another process."""
    missing = [name for name in _imported if name not in sys.modules]
    return _opened | dict.fromkeys((path for name in missing for path in _places(name)), True)


def add(files: Mapping[str, bool]) -> None:
    """Take in what another process read."""
    for name, by_revision in files.items():
        _opened[name] = _opened.get(name, False) or by_revision


def digest(name: str) -> str:
    """Return the digest of a file, or of the names in a folder.

    That it is not there is also something to depend on.
    """
    try:
        for end in (_ALL, _BUT_MODULES):
            if name.endswith(end):
                return _digest_of_names(name.removesuffix(end), modules=end == _ALL)
        return hashlib.sha256(regular_file.read_bytes(name, _LARGEST)).hexdigest()
    except OSError:
        return _ABSENT


def _digest_of_names(folder: str, *, modules: bool) -> str:
    names = {path.name for path in Path(folder).iterdir()} - {"__pycache__"}
    if not modules:
        names = {name for name in names if not name.endswith((".py", ".pyc"))}
    return hashlib.sha256("\0".join(sorted(names)).encode(errors="surrogateescape")).hexdigest()


def _places(module: str) -> list[str]:
    """Return the files of the project in which a module would be found if it were there."""
    package, _, name = module.rpartition(".")
    folders = getattr(sys.modules.get(package), "__path__", ()) if package else sys.path
    here = [Path(os.path.normpath(Path.cwd() / folder)) for folder in folders]
    return [
        str(path)
        for folder in here
        if _is_the_projects(f"{folder}{os.sep}")
        for path in (folder / f"{name}.py", folder / name / "__init__.py")
    ]


def _hear(event: str, told: tuple[Any, ...]) -> None:
    if not _folders:
        return
    if event == "open":
        path, mode, flags = told
        reads = "r" in mode if isinstance(mode, str) else not flags & os.O_WRONLY
        if reads:
            _note(path)
    elif event in ("os.listdir", "os.scandir"):
        # Python itself looks for modules in every folder that may hold some.
        if "importlib" not in sys._getframe(1).f_code.co_filename:
            _note(told[0] or ".", listed=True)
    elif event == "import" and _by_revision():
        _imported.add(told[0])


def _note(path: Any, *, listed: bool = False) -> None:
    if isinstance(path, int):
        return
    with suppress(OSError, TypeError, ValueError):
        name = os.path.normpath(Path.cwd() / os.fsdecode(path))
        if name.endswith(".pyc"):
            name = source_from_cache(name)
        if not _is_the_projects(name) or "__pycache__" in name:
            return
        if listed:
            if not _by_revision():
                return
            name += _BUT_MODULES if (_plain(name) + os.sep).startswith(_folders) else _ALL
        _opened[name] = _opened.get(name, False) or listed or _by_revision()


def _is_the_projects(name: str) -> bool:
    return not name.startswith(_NOT_THE_PROJECTS) and "site-packages" not in name


@cache
def _plain(path: str | Path) -> str:
    """Spell a path as every other spelling of it is: `a/../b` and links are written in settings."""
    return str(Path(path).resolve())


def _by_revision() -> bool:
    frame = sys._getframe(1)
    while frame is not None:
        if _plain(frame.f_code.co_filename).startswith(_folders):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
