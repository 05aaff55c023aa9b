from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from calista_tools.lint.file_template import stamp_in
from calista_tools.lint.rule import Edit, Finding, Fix, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.history import Revision
    from calista_tools.lint.migration import Migration

_LINE = re.compile(r"^[ \t]*(Revision ID|Revises|Create Date):[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_SAID = _LINE.findall
_NO_PARENT = {"", "none", "-", "base", "<base>"}


@rule("CAL003", "header-disagrees")
def check(migration: Migration) -> Iterator[Finding]:
    """Docstring says another revision, parent or date than the code or the file name.

    People read ``Revision ID``, ``Revises`` and ``Create Date``; Alembic reads the variables below
    and sorts by nothing at all. After a copy or a move by hand the two part, and reviews are done
    on the wrong one. Lines that are left out say nothing wrong; the date is held against the file's
    name under ``policy = "calista"``.

    Bad::

        # file: 20250826_1030_create_note.py
        \"\"\"create note

        Revision ID: b2
        Revises: a1
        Create Date: 2025-08-26 10:30:00
        \"\"\"
        revision = "b2"
        down_revision = "a7"

    Good::

        # file: 20250826_1030_create_note.py
        \"\"\"create note

        Revision ID: b2
        Revises: a7
        Create Date: 2025-08-26 10:30:00
        \"\"\"
        revision = "b2"
        down_revision = "a7"
    """
    revision = migration.revision
    if revision is None or _is_as_made(revision):
        return
    # Many a project dates the file anew when it is merged: only the policy holds the two together.
    dated = migration.config.policy is not None
    stamp = stamp_in(migration.config, revision.name) if dated else None
    if all(_agrees(key, said, revision, stamp) for key, said in _SAID(revision.doc)):
        return
    for line in _header_lines(migration):
        if not _agrees(line.key, line.value, revision, stamp):
            expected = _expected(line.key, revision, stamp)
            where = "the file name" if line.key == "Create Date" else "the code"
            said = f"`{expected}`" if expected else "nothing"
            message = f"`{line.key}: {line.value}` in the docstring, but {where} says {said}"
            end = len(line.text) + 1
            fix = Fix(
                f"Write `{line.key}: {expected}`".rstrip(),
                (Edit(line.row, 1, line.row, end, f"{line.key}: {expected}".rstrip()),),
            )
            yield Finding(line.row, 1, message, line.row, end, fix)


def _is_as_made(revision: Revision) -> bool:
    """Whether the docstring is as a template writes it, each line once: most are."""
    doc = revision.doc
    parents = ", ".join(revision.down_revisions)
    start = f"\nRevision ID: {revision.revision}\nRevises: {parents}\nCreate Date: "
    _, found, rest = doc.partition(start)
    return (
        bool(found)
        and _says_the_minute(rest.partition("\n")[0], revision.name)
        and [doc.count(key) for key in ("Revision ID:", "Revises:", "Create Date:")] == [1, 1, 1]
    )


def _says_the_minute(value: str, name: str) -> bool:
    """Whether a date begins as a file name does, so that nobody needs to work out which it is."""
    minute = f"{name[:4]}-{name[4:6]}-{name[6:8]} {name[9:11]}:{name[11:13]}"
    if not value.startswith(minute):
        return False
    return not value[16:].removesuffix("+00:00").strip(":.0123456789")


def _agrees(key: str, value: str, revision: Revision, stamp: datetime | None) -> bool:
    if key == "Revision ID":
        return value == revision.revision
    if key == "Revises":
        return value == ", ".join(revision.down_revisions) or _revises(value, revision)
    return stamp is None or _created(value) in (None, stamp)


def _expected(key: str, revision: Revision, stamp: datetime | None) -> str:
    if key == "Revision ID":
        return revision.revision
    if key == "Revises":
        return ", ".join(revision.down_revisions)
    return "" if stamp is None else f"{stamp:%Y-%m-%d %H:%M:%S%z}"


class _Line(NamedTuple):
    row: int
    text: str
    key: str
    value: str


def _header_lines(migration: Migration) -> Iterator[_Line]:
    """Yield the docstring's header lines; only those that stand in the file as they are read."""
    node = migration.tree.body[0]
    if not isinstance(node, ast.Expr) or node.end_lineno is None:
        return
    for row in range(node.lineno, node.end_lineno + 1):
        text = migration.lines[row - 1]
        if row == node.end_lineno and node.end_col_offset is not None:
            text = text.encode()[: node.end_col_offset].decode(errors="replace")
            text = text.removesuffix('"""').removesuffix("'''")
        found = _LINE.match(text)
        if found:
            yield _Line(row, text, found[1], found[2])


def _revises(value: str, revision: Revision) -> bool:
    said = {part.strip().strip("'\"") for part in re.split(r"[,\s]+", value.strip("()[]"))} - {""}
    if value.strip().lower() in _NO_PARENT:
        said = set()
    return said == set(revision.down_revisions)


def _created(value: str) -> datetime | None:
    """Return the UTC minute of a Create Date; None where it is in a form that is not known."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    if len(value) <= len("2025-08-26"):
        return None  # a day is not a minute
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return found.replace(second=0, microsecond=0)
