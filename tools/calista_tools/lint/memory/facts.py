"""What was known of every file? Read back without letting the cache file run anything.

A long history is kept in stretches, each in a file of its own beside the schemas that it begins
with, so that where one file has changed one stretch is read, followed and written.

Pickle is by far the fastest for thousands of small records. Only files of the user's own are read
(`calista_tools.files.caches`), and yet only our own records are ever built from one, and nothing is called.
Source: https://docs.python.org/3/library/pickle.html#restricting-globals
"""

from __future__ import annotations

import io
import pathlib
from typing import TYPE_CHECKING
from zlib import crc32

from calista_tools.effects.schema.elements import Change, ColumnState, Placed, Table
from calista_tools.effects.schema.state import Schema
from calista_tools.history.revision_record import Problem, Revision
from calista_tools.lint.known import Facts, Known
from calista_tools.lint.noqa import Directive
from calista_tools.lint.rule import Edit, Finding, Fix
from calista_tools.startup.pickling import pickle
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from calista_tools.lint.known import Changes


class Shard(NamedTuple):
    """What is known of the files of one stretch of the history.

    Attributes:
        sequence: The revisions of the stretch, each after its parents.
        facts: By file.
        changes: What each revision changes in the schema.
    """

    sequence: Sequence[str]
    facts: Mapping[Path, Facts]
    changes: Mapping[str, Changes]


_RECORDS = (
    Change, ColumnState, Directive, Edit, Facts, Finding, Fix, Placed, Problem, Revision, Schema,
    Shard, Table, frozenset, pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePath,
)  # fmt: skip
_ALLOWED = {(cls.__module__, cls.__qualname__): cls for cls in _RECORDS}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is no record of ours") from None


def pickled(value: object) -> bytes:
    """Return a shard, or the schemas by dialect, as bytes; empty where it cannot be kept."""
    try:
        return pickle.dumps(value, protocol=-1)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError):
        return b""


def read_shard(content: bytes, marked: str) -> Shard | None:
    """Return what was known, if the content is the one that was marked so."""
    found = _read(content, marked)
    return found if isinstance(found, Shard) else None


def read_schemas(content: bytes, marked: str) -> Mapping[str, Schema] | None:
    """Return the schemas that a stretch begins with, if the content is the one marked so."""
    found = _read(content, marked)
    if not isinstance(found, dict):
        return None
    return found if all(isinstance(one, Schema) for one in found.values()) else None


def _read(content: bytes, marked: str) -> object:
    try:
        return _Reader(io.BytesIO(content)).load() if mark(content) == marked else None
    except Exception:  # a damaged pickle may raise anything; the history is read again then
        return None


def mark(content: bytes) -> str:
    """Return what tells a file's content from any other; "" for nothing."""
    return f"{len(content)}-{crc32(content):08x}" if content else ""


def split(files: Sequence[Path], known: Known) -> list[tuple[Shard, bytes]]:
    """Return the stretches of a history, each with the schemas that it begins with."""
    paths: dict[str, Path] = {}
    for path in files:
        placed = known.facts[path].placed
        if placed is not None:
            paths.setdefault(placed.revision, path)
    starts = [0, *sorted(known.schemas)]
    found = []
    for start, end in zip(starts, [*starts[1:], len(known.sequence)], strict=True):
        sequence = known.sequence[start:end]
        facts = {paths[revision]: known.facts[paths[revision]] for revision in sequence}
        changes = {revision: known.changes[revision] for revision in sequence}
        found.append((Shard(sequence, facts, changes), known.schemas.get(start, b"")))
    walked = {path for shard, _ in found for path in shard.facts}
    last, schemas = found[-1]
    rest = {path: known.facts[path] for path in files if path not in walked}
    found[-1] = (last._replace(facts={**last.facts, **rest}), schemas)
    return found


def joined(shards: Sequence[Shard]) -> Known:
    """Return what is known of the whole history."""
    facts: dict[Path, Facts] = {}
    changes: dict[str, Changes] = {}
    for shard in shards:
        facts.update(shard.facts)
        changes.update(shard.changes)
    return Known(facts, changes, frozenset())
