"""What is still true of the last run? Findings kept by the files, the settings and the tool.

What was found is one file, which alone is read where nothing changed; what was known of every
file is in others, for when something did. A file counts as unchanged when its size, times and number on disk
are the same. Times have a grain: a file that was written just before it was checked could be
written again within the same tick, so its content is compared as well.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista_tools.files import caches
from calista_tools.lint.application_packages import application_packages
from calista_tools.lint.collected import Collected
from calista_tools.lint.memory.file_states import (
    digest_of,
    is_settled,
    state_of,
    tool_state,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from calista_tools.effects.names.metadata import Convention
    from calista_tools.effects.schema import Schema
    from calista_tools.lint.known import Known
    from calista_tools.lint.memory.facts import Shard
    from calista_tools.lint.targets import Group

#: A file's state; then the digest of one whose times cannot be trusted yet.
_Stat = list[Any]


class Cache:
    """The cache of one history.

    Attributes:
        stats: How each file of the history looked when this run began.
        old: What the last run left, where settings, tool and all but the revisions are the same.
        others: What else the answer depends on; None where that is not known.
    """

    def __init__(self, group: Group) -> None:
        self.group = group
        self.began = time.time_ns()
        versions = str(group.files[0].parent)
        config = group.config
        self.room = caches.room_of(str(config.root) if config.path is not None else versions)
        self.name = f"lint-{caches.named(versions)}"
        self.key = _key(group)
        self.stats = {str(path): state_of(str(path)) for path in group.files}
        self.old: dict[str, Any] = {}
        self.others: Iterable[str] | None = None
        self.collected: Collected | None = None

    def load(self) -> Collected | None:
        """Return what the last run found, where nothing has changed since."""
        try:
            old = json.loads(caches.read(self.room, f"{self.name}.json"))
            if old["key"] != self.key or not self._hold(old["others"]):
                return None
            self.collected = Collected.from_json(old["collected"])
            self.old = old
            if old["files"].keys() != self.stats.keys() or self.changed():
                return None
            self.others = old["others"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self.old = {}
            return None
        return self.collected

    def changed(self) -> frozenset[str]:
        """Return the files that are not what they were."""
        old = self.old["files"]
        return frozenset(
            path
            for path, stat in self.stats.items()
            if path not in old or not _same(path, old[path], stat)
        )

    def convention(self, folder: Path) -> Convention | None:
        """Return the naming convention of a folder's revisions, which nothing has changed."""
        from calista_tools.effects.names.metadata import Convention

        try:
            templates, path, certain = self.old["conventions"][str(folder)]
            return Convention(dict(templates), Path(path) if path else None, bool(certain))
        except (KeyError, TypeError, ValueError):  # it was not needed, or is damaged
            return None

    def known(self) -> Known | None:
        """Return what the last run knew, less what has changed; None for nothing."""
        if not self.old:
            return None
        from calista_tools.lint.memory.facts import joined

        shards = [self.shard(index) for index in range(len(self.old["facts"]))]
        known = joined([shard for shard in shards if shard is not None])
        if None in shards:
            return None
        changed = self.changed()
        facts = {
            path: item
            for path, item in known.facts.items()
            if str(path) in self.stats and str(path) not in changed
        }
        return known._replace(facts=facts, dependencies=frozenset(map(Path, self.old["others"])))

    def shard(self, index: int) -> Shard | None:
        """Return what was known of one stretch of the history."""
        from calista_tools.lint.memory.facts import read_shard

        return read_shard(self._part(index, "facts"), self.old["facts"][index][1])

    def schemas(self, index: int) -> Mapping[str, Schema] | None:
        """Return the schemas that a stretch begins with."""
        from calista_tools.lint.memory.facts import read_schemas

        return read_schemas(self._part(index, "schemas"), self.old["facts"][index][2])

    def store(self, collected: Collected, known: Known) -> None:
        """Keep what this run found; a folder that cannot be written to is no reason to fail."""
        if collected.failures:
            return
        from calista_tools.lint.memory.facts import pickled, split

        try:
            facts: list[list[Any]] = []
            paths: list[str] = []
            for index, (shard, schemas) in enumerate(split(self.group.files, known)):
                marks = self._keep(index, "facts", pickled(shard))
                begins = self._keep(index, "schemas", schemas) if index else ""
                facts.append([len(shard.facts), marks, begins])
                paths += map(str, shard.facts)
            watched = (*known.dependencies, *_folders(self.group))
            conventions = {
                str(folder): [dict(one.templates), one.path and str(one.path), one.certain]
                for folder, one in known.conventions.items()
            }
            self._write(collected, facts, paths, map(str, watched), conventions)
        except OSError:
            return

    def update(
        self, index: int, shard: Shard, collected: Collected, dependencies: Iterable[Path]
    ) -> None:
        """Keep what this run found where one stretch has changed."""
        from calista_tools.lint.memory.facts import pickled

        try:
            facts = self.old["facts"]
            facts[index][1] = self._keep(index, "facts", pickled(shard))
            others = (*self.old["others"], *map(str, dependencies))
            self._write(collected, facts, self.old["files"], others, self.old["conventions"])
        except OSError:
            return

    def _write(
        self,
        collected: Collected,
        facts: object,
        paths: Iterable[str],
        watched: Iterable[str],
        conventions: object,
    ) -> None:
        others = {path: state_of(path) for path in watched}
        lock_file = str(self.group.config.lock_file)
        others[lock_file] = state_of(lock_file)
        content = {
            "key": self.key,
            "files": {path: self._noted(path, self.stats[path]) for path in paths},
            "others": {path: self._noted(path, stat) for path, stat in others.items()},
            "facts": facts,
            "conventions": conventions,
            "collected": collected.to_json(),
        }
        caches.write(self.room, f"{self.name}.json", json.dumps(content).encode())
        self.others = others

    def _part(self, index: int, what: str) -> bytes:
        """Return what was kept of one stretch of the history; nothing where that cannot be read."""
        try:
            return caches.read(self.room, f"{self.name}.{index}.{what}")
        except OSError:
            return b""

    def _keep(self, index: int, what: str, content: bytes) -> str:
        """Keep something of one stretch; returns the mark of this content."""
        from calista_tools.lint.memory.facts import mark

        caches.write(self.room, f"{self.name}.{index}.{what}", content)
        return mark(content)

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
