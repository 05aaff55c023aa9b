"""Which files does a project read while its revisions run? Python's own audit events tell.

A revision may read its SQL from a file, or import what imports more: no look at its source would
find all of that, and a proof that was kept would go on being told when such a file has changed.
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

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from calista_tools.roundtrip.project import Project

_ABSENT = "absent"
_NOT_THE_PROJECTS = (
    *{sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")},
    str(Path(__file__).parents[1]) + os.sep,
    "/proc/",
    "/sys/",
    "/dev/",
)

#: What was opened since this process began, and whether a revision had it opened.
_opened: dict[str, bool] = {}
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


def digests(project: Project) -> Mapping[str, str]:
    """Return the digest of each file that was read, but for those that a proof is known by anyway.

    Modules count where a revision needs them; of those that only ``env.py`` imports, such as
    models, a proof does not depend on all.
    """
    revisions = {script.path for script in project.scripts}
    known = revisions | {str(project.ini), str(project.ini.parent / "pyproject.toml")}
    return {
        name: digest(name)
        for name, by_revision in sorted(_opened.items())
        if by_revision or (name not in known and not name.endswith(".py"))
        if name not in revisions
    }


def files() -> Mapping[str, bool]:
    """Return what was read, and whether a revision had it read, for `add` in another process."""
    return dict(_opened)


def add(files: Mapping[str, bool]) -> None:
    """Take in what another process read."""
    for name, by_revision in files.items():
        _opened[name] = _opened.get(name, False) or by_revision


def digest(name: str) -> str:
    """Return the digest of a file; that it is not there is also something to depend on."""
    try:
        return hashlib.sha256(Path(name).read_bytes()).hexdigest()
    except OSError:
        return _ABSENT


def _hear(event: str, told: tuple[Any, ...]) -> None:
    if event != "open" or not _folders:
        return
    path, mode, flags = told
    reads = "r" in mode if isinstance(mode, str) else not flags & os.O_WRONLY
    if not reads or isinstance(path, int):
        return
    with suppress(OSError, TypeError, ValueError):
        name = os.path.normpath(Path.cwd() / os.fsdecode(path))
        if name.endswith(".pyc"):
            name = source_from_cache(name)
        if not name.startswith(_NOT_THE_PROJECTS) and "site-packages" not in name:
            _opened[name] = _opened.get(name, False) or _by_revision()


@cache
def _plain(path: str | Path) -> str:
    """Spell a path as every other spelling of it is: `a/../b` and links are written in settings."""
    return str(Path(path).resolve())


def _by_revision() -> bool:
    frame = sys._getframe(2)
    while frame is not None:
        if _plain(frame.f_code.co_filename).startswith(_folders):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
