"""Where do backups lie, what are they called, and when does a file count as one?

A backup is written under a ``.partial`` name, verified, synced to the disk and then renamed: what
has a backup's name is whole. The name holds a digest of the content, so that a restore notices a
file that was changed or cut off later, without a second file to keep together with the first.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from calista.errors import CalistaError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARTIAL = ".partial"
#: What is left free on the disk beside a backup.
MARGIN = 1 << 20
_NAME = re.compile(
    r"-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z"
    r"-(?P<revision>[A-Za-z0-9_]+)-(?P<digest>[0-9a-f]{16})\.(?:sqlite|dump)$"
)


class BackupError(CalistaError):
    """A backup could not be made, or is not whole."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A whole backup.

    Attributes:
        made_at: When, UTC.
        revision: What the database recorded then; "empty" or "unknown" if nothing.
    """

    path: Path
    made_at: datetime
    revision: str
    size: int


def existing(folder: Path, label: str) -> list[Backup]:
    """Return the backups of one database, newest first."""
    found = []
    for path in folder.glob(f"{label}-*") if folder.is_dir() else ():
        match = _NAME.fullmatch(path.name, len(label))
        if match:
            # Not `strptime`: its import alone takes as long as the rest of a small backup.
            *parts, milliseconds = (int(part) for part in match.groups()[:7])
            made_at = datetime(*parts, milliseconds * 1000, tzinfo=UTC)  # type: ignore[misc, arg-type]
            found.append(Backup(path, made_at, match["revision"], path.stat().st_size))
    return sorted(found, key=lambda backup: backup.made_at, reverse=True)


def prune(folder: Path, label: str, keep: int, made: Path) -> None:
    """Remove all but the newest backups: the one just made, and those before it."""
    # It is the newest, whatever the clock says: one that was set back would have it removed.
    others = [backup for backup in existing(folder, label) if backup.path != made]
    for old in others[keep - 1 :]:
        # A file that cannot be removed (open on Windows) is no reason to stop an upgrade.
        with contextlib.suppress(OSError):
            old.path.unlink()


def remove_unfinished(folder: Path, label: str) -> None:
    """Remove what killed attempts left; only under the upgrade lock, when nobody else writes."""
    for path in folder.glob(f"{label}-*{PARTIAL}*"):
        with contextlib.suppress(OSError):
            path.unlink()


@contextmanager
def new_file(folder: Path, label: str, revision: str, suffix: str) -> Iterator[Draft]:
    """Offer a file to write a backup to; it counts once `Draft.keep` has returned.

    Raises:
        BackupError: The folder cannot be written to, or the disk is full.
    """
    now = datetime.now(UTC)
    stamp = now.strftime("%Y%m%dT%H%M%S") + f"{now.microsecond // 1000:03}Z"
    stem = f"{label}-{stamp}-{re.sub('[^A-Za-z0-9_]', '_', revision)}"
    draft = Draft(folder / f"{stem}{suffix}{PARTIAL}", folder, stem, suffix, now, revision)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        remove_unfinished(folder, label)
        # Made here, with the mode it keeps: whoever writes to it opens what is there.
        os.close(os.open(draft.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield draft
    except OSError as error:
        raise BackupError(
            f"no backup could be written to {folder}: {error.strerror or error}",
            "make room or choose another folder with --backup-dir; the database was not touched",
        ) from error
    finally:
        for leftover in folder.glob(f"{stem}{suffix}{PARTIAL}*"):
            with contextlib.suppress(OSError):
                leftover.unlink()


@dataclass(frozen=True, slots=True)
class Draft:
    """A backup that is being written."""

    path: Path
    folder: Path
    stem: str
    suffix: str
    made_at: datetime
    revision: str

    def keep(self) -> Backup:
        """Put the file, which is verified, safely on the disk, and give it the name of a backup."""
        sync(self.path)
        name = f"{self.stem}-{digest(self.path)}{self.suffix}"
        final = self.path.rename(self.folder / name)
        sync(self.folder)
        return Backup(final, self.made_at, self.revision, final.stat().st_size)


def digest(path: Path) -> str:
    """Return the start of the content's SHA-256, as it stands in a backup's name."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def has_name_of_backup(path: Path) -> bool:
    """Whether the file still has the name that `Draft.keep` gave it."""
    return re.search(_NAME.pattern, path.name) is not None


def assert_unchanged(path: Path) -> None:
    """Compare a backup with the digest in its name, if it still has its name.

    Raises:
        BackupError: It is not there, empty, unfinished, or not what was written.
    """
    try:
        if path.is_dir():
            raise BackupError(f"{path} is a folder", "name one of the files in it")
        size = path.stat().st_size
        match = re.search(_NAME.pattern, path.name)
        changed = match is not None and digest(path) != match["digest"]
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror or error}") from error
    if PARTIAL in path.suffixes or size == 0 or changed:
        raise BackupError(
            f"{path} is not a whole backup", "use another one; the database was not touched"
        )


def assert_room(
    folder: Path,
    needed: int,
    what: str = "for a backup",
    advice: str = "make room or choose another folder with --backup-dir",
) -> None:
    """Refuse to begin what will not fit.

    Raises:
        BackupError: There is less room than ``needed`` bytes and a margin.
    """
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(nearest).free
    if free < needed + MARGIN:
        raise BackupError(
            f"no room {what} in {folder}: {needed / 1e6:.1f} MB needed, {free / 1e6:.1f} MB free",
            f"{advice}; the database was not touched",
        )


def sync(path: Path) -> None:
    """Have the file, or the folder's list of names, written to the disk itself."""
    if path.is_dir() and sys.platform == "win32":
        return  # Windows opens no folders, and has no need to: NTFS logs its names
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
