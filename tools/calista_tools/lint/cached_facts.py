"""What was known of every file? Read back without letting the cache file run anything.

Pickle is by far the fastest for thousands of small records, and a cache file may come with a
clone: so only our own records are ever built from it, and nothing is called.
Source: https://docs.python.org/3/library/pickle.html#restricting-globals
"""

from __future__ import annotations

import io
import os
import pathlib
import pickle
from typing import TYPE_CHECKING
from zlib import crc32

from calista_tools.history.revision import Problem, Revision
from calista_tools.lint.analyse import Facts
from calista_tools.lint.engine import Known
from calista_tools.lint.noqa import Directive
from calista_tools.lint.rule import Edit, Finding, Fix
from calista_tools.lint.schema.records import Change, ColumnState, Placed, Table

if TYPE_CHECKING:
    from pathlib import Path

_RECORDS = (
    Change, ColumnState, Directive, Edit, Facts, Finding, Fix, Known, Placed, Problem, Revision,
    Table, frozenset, pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePath,
)  # fmt: skip
_ALLOWED = {(cls.__module__, cls.__qualname__): cls for cls in _RECORDS}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is no record of ours") from None


def write_facts(path: Path, known: Known) -> str:
    """Write what is known; returns the mark of this content, "" where it cannot be kept.

    Raises:
        OSError: The file cannot be written.
    """
    try:
        content = pickle.dumps(known, protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError):
        return ""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_bytes(content)
    temporary.replace(path)
    return _mark(content)


def read_facts(path: Path, mark: str) -> Known | None:
    """Return what was known, if the file is the one that was marked so."""
    try:
        content = path.read_bytes()
        if not mark or _mark(content) != mark:
            return None
        known = _Reader(io.BytesIO(content)).load()
    except Exception:  # a damaged pickle may raise anything; the history is read again then
        return None
    return known if isinstance(known, Known) else None


def _mark(content: bytes) -> str:
    return f"{len(content)}-{crc32(content):08x}"
