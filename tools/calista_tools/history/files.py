"""Which files are revisions? The same ones, in the same order, as Alembic's ``ScriptDirectory``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def is_revision_name(name: str) -> bool:
    """Whether Alembic takes a file of this name for a revision.

    Source: ``_only_source_rev_file`` in ``alembic/script/base.py``; hidden files count.
    """
    return name.endswith(".py") and not name.startswith(("__init__", ".#"))


def revision_files(folders: Iterable[Path], *, recursive: bool = False) -> Iterator[Path]:
    """Yield the revision files of these folders, sorted by name within each folder.

    A file that is reached twice, by a symbolic link or by overlapping folders, comes once. A
    folder that is not there or cannot be listed holds nothing, as for ``os.walk``.

    Args:
        folders: Alembic's version locations.
        recursive: Alembic's ``recursive_version_locations``.
    """
    for path, _ in located_files(folders, recursive=recursive):
        yield path


def located_files(
    folders: Iterable[Path], *, recursive: bool = False
) -> Iterator[tuple[Path, str]]:
    """Yield `revision_files` with the string to open each by, which a `Path` is slow to make."""
    seen: set[str] = set()
    for folder in folders:
        yield from _below(folder, recursive, seen)


def _below(folder: Path, recursive: bool, seen: set[str]) -> Iterator[tuple[Path, str]]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    real = os.path.realpath(folder)
    if not real.endswith("__pycache__"):
        for entry in found:
            if not _is_file(entry):
                continue
            full = f"{real}{os.sep}{entry.name}"
            # Alembic judges a file by the name it really has.
            full = os.path.realpath(full) if entry.is_symlink() else full
            if is_revision_name(full.rpartition(os.sep)[2]) and full not in seen:
                seen.add(full)
                yield folder / entry.name, full
    if recursive:
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                yield from _below(folder / entry.name, recursive, seen)


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether to read an entry; a link that leads nowhere is a file that cannot be read."""
    if entry.is_symlink():
        return os.path.isfile(entry.path) or not os.path.exists(entry.path)  # noqa: PTH110, PTH113
    return entry.is_file()
