"""Which files are revisions? The same ones, in the same order, as Alembic's ``ScriptDirectory``."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def is_revision_name(name: str) -> bool:
    """Whether Alembic takes a file of this name for a revision.

    Source: ``_only_source_rev_file`` in ``alembic/script/base.py``; hidden files count.
    """
    return name.endswith(".py") and not name.startswith(("__init__", ".#"))


def located_files(
    folders: Iterable[Path | str], *, recursive: bool = False
) -> Iterator[tuple[str, str]]:
    """Yield the revision files of these folders, each with its real path, sorted by name in each.

    A file that is reached twice, by a symbolic link or by overlapping folders, comes once. A
    folder that is not there or cannot be listed holds nothing, as for ``os.walk``.

    Args:
        folders: Alembic's version locations.
        recursive: Alembic's ``recursive_version_locations``.
    """
    seen: set[str] = set()
    for folder in folders:
        yield from _below(folder, recursive, seen)


def _below(folder: Path | str, recursive: bool, seen: set[str]) -> Iterator[tuple[str, str]]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    real = os.path.realpath(folder)
    if not real.endswith("__pycache__"):
        for entry in found:
            full, name = f"{real}{os.sep}{entry.name}", entry.name
            if not entry.is_file(follow_symlinks=False) and not _is_odd(entry):
                if not _leads_to_file(entry):
                    continue
                # Alembic judges a file by the name it really has.
                full = os.path.realpath(full)
                name = full.rpartition(os.sep)[2]
            if is_revision_name(name) and full not in seen:
                seen.add(full)
                yield entry.path, full
    if recursive:
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                yield from _below(entry.path, recursive, seen)


def _is_odd(entry: os.DirEntry[str]) -> bool:
    """Whether it is a pipe or a device, or leads to one: whoever reads it says so."""
    try:
        mode = os.stat(entry.path).st_mode  # noqa: PTH116 - as it came
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _leads_to_file(entry: os.DirEntry[str]) -> bool:
    """Whether to read a link; one that leads nowhere is a file that cannot be read."""
    if not entry.is_symlink():
        return False
    return os.path.isfile(entry.path) or not os.path.exists(entry.path)  # noqa: PTH110, PTH113
