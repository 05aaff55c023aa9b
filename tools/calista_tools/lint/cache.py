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
from calista_tools.lint.states import cache_folder, digest_of, is_settled, state_of, tool_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from calista_tools.config import Config
    from calista_tools.lint.engine import Known
    from calista_tools.lint.targets import Group

#: A file's state; then the digest of one whose times cannot be trusted yet.
_Stat = list[Any]


class Cache:
    """The cache of one history.

    Attributes:
        stats: How each file of the history looked when this run began.
        others: What else the answer depends on; None where that is not known.
    """

    def __init__(self, group: Group) -> None:
        self.group = group
        self.began = time.time_ns()
        self.folder = Path(cache_folder(project_root(group.config)))
        name = f"lint-{crc32(str(group.files[0].parent).encode(errors='replace')):08x}"
        self.found = self.folder / f"{name}.json"
        self.facts = self.folder / f"{name}.facts"
        self.key = _key(group)
        self.stats = {str(path): state_of(str(path)) for path in group.files}
        self.old: dict[str, Any] = {}
        self.others: Iterable[str] | None = None

    def load(self) -> Collected | None:
        """Return what the last run found, where nothing has changed since."""
        try:
            self.old = json.loads(self.found.read_bytes())
            if self.old["key"] != self.key or not self._hold(self.old["others"]):
                self.old = {}
                return None
            if self.old["files"].keys() != self.stats.keys() or self._changed():
                return None
            self.others = self.old["others"]
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
            _make(self.folder)
            files = {path: self._noted(path, stat) for path, stat in self.stats.items()}
            lock_file = self.group.config.lock_file
            watched = (*known.dependencies, lock_file, *_folders(self.group))
            others = {path: state_of(path) for path in map(str, watched)}
            content = {
                "key": self.key,
                "files": files,
                "others": {path: self._noted(path, stat) for path, stat in others.items()},
                "facts": write_facts(self.facts, known),
                "collected": collected.to_json(),
            }
            _write(self.found, json.dumps(content).encode())
            self.others = others
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
        return all(_same(path, old, state_of(path)) for path, old in others.items())

    def _noted(self, path: str, stat: _Stat) -> _Stat:
        """Return a file's times, with its content's digest where they are too young to tell.

        Raises:
            OSError: It has changed since it was read, so what was found is not about it.
        """
        if is_settled(stat, self.began):
            return stat
        digest = digest_of(path)
        if state_of(path) != stat:
            raise OSError(f"{path} changed while it was checked")
        return [*stat, digest]


def _same(path: str, old: _Stat, now: _Stat) -> bool:
    return old[:4] == now and (len(old) < 5 or old[4] == digest_of(path))


def _key(group: Group) -> str:
    """Return what stands for the settings and for the tool itself."""
    packages = application_packages(group.config)
    return repr((sys.version, tool_state(), group.config, packages))


def _folders(group: Group) -> Iterable[Path]:
    """Return the folders in which a new module could be what a revision imports."""
    root, location = group.config.root, group.config.script_location
    inside = [folder for folder in (location, *location.parents) if root in folder.parents]
    return inside if group.config.path is not None else ()


def project_root(config: Config) -> str | None:
    """Return the folder of a project's settings, None where it has none."""
    return str(config.root) if config.path is not None else None


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
