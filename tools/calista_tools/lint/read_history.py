"""In which order are the files of a history read? Parents first, so that each knows its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.evaluator import Project
from calista_tools.effects.names.metadata import known_convention
from calista_tools.effects.schema import walk
from calista_tools.effects.schema.history_states import order
from calista_tools.history import Problem, Revision
from calista_tools.history.scanner import Plain, scan_plain
from calista_tools.lint.loading import load, read_source
from calista_tools.lint.parallel import PIECE
from calista_tools.lint.stretches import stretches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.effects.names.metadata import Convention
    from calista_tools.effects.schema import Change
    from calista_tools.lint.known import Changes, Known
    from calista_tools.lint.migration import Migration
    from calista_tools.lint.parallel import Peer


class Reading:
    """The files of one history on their way into memory and out of it.

    Nothing of a file is kept but what it changes in the schema: trees of thousands of files would
    take gigabytes.

    Attributes:
        projects: Where the revisions of a folder import from.
        sequence: The revision ids, each after its parents.
        changes: What each revision changes on each dialect, as far as it is known.
        starts: The places in the sequence at which its stretches begin.
        schemas: The schemas that a stretch begins with, as they are kept, by its place.
    """

    def __init__(
        self,
        files: Sequence[Path],
        config: Config,
        before: Known | None = None,
        fresh: frozenset[Path] | None = None,
        *,
        keep: bool = False,
    ) -> None:
        """Read the headers.

        Args:
            files: All files of the history.
            config: The project's settings.
            before: What an earlier run knew of the files that are not fresh.
            fresh: The files to read; None for all.
            keep: Whether the next run shall find out what this one has.
        """
        self.files = files
        self.config = config
        self.projects = {folder: around(folder, config) for folder in {p.parent for p in files}}
        self.changes: dict[str, Changes] = {}
        self._before = before
        self._fresh = frozenset(files) if fresh is None else fresh
        self._sources = {path: read_source(path) for path in files if path in self._fresh}
        self._plain: dict[Path, Plain] = {}
        self._headers: dict[Path, Revision | None] = {}
        self._paths: dict[str, Path] = {}
        self._parents: dict[str, Sequence[str]] = {}
        for path in files:
            header = self._headers[path] = self._header(path)
            if header is not None and header.revision not in self._paths:
                self._paths[header.revision] = path
                self._parents[header.revision] = (*header.down_revisions, *header.depends_on)
        self.sequence = order(self._parents)
        if before is not None:
            self.changes = {
                revision: before.changes[revision]
                for revision, path in self._paths.items()
                if path not in self._fresh and revision in before.changes
            }
        self.starts = stretches(self._parents, self.sequence) if keep else [0]
        self.schemas: dict[int, bytes] = {}
        self._pieces = 0
        self._ready: dict[str, Migration] = {}

    def migrations(self, peer: Peer | None = None) -> Iterator[Migration]:
        """Yield every file as a ``Migration``, each after its ancestors.

        Its ``schemas`` are good until the next one is taken.

        Args:
            peer: Where the other half of the work is done; its files are not yielded here.
        """
        place = {revision: index for index, revision in enumerate(self.sequence)}
        walks = [
            walk(self._parents, self._known(d), d, sequence=self.sequence)
            for d in self.config.dialects
        ]
        first = peer is None or peer.number == 0
        # Each process keeps every second one.
        starts = frozenset(self.starts[1:] if peer is None else self.starts[1 + peer.number :: 2])
        for states in zip(*walks, strict=True):
            revision = states[0][0]
            while place[revision] >= self._pieces * PIECE:
                self._read_pieces(peer)
            if place[revision] in starts:
                from calista_tools.lint.memory.facts import pickled

                kept = pickled({schema.dialect: schema for _, schema in states})
                self.schemas[place[revision]] = kept
            migration = self._ready.pop(revision, None)
            if migration is not None:
                migration.schemas = {schema.dialect: schema for _, schema in states}
                yield migration
        if first:
            walked = {self._paths[revision] for revision in self.sequence}
            for path in self.files:
                if path not in walked and path in self._fresh:
                    yield self.load(path)

    def dependencies(self) -> frozenset[Path]:
        """Return the other files of the project that were looked into."""
        return frozenset(path for one in self.projects.values() for path in one.looked_at())

    def conventions(self) -> dict[Path, Convention]:
        """Return the naming conventions that were read from the project, by folder."""
        found = {folder: known_convention(one, folder) for folder, one in self.projects.items()}
        return {folder: one for folder, one in found.items() if one is not None}

    def sequence_holds(self) -> bool:
        """Whether what is known of the files that are not read again is about this history."""
        return all(
            revision in self.changes
            for revision, path in self._paths.items()
            if path not in self._fresh
        )

    def later_ones_hold(self) -> bool:
        """Whether every revision that was not read again still stands on the same schema."""
        before = self._before
        if before is None:
            return True
        fresh = {self._headers[path] for path in self._fresh}
        names = {header.revision for header in fresh if header is not None}
        gone = before.changes.keys() - self.changes.keys()
        moved = {name for name in names if before.changes.get(name) != self.changes.get(name)}
        first = min(
            (at for at, name in enumerate(self.sequence) if name in moved),
            default=len(self.sequence),
        )
        return not gone and all(name in names for name in self.sequence[first:])

    def load(self, path: Path) -> Migration:
        """Read one file as it is now."""
        source = self._sources.pop(path, None)
        header = self._plain.pop(path, None) or self._headers.get(path)
        return load(path, self.config, self.projects[path.parent], source, header)

    def _read_pieces(self, peer: Peer | None) -> None:
        """Read the next piece, or with a peer one each, and learn what its revisions change."""
        count = 1 if peer is None else 2
        first = self._pieces * PIECE
        self._pieces += count
        found: dict[str, Changes] = {}
        for place in range(first, min(self._pieces * PIECE, len(self.sequence))):
            revision = self.sequence[place]
            if revision in self.changes:
                continue
            if peer is None or peer.owns(place):
                migration = self.load(self._paths[revision])
                self._ready[revision] = migration
                found[revision] = {d: migration.changes(d) for d in self.config.dialects}
            else:
                path = self._paths[revision]
                self._sources.pop(path, None)
                self._plain.pop(path, None)
        self.changes.update(found)
        if peer is not None:
            self.changes.update(peer.exchange(found))

    def _header(self, path: Path) -> Revision | None:
        if path not in self._fresh and self._before is not None:
            return self._before.facts[path].placed
        found = header_of(path, self._sources[path])
        if isinstance(found, Plain):
            self._plain[path] = found
            return found.revision
        return found

    def _known(self, dialect: str) -> _Known:
        return _Known(self.changes, dialect)


class _Known:
    """What a revision changes on one dialect, by its id."""

    def __init__(self, changes: Mapping[str, Changes], dialect: str) -> None:
        self._changes = changes
        self._dialect = dialect

    def __call__(self, revision: str) -> Sequence[Change]:
        return self._changes[revision][self._dialect]


def around(folder: Path, config: Config) -> Project:
    """Return the project that a folder of revisions imports from."""
    return Project.around(folder, config.root if config.path is not None else None)


def header_of(path: Path, source: bytes | Problem) -> Plain | Revision | None:
    """Return what a file says of itself; None where it is no revision."""
    if isinstance(source, Problem):
        return None
    plain = scan_plain(source, str(path))
    if plain is not None:
        return plain
    from calista_tools.history import read_source as read_header

    found = read_header(source, path)
    return found if isinstance(found, Revision) else None
