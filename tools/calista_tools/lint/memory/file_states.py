"""How is it noticed that a file is not what it was? By its times, its size and its number on disk.

Imported before anything else and in every run, so it imports next to nothing itself.
"""

from __future__ import annotations

import os
import stat
from zlib import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: Times in nanoseconds, size and number on disk; of a folder how many names it holds, and their
#: checksum; nothing where nothing is.
State = list[int]
#: Nanoseconds within which a second change may leave the times as they are. FAT keeps times to
#: two seconds; what shows parts of a second counts in ticks of the kernel, a hundredth at most.
_COARSE, _FINE = 2_000_000_000, 100_000_000
_SECOND = 1_000_000_000
#: Bytes.
_LARGEST = 64_000_000


def state_of(path: str) -> State:
    """Return what tells a file (or what a folder holds) from what it was before."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a thousand times a run
    except (OSError, ValueError):
        return []
    if stat.S_ISDIR(found.st_mode):
        return _names_in(path)
    return [found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino]


def _names_in(folder: str) -> State:
    try:
        found = os.listdir(folder)  # noqa: PTH208 - as above
    except OSError:
        return []
    # Caches come and go beside the files of a project, and nothing is looked for in them.
    names = sorted(name for name in found if name[0] != "." and name != "__pycache__")
    return [len(names), crc32("/".join(names).encode(errors="surrogateescape"))]


def is_folder(state: State) -> bool:
    """Whether it is the state of a folder."""
    return len(state) == 2


def is_settled(state: State, began: int) -> bool:
    """Whether a file that was read after ``began`` cannot have changed since with equal times."""
    if not state or is_folder(state):
        return True
    changed, changed_about, *_ = state
    fine = changed % _SECOND and changed_about % _SECOND
    return began - max(changed, changed_about) > (_FINE if fine else _COARSE)


def digest_of(path: str) -> str:
    """Return what stands for a file's content; "" where it cannot be read."""
    try:
        # hashlib loads OpenSSL, which takes as long as all that is done here with one changed file.
        from _blake2 import blake2b
    except ImportError:
        from hashlib import blake2b

    try:
        found = os.stat(path)  # noqa: PTH116 - as above
        # A pipe would be waited for, and of what is larger nothing is read by anybody.
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
            return ""
        with open(path, "rb") as file:  # noqa: PTH123
            return blake2b(file.read(), digest_size=16).hexdigest()
    except (OSError, ValueError):
        return ""


#: What a finding depends on: the lint and all that it stands on.
_ROOMS = ("startup", "files", "history", "effects", "lint")
_tool: list[str] = []


def tool_state() -> str:
    """Return what stands for the tool itself, as it lay on disk when this was first asked."""
    if not _tool:
        _tool.append(_tool_state())
    return _tool[0]


def _tool_state() -> str:
    found: list[object] = []
    for folder in _tool_folders():
        with os.scandir(folder) as entries:
            stats = [entry.stat() for entry in entries if entry.name.endswith(".py")]
        found += (
            len(stats),
            sum(one.st_size for one in stats),
            max((one.st_mtime_ns for one in stats), default=0),
        )
    return repr(found)


def _tool_folders() -> Iterator[str]:
    package = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))  # noqa: PTH120
    yield package
    for room in _ROOMS:
        yield from _folders_of(os.path.join(package, room))  # noqa: PTH118


def _folders_of(folder: str) -> Iterator[str]:
    yield folder
    with os.scandir(folder) as entries:
        inner = [entry.path for entry in entries if entry.is_dir() and entry.name[0] not in "._"]
    for one in sorted(inner):
        yield from _folders_of(one)
