"""Do folders below one folder hold one history, or several that know nothing of each other?

``versions/2024`` and ``versions/2025`` are one history: revisions of one name revisions of the
other as parents. ``versions/sqlite`` and ``versions/postgresql`` are two, each with its own base;
their revisions may even share ids. So folders belong together when a revision in one has a parent
that only the other holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.history import Revision, read_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def histories(files: Mapping[Path, Sequence[Path]]) -> list[tuple[Path, ...]]:
    """Return the folders of each history, in the order given.

    Args:
        files: The revision files of each folder.
    """
    filled = [folder for folder, inside in files.items() if inside]
    if len(filled) < 2:
        return [tuple(files)]
    headers = {folder: _headers(files[folder]) for folder in filled}
    ids = {folder: {one.revision for one in headers[folder]} for folder in filled}
    together = {folder: {folder} for folder in filled}
    for folder in filled:
        for parent in _foreign(headers[folder], ids[folder]):
            for other in filled:
                if parent in ids[other]:
                    _join(together, folder, other)
    found = list(dict.fromkeys(tuple(one for one in filled if one in together[f]) for f in filled))
    complete = all(any(one.is_base for f in part for one in headers[f]) for part in found)
    # A folder without a base of its own is a part whose parent is missing: that is to be said.
    return found if complete else [tuple(files)]


def _headers(files: Sequence[Path]) -> list[Revision]:
    return [one for one in map(read_file, files) if isinstance(one, Revision)]


def _foreign(headers: Sequence[Revision], own: set[str]) -> set[str]:
    """Return the parents that the folder itself does not hold."""
    return {parent for one in headers for parent in (*one.down_revisions, *one.depends_on)} - own


def _join(together: dict[Path, set[Path]], one: Path, other: Path) -> None:
    joined = together[one] | together[other]
    for folder in joined:
        together[folder] = joined
