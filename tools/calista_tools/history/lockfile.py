"""What does `history.lock` say? Its format: written, appended to, and read with line numbers.

One line a revision, oldest first. New lines only ever go to the end, so two branches that both
publish conflict in git on the same lines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from calista_tools.command_name import door
from calista_tools.errors import ToolError
from calista_tools.files import regular_file
from calista_tools.files.whole_file import write_whole

#: Bytes: half a million published revisions.
LARGEST = 64_000_000

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_HEADER = """\
# calista history lock, version 1
# Published revisions, oldest first. They never change: a database may have run them.
# Not to be edited by hand:
#   {door} lock
#       records the revisions that are new (at a release, or on the main branch)
#   {door} lock --check
#       compares the recorded ones with the files
# A merge conflict here means that two branches published at the same time. Keep the lines of both,
# without the conflict marks; both sets of databases exist, so join the branches and record that:
#   {door} merge -m MESSAGE
#   {door} lock
"""
#: How git marks a conflict, with the base between the sides where it is told to show that.
_MARK = re.compile(r"(?:<{7}|>{7}|\|{7})(?: .*)?|={7}")
_LINE = re.compile(r"(\S+) (\S+) (sha256:[0-9a-f]{64}) (.+)")
_BASELINE = re.compile(r"baseline (\S+)")
_EXTERNAL = re.compile(r"external (\S+)")
_REPLACED = re.compile(r"replaced (\S+) by (\S+)")


class Entry(NamedTuple):
    """One published revision.

    Attributes:
        parents: The ids in its ``down_revision`` when it was published.
        name: Its file then; only to be read by people.
        line: 1-based, in the lock file; 0 before it is written.
    """

    revision: str
    parents: tuple[str, ...]
    digest: str
    name: str
    line: int = 0


class Fault(NamedTuple):
    """A line of the lock file that cannot be what the task `lock` wrote.

    Attributes:
        conflict: It is where git left a merge conflict.
    """

    line: int
    message: str
    conflict: bool = False


class Lock(NamedTuple):
    """The content of a lock file.

    Attributes:
        baselines: The ids that the published history starts from.
        entries: The published revisions, in the order of the file.
        replaced: Ids that a squash replaced, with the id of the baseline that stands for them.
        external: Ids of other packages' revisions that published ones follow.
        faults: Lines that are damaged, twice there, or before their parents.
    """

    baselines: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    replaced: tuple[tuple[str, str], ...] = ()
    faults: tuple[Fault, ...] = ()
    external: tuple[str, ...] = ()

    @property
    def published(self) -> frozenset[str]:
        """The published ids."""
        return frozenset(entry.revision for entry in self.entries)


def read_lock(path: Path) -> Lock:
    """Read a lock file; a missing one records nothing.

    Raises:
        ToolError: The file is there and cannot be read.
    """
    try:
        text = regular_file.read_text(path, LARGEST)
    except FileNotFoundError:
        return Lock()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ToolError(f"{path}: cannot be read: {reason}") from error
    return parse_lock(text)


def parse_lock(text: str) -> Lock:
    """Read a lock file's text."""
    baselines: list[str] = []
    entries: dict[str, Entry] = {}
    replaced: list[tuple[str, str]] = []
    faults: list[Fault] = []
    external: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if match := _BASELINE.fullmatch(line):
            baselines.append(_decode(match.group(1)))
        elif match := _EXTERNAL.fullmatch(line):
            external.append(_decode(match.group(1)))
        elif match := _REPLACED.fullmatch(line):
            replaced.append((_decode(match.group(1)), _decode(match.group(2))))
        elif match := _LINE.fullmatch(line):
            name, parents, digest, file = match.groups()
            ids = () if parents == "-" else tuple(map(_decode, parents.split(",")))
            entry = Entry(_decode(name), ids, digest, file, number)
            if entry.revision in entries:
                faults.append(Fault(number, f"{entry.revision} is recorded twice"))
                continue
            late = [parent for parent in ids if parent not in entries and parent not in external]
            if late:
                faults.append(Fault(number, f"{entry.revision} stands before {', '.join(late)}"))
            entries[entry.revision] = entry
        elif _MARK.fullmatch(line):
            if not any(fault.conflict for fault in faults):
                message = "a merge conflict is not resolved: two branches published"
                faults.append(Fault(number, message, conflict=True))
        else:
            shown = line if len(line) < 40 else f"{line[:37]}..."
            faults.append(Fault(number, f"cannot be understood: {shown!r}"))
    return Lock(
        tuple(baselines), tuple(entries.values()), tuple(replaced), tuple(faults), tuple(external)
    )


def render(lock: Lock) -> str:
    """Return the text of a new lock file."""
    lines = [f"baseline {_encode(name)}\n" for name in lock.baselines]
    lines += [f"external {_encode(name)}\n" for name in lock.external]
    lines += [f"replaced {_encode(old)} by {_encode(new)}\n" for old, new in lock.replaced]
    return _HEADER.format(door=door()) + "".join(lines) + render_entries(lock.entries)


def render_entries(entries: Iterable[Entry]) -> str:
    """Return the lines of these revisions."""
    return "".join(
        f"{_encode(entry.revision)} {','.join(map(_encode, entry.parents)) or '-'} "
        f"{entry.digest} {entry.name}\n"
        for entry in entries
    )


def append(
    path: Path, baselines: Sequence[str], entries: Sequence[Entry], external: Sequence[str] = ()
) -> None:
    """Record more revisions; what the file held before stays as it is, byte for byte.

    Args:
        path: The lock file.
        baselines: Which of them the history, or a branch of its own, starts from.
        entries: The revisions.
        external: Their parents that are another package's.
    """
    try:
        before = regular_file.read_bytes(path, LARGEST)
    except FileNotFoundError:
        text = render(Lock(tuple(baselines), tuple(entries), external=tuple(external)))
        replace_file(path, text.encode())
        return
    newline = b"\r\n" if b"\r\n" in before else b"\n"
    new = [name for name in external if name not in parse_lock(before.decode()).external]
    first = [f"baseline {_encode(name)}\n" for name in baselines]
    first += [f"external {_encode(name)}\n" for name in new]
    added = ("".join(first) + render_entries(entries)).encode().replace(b"\n", newline)
    ended = before if before.endswith(b"\n") or not before else before + newline
    replace_file(path, ended + added)


def replace_file(path: Path, content: bytes) -> None:
    """Put a file in place, whole: a kill at any moment leaves the old one or the new one."""
    try:
        write_whole(str(path), content, on_disk=True)
    except OSError as error:
        raise ToolError(f"{path}: cannot be written: {error.strerror}") from error


def _encode(revision: str) -> str:
    """Spell an id without what separates fields; nearly every id is spelt as it is."""
    if revision.isalnum() and revision.isascii():
        return revision
    plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_."
    return "".join(
        character if character in plain else "".join(f"%{byte:02X}" for byte in character.encode())
        for character in revision
    )


def _decode(text: str) -> str:
    if "%" not in text:
        return text
    raw = re.sub(rb"%([0-9A-F]{2})", lambda match: bytes([int(match.group(1), 16)]), text.encode())
    return raw.decode("utf-8", "replace")
