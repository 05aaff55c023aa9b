"""In which order are the files of a history read? Parents first, so that each knows its schema."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from calista_tools.history import Problem, Revision
from calista_tools.history.scanner import scan
from calista_tools.lint.analyse import load, read_source
from calista_tools.lint.evaluator import Project
from calista_tools.lint.schema import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.lint.migration import Migration
    from calista_tools.lint.schema import Change


def migrations(files: Sequence[Path], config: Config) -> Iterator[Migration]:
    """Yield every file as a ``Migration``, each after its ancestors.

    Its ``schemas`` are good until the next one is taken. Nothing of a file is kept but what it
    changes in the schema: trees of thousands of files would take gigabytes.
    """
    projects = {folder: around(folder, config) for folder in {path.parent for path in files}}
    sources = {path: read_source(path) for path in files}
    headers = {path: _header(path, source) for path, source in sources.items()}
    by_id: dict[str, Path] = {}
    for path, header in headers.items():
        if header is not None:
            by_id.setdefault(header.revision, path)
    parents: dict[str, Sequence[str]] = {}
    for path in by_id.values():
        header = headers[path]
        if header is not None:
            parents[header.revision] = (*header.down_revisions, *header.depends_on)
    merges = any(len(of) > 1 for of in parents.values())
    kept: dict[tuple[str, str], Sequence[Change]] = {}
    current: list[Migration] = []

    def changes(dialect: str, revision: str) -> Sequence[Change]:
        if (dialect, revision) in kept:
            return kept[dialect, revision]
        found = current[0].changes(dialect)
        if merges:
            # A merge plays the other branch again.
            kept[dialect, revision] = found
        return found

    walks = [walk(parents, partial(changes, dialect), dialect) for dialect in config.dialects]
    done: set[Path] = set()
    for states in zip(*walks, strict=True):
        revision = states[0][0]
        path = by_id[revision]
        migration = load(path, config, projects[path.parent], sources.pop(path))
        migration.schemas = {schema.dialect: schema for _, schema in states}
        done.add(path)
        current[:] = [migration]
        yield migration
    for path in files:
        if path not in done:
            yield load(path, config, projects[path.parent], sources[path])


def around(folder: Path, config: Config) -> Project:
    """Return the project that a folder of revisions imports from."""
    return Project.around(folder, config.root if config.path is not None else None)


def _header(path: Path, source: bytes | Problem) -> Revision | None:
    if isinstance(source, Problem):
        return None
    header = scan(source)
    if header is not None:
        return Revision(path, *header)
    from calista_tools.history import read_source as read_header

    found = read_header(source, path)
    return found if isinstance(found, Revision) else None
