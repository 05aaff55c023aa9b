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
import secrets
import shutil
import stat
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from calista.errors import CalistaError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

PARTIAL = ".partial"
#: What is left free on the disk beside a backup.
MARGIN = 1 << 20
_PIECE = 1 << 20
#: Names of unfinished files that this process works on.
_in_use: set[str] = set()
_NAME = re.compile(
    r"-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z(?:-(?P<turn>\d{1,6}))?"
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
        turn: How often the clock had been set back by then: the order in which backups were made
            is that of their turns, and in a turn that of the clock.
    """

    path: Path
    made_at: datetime
    revision: str
    size: int
    turn: int = 0


def existing(folder: Path, label: str) -> list[Backup]:
    """Return the backups of one database, the one made last first."""
    found = []
    for path in folder.glob(f"{label}-*") if folder.is_dir() else ():
        match = _NAME.fullmatch(path.name, len(label))
        if match:
            # Not `strptime`: its import alone takes as long as the rest of a small backup.
            *parts, milliseconds = (int(part) for part in match.groups()[:7])
            made_at = datetime(*parts, milliseconds * 1000, tzinfo=UTC)  # type: ignore[misc, arg-type]
            turn, size = int(match["turn"] or 0), path.stat().st_size
            found.append(Backup(path, made_at, match["revision"], size, turn))
    return sorted(found, key=lambda backup: (backup.turn, backup.made_at), reverse=True)


def prune(folder: Path, label: str, keep: int, needed: Collection[str]) -> None:
    """Remove all but those made last, and those whose names are needed."""
    for old in existing(folder, label)[keep:]:
        if old.path.name not in needed:
            # A file that cannot be removed (open on Windows) is no reason to stop an upgrade.
            with contextlib.suppress(OSError):
                old.path.unlink()


def remove_unfinished(folder: Path, label: str) -> None:
    """Remove what killed attempts left; only under the upgrade lock, when nobody else writes."""
    for path in folder.glob(f"{label}-*{PARTIAL}*"):
        if not any(path.name.startswith(name) for name in _in_use):
            with contextlib.suppress(OSError):
                path.unlink()


@contextmanager
def private_file(folder: Path, label: str) -> Iterator[Path]:
    """Make an empty file that only we may read and whose name nobody can know before.

    Whoever writes to it opens what is there. It is gone afterwards, with what SQLite put beside it.
    """
    path = folder / f"{label}-{secrets.token_hex(16)}{PARTIAL}"
    _in_use.add(path.name)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield path
    finally:
        _in_use.discard(path.name)
        for leftover in folder.glob(f"{path.name}*"):
            with contextlib.suppress(OSError):
                leftover.unlink()


@contextmanager
def new_file(folder: Path, label: str, revision: str, suffix: str) -> Iterator[Draft]:
    """Offer a file to write a backup to; it counts once `Draft.keep` has returned.

    Raises:
        BackupError: The folder cannot be written to or is not ours alone, or the disk is full.
    """
    from calista.db.backups.folder import prepare

    try:
        prepare(folder)
        remove_unfinished(folder, label)
        with private_file(folder, label) as path:
            plain = re.sub("[^A-Za-z0-9_]", "_", revision)
            yield Draft(path, label, plain, suffix, datetime.now(UTC))
    except OSError as error:
        raise BackupError(
            f"no backup could be written to {folder}: {error.strerror or error}",
            "make room or choose another folder with --backup-dir; the database was not touched",
        ) from error


@dataclass(frozen=True, slots=True)
class Draft:
    """A backup that is being written."""

    path: Path
    label: str
    revision: str
    suffix: str
    begun: datetime

    def keep(self) -> Backup:
        """Put the file, which is verified, safely on the disk, and give it the name of a backup."""
        sync(self.path)
        folder = self.path.parent
        now = self.begun.replace(microsecond=self.begun.microsecond // 1000 * 1000)
        turn = _turn(existing(folder, self.label)[:1], now)
        stamp = now.strftime("%Y%m%dT%H%M%S") + f"{now.microsecond // 1000:03}Z"
        parts = [self.label, stamp, *([str(turn)] if turn else []), self.revision]
        name = f"{'-'.join(parts)}-{digest(self.path)}{self.suffix}"
        final = self.path.rename(folder / name)
        sync(folder)
        return Backup(final, now, self.revision, final.stat().st_size, turn)


def _turn(last: list[Backup], now: datetime) -> int:
    """Return the turn of a backup that is made after all others, whatever the clock says."""
    return max((item.turn + (item.made_at >= now) for item in last), default=0)


def digest(path: Path) -> str:
    """Return the start of the content's SHA-256, as it stands in a backup's name."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def has_label(path: Path, label: str) -> bool:
    """Whether the file still has the name that `Draft.keep` gave a backup of this database."""
    return path.name.startswith(label) and bool(_NAME.fullmatch(path.name, len(label)))


@contextmanager
def private_copy(source: Path, folder: Path, label: str) -> Iterator[Path]:
    """Copy a backup to where nobody can exchange it between its check and its use.

    One that has its name and lies where nobody else can write is there already.

    Raises:
        BackupError: It is not there, empty, unfinished, not what was written, or does not fit.
    """
    from calista.db.backups.folder import is_safe, prepare

    with _opened(source) as (handle, size), contextlib.ExitStack() as stack:
        try:
            if _NAME.search(source.name) and is_safe(source):
                copy, content = source, digest(source)
            else:
                prepare(folder)
                assert_room(folder, size, "to read the backup")
                copy = stack.enter_context(private_file(folder, label))
                content = _copy(handle, copy)
        except OSError as error:
            raise BackupError(
                f"the backup could not be copied to {folder}: {error.strerror or error}",
                "make room or choose another folder with --backup-dir; the database was not touched",
            ) from error
        match = _NAME.search(source.name)
        if PARTIAL in source.suffixes or not size or (match and match["digest"] != content):
            raise BackupError(
                f"{source} is not a whole backup", "use another one; the database was not touched"
            )
        yield copy


@contextmanager
def _opened(source: Path) -> Iterator[tuple[int, int]]:
    """Open a file and say how big it is; a pipe or a device would never end."""
    try:
        if source.is_dir():
            raise BackupError(f"{source} is a folder", "name one of the files in it")
        # A pipe to which nobody writes would be waited for.
        options = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(source, os.O_RDONLY | options)
    except OSError as error:
        raise BackupError(f"{source} cannot be read: {error.strerror or error}") from error
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise BackupError(f"{source} is no file", "name a file that `calista db backup` made")
        yield handle, found.st_size
    finally:
        os.close(handle)


def _copy(handle: int, target: Path) -> str:
    """Copy and return the start of the digest of what was copied."""
    found: Any = hashlib.sha256()
    with target.open("wb") as file:
        while piece := os.read(handle, _PIECE):
            found.update(piece)
            file.write(piece)
    return str(found.hexdigest())[:16]


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
