"""What is still true of the last run? Findings kept by the files, the settings and the tool.

Two files: what was found, which alone is read where nothing changed; and what was known of every
file, for when something did. A file counts as unchanged when its size, times and number on disk
are the same. Times have a grain: a file that was written just before it was checked could be
written again within the same tick, so its content is compared as well.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from calista_tools.lint.application import application_packages
from calista_tools.lint.collected import Collected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from calista_tools.lint.engine import Known
    from calista_tools.lint.targets import Group

#: Nanoseconds; FAT keeps times to two seconds, everything else is finer.
_GRAIN = 2_000_000_000
#: Times, size and number on disk; then the digest of a file whose times cannot be trusted yet.
_Stat = list[Any]


class Cache:
    """The cache of one history.

    Attributes:
        stats: How each file of the history looked when this run began.
    """

    def __init__(self, group: Group) -> None:
        self.group = group
        self.began = time.time_ns()
        folder = _folder(group)
        name = f"lint-{crc32(str(group.files[0].parent).encode(errors='replace')):08x}"
        self.found = folder / f"{name}.json"
        self.facts = folder / f"{name}.facts"
        self.key = _key(group)
        self.stats = {str(path): _stat(path) for path in group.files}
        self.old: dict[str, Any] = {}

    def load(self) -> Collected | None:
        """Return what the last run found, where nothing has changed since."""
        try:
            self.old = json.loads(self.found.read_bytes())
            if self.old["key"] != self.key or not self._hold(self.old["others"]):
                self.old = {}
                return None
            if self.old["files"].keys() != self.stats.keys() or self._changed():
                return None
            return Collected.from_json(self.old["collected"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self.old = {}
            return None

    def known(self) -> Known | None:
        """Return what the last run knew, less what has changed; None for nothing."""
        if not self.old:
            return None
        from calista_tools.lint.cached_facts import read_facts

        known = read_facts(self.facts, self.old["facts"])
        if known is None:
            return None
        changed = self._changed()
        facts = {
            path: item
            for path, item in known.facts.items()
            if str(path) in self.stats and str(path) not in changed
        }
        return known._replace(facts=facts)

    def store(self, collected: Collected, known: Known) -> None:
        """Keep what this run found; a folder that cannot be written to is no reason to fail."""
        if collected.failures:
            return
        from calista_tools.lint.cached_facts import write_facts

        try:
            _make(self.found.parent)
            files = {path: self._noted(path, stat) for path, stat in self.stats.items()}
            lock_file = self.group.config.lock_file
            others = {str(path): _stat(path) for path in (*known.dependencies, lock_file)}
            others |= {str(path): _stat(path)[:1] for path in _folders(self.group)}
            content = {
                "key": self.key,
                "files": files,
                "others": {path: self._noted(path, stat) for path, stat in others.items()},
                "facts": write_facts(self.facts, known),
                "collected": collected.to_json(),
            }
            _write(self.found, json.dumps(content).encode())
        except OSError:
            return

    def _changed(self) -> frozenset[str]:
        """Return the files that are not what they were."""
        old = self.old["files"]
        return frozenset(
            path
            for path, stat in self.stats.items()
            if path not in old or not _same(path, old[path], stat)
        )

    def _hold(self, others: Mapping[str, _Stat]) -> bool:
        return all(
            _same(path, old, _stat(Path(path))[: len(old)] if len(old) == 1 else _stat(Path(path)))
            for path, old in others.items()
        )

    def _noted(self, path: str, stat: _Stat) -> _Stat:
        """Return a file's times, with its content's digest where they are too young to tell.

        Raises:
            OSError: It has changed since it was read, so what was found is not about it.
        """
        if len(stat) < 4 or self.began - max(stat[0], stat[1]) > _GRAIN:
            return stat
        digest = _digest(path)
        if _stat(Path(path)) != stat:
            raise OSError(f"{path} changed while it was checked")
        return [*stat, digest]


def _same(path: str, old: _Stat, now: _Stat) -> bool:
    return old[:4] == now and (len(old) < 5 or old[4] == _digest(path))


def _stat(path: Path) -> _Stat:
    try:
        found = os.stat(path)  # noqa: PTH116 - a thousand times a run
    except OSError:
        return []
    return [found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino]


def _digest(path: str) -> str:
    from hashlib import blake2b

    try:
        if not os.path.isfile(path):  # noqa: PTH113 - a pipe would be waited for
            return ""
        return blake2b(Path(path).read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return ""


def _key(group: Group) -> str:
    """Return what stands for the settings and for the tool itself, as it lies on disk."""
    tool: list[object] = []
    for folder in _tool_folders():
        with os.scandir(folder) as entries:
            stats = [entry.stat() for entry in entries if entry.name.endswith(".py")]
        tool += (
            len(stats),
            sum(stat.st_size for stat in stats),
            max(stat.st_mtime_ns for stat in stats),
        )
    return repr((sys.version, tool, group.config, application_packages(group.config)))


def _tool_folders() -> Iterable[str]:
    lint = os.path.dirname(__file__)  # noqa: PTH120
    names = ("", "rules", "sql", "names", "schema", "safety", "evaluator")
    folders = [os.path.join(lint, name) for name in names]  # noqa: PTH118
    folders.append(os.path.join(os.path.dirname(lint), "history"))  # noqa: PTH118, PTH120
    return [folder for folder in folders if os.path.isdir(folder)]  # noqa: PTH112


def _folders(group: Group) -> Iterable[Path]:
    """Return the folders in which a new module could be what a revision imports."""
    root, location = group.config.root, group.config.script_location
    inside = [folder for folder in (location, *location.parents) if root in folder.parents]
    return inside if group.config.path is not None else ()


def _folder(group: Group) -> Path:
    """Return where the cache lies: in the project, else among the user's caches."""
    if chosen := os.environ.get("CALISTA_CACHE_DIR"):
        return Path(chosen)
    if group.config.path is not None:
        return group.config.root / ".calista_cache"
    user = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(user or Path.home() / ".cache") / "calista"


def _make(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="ascii")


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)  # noqa: PTH105
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
