"""How does a project with a past set its findings aside? A ``# noqa`` at the end of each line."""

from __future__ import annotations

import io
import re
import tokenize
from typing import TYPE_CHECKING

from calista_tools.files import regular_file
from calista_tools.files.whole_file import write_whole
from calista_tools.lint.noqa import read_directives
from calista_tools.lint.rule import needs_reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from calista_tools.lint.diagnostic import Diagnostic
    from calista_tools.lint.noqa import Directive

#: About the file as text or about comments: no comment in it can set these aside.
_NEVER = frozenset(("CAL006", "CAL007", "CAL008"))
PLACEHOLDER = "<why>"


def add_noqa(found: Iterable[Diagnostic]) -> tuple[int, int]:
    """Write the comments.

    Returns:
        How many findings are set aside now, and how many of them still need a reason.
    """
    by_file: dict[Path, list[Diagnostic]] = {}
    for item in found:
        if item.code not in _NEVER and item.path.suffix == ".py":
            by_file.setdefault(item.path, []).append(item)
    added = wanting = 0
    for path, items in by_file.items():
        rows: dict[int, list[str]] = {}
        source = regular_file.read_bytes(path)
        for item in items:
            row = _row(source, item)
            if row is not None and item.code not in rows.setdefault(row, []):
                rows[row].append(item.code)
                added += 1
                wanting += needs_reason(item.code)
        _write(path, source, rows)
    return added, wanting


def _row(source: bytes, item: Diagnostic) -> int | None:
    """Return the line that can take the comment: the finding's own, else its statement's last."""
    finding = item.finding
    for first, last, inside in _statements(source):
        if first <= finding.row <= last:
            return next((row for row in (finding.row, last) if row not in inside), None)
    return None


def _statements(source: bytes) -> Iterator[tuple[int, int, frozenset[int]]]:
    """Yield the first and last line of each statement, and the lines that can hold no comment."""
    first: int | None = None
    inside: set[int] = set()
    lines = source.splitlines()
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type in (tokenize.ENCODING, tokenize.INDENT, tokenize.DEDENT):
            continue
        if token.type == tokenize.NEWLINE or (token.type == tokenize.NL and first is None):
            last = token.start[0]
            begin = last if first is None else first
            inside |= {row for row in range(begin, last) if lines[row - 1].rstrip().endswith(b"\\")}
            yield begin, last, frozenset(inside)
            first, inside = None, set()
            continue
        if first is None and token.type != tokenize.COMMENT:
            first = token.start[0]
        # A string over several lines: all but its last end within it.
        inside.update(range(token.start[0], token.end[0]))


def _write(path: Path, source: bytes, rows: dict[int, list[str]]) -> None:
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    text = source.decode(encoding)
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    existing = {one.row: one for one in read_directives(source) if not one.tool}
    for row, codes in rows.items():
        line = lines[row - 1]
        body = line.rstrip("\r\n")
        lines[row - 1] = _commented(body, codes, existing.get(row)) + line[len(body) :]
    write_whole(str(path), "".join(lines).encode(encoding), mode=path.stat().st_mode)


def _commented(line: str, codes: list[str], directive: Directive | None) -> str:
    reason = f" - {PLACEHOLDER}" if any(needs_reason(code) for code in codes) else ""
    if directive is None:
        return f"{line.rstrip()}  # noqa: {', '.join(codes)}{reason}"
    listed = dict.fromkeys((*(directive.codes or ()), *codes))
    comment = directive.rewritten(
        tuple(listed), directive.reason or (PLACEHOLDER if reason else "")
    )
    return line[: directive.column - 1] + comment + line[directive.end_column - 1 :]
